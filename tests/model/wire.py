"""What stands in place of the wire: above it the shipped client runs, with its retries."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import pytest

from tests.model.account import Call, says
from tests.model.stacks import Attempt
from tests.model.tasks import FlightOfTask, ListOfTask, current
from upvest_provider import limits
from upvest_provider.api import Credentials, SigningKey, UpvestClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from upvest_provider.api.signature import Request
    from upvest_provider.api.transport import Answer


class Wire:
    """Stands where `Transport` stands, and leaves each request to whoever runs the threads."""

    def __init__(self, base_url: str) -> None:
        pass

    def send(self, request: Request, headers: Mapping[str, str], *, timeout: float) -> Answer:  # noqa: ARG002 - as `Transport`
        if request.path == "/auth/token":
            return says(200, {"access_token": "token", "expires_in": 3600})
        return cast("Answer", current().stop(_call(request)))


def _call(request: Request) -> Call:
    task = current()
    webhook_id, _, test = request.path.removeprefix("/webhooks").strip("/").partition("/")
    method = "TEST" if test else request.method
    body = json.loads(request.body) if request.body else {}
    if not isinstance(task, Attempt):
        return Call(method, webhook_id, body, "", task.name)
    if method == "POST":
        webhook_id = f"{task.name}.{len(task.posted) + 1}"
        task.posted.append(webhook_id)
    return Call(method, webhook_id, body, task.process.stack.name, task.name)


class _FreeOfCharge(SigningKey):
    """Signatures take long, and nobody checks them here."""

    def __init__(self) -> None:
        pass

    def sign(self, message: bytes) -> bytes:  # noqa: ARG002 - as `SigningKey`
        return b""


def _require_engine() -> None:
    task = current()
    if isinstance(task, Attempt):
        task.process.require_engine()


@contextmanager
def modelled(attempts: int) -> Iterator[UpvestClient]:
    """A client whose requests reach the wire at most so often each.

    It serves all processes, for but for its token it has no memory.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("upvest_provider.api.session.Transport", Wire)
        patch.setattr("upvest_provider.single_flight.Future", FlightOfTask)
        patch.setattr("upvest_provider.subscription.SharedList", ListOfTask)
        patch.setattr(limits, "ATTEMPTS", attempts)
        credentials = Credentials("https://api", "client", "secret", "key", _FreeOfCharge())
        yield UpvestClient(credentials, before_request=_require_engine, clock=lambda: 0.0, sleep=lambda _: None)
