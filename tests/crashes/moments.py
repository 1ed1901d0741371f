"""The moments at which a test ends a process: at which request, and whether Upvest has handled it by then."""

from __future__ import annotations

from upvest_provider.local import Fault, FaultKind

TOKEN = ("POST", "/auth/token")
LIST = ("GET", "/webhooks?")
GET = ("GET", "/webhooks/")
POST = ("POST", "/webhooks")
TEST = ("POST", "/webhooks/")
PATCH = ("PATCH", "/webhooks/")
DELETE = ("DELETE", "/webhooks/")
"""Method and beginning of the target."""


def before(request: tuple[str, str]) -> Fault:
    """The process dies with the request on its way: Upvest never handles it."""
    return _at(request, FaultKind.TIMEOUT_BEFORE)


def after(request: tuple[str, str]) -> Fault:
    """The process dies when the request is handled and its answer not read."""
    return _at(request, FaultKind.HOLD_AFTER)


def late(request: tuple[str, str]) -> Fault:
    """The process dies, and Upvest handles the request when it is released."""
    return _at(request, FaultKind.HOLD_BEFORE)


def around(*requests: tuple[str, str]) -> list[Fault]:
    """Before and after each of some requests."""
    return [moment(request) for request in requests for moment in (before, after)]


def is_handled(moment: Fault) -> bool:
    """Whether Upvest has done what was asked when the process dies."""
    return moment.kind is FaultKind.HOLD_AFTER


def told(value: object) -> str | None:
    """The name of a moment among the parameters of a test."""
    return f"{value.kind} {value.method} {value.path}" if isinstance(value, Fault) else None


def _at(request: tuple[str, str], kind: FaultKind) -> Fault:
    method, path = request
    return Fault(kind, method=method, path=path)
