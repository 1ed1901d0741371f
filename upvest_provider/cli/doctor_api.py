"""What `doctor` finds when it speaks to Upvest: a token is asked for, then a list."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from upvest_provider import limits
from upvest_provider.api.models import WebhookPage, parse
from upvest_provider.api.session import Session
from upvest_provider.api.signature import Request
from upvest_provider.api.tokens import ADMIN, READ
from upvest_provider.api.unauthorized import UNAUTHORIZED, Cause, cause_of, clock_skew
from upvest_provider.errors import (
    SERVER_ERRORS,
    ApiError,
    MalformedAnswer,
    NoAnswer,
    ScopeMissing,
    SettingsError,
    Unreachable,
    UpvestError,
)

from .doctor_findings import Finding, Outcome, failed, ok, skipped, warned
from .doctor_fixes import SET_CLOCK, of_one_client, right_secret, start_local, whole_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from upvest_provider.api import Credentials
    from upvest_provider.api.transport import Answer

    from .doctor_steps import Steps

API_CHECKS = ("connection", "clock", "signature", "token", "scopes", "list")

_CULPRITS = {Cause.CLOCK: "clock", Cause.SIGNATURE: "signature", Cause.SCOPE: "scopes"}
"""The checks that fail where Upvest refuses a token; `token` for every other cause."""


class Conversation(Session):
    """A session that keeps how far apart the clocks are."""

    skew: float | None = None
    """Seconds that this machine's clock is ahead; None while no answer told."""

    def require_token(self, scope: str) -> None:
        """See that there is a token for calls of this scope."""
        self._tokens.get(scope)

    def _send(self, request: Request, timeout: float) -> Answer:
        answer = super()._send(request, timeout)
        self.skew = clock_skew(answer, self._clock())
        return answer


def examine_api(
    credentials: Credentials,
    steps: Steps,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """Ask for a token and a list, and tell what the answers mean.

    Args:
        credentials: The client's.
        steps: Where they come from.
        clock: Unix seconds.
        sleep: Waits between attempts.
    """
    try:
        begun = Conversation(credentials, clock=clock, sleep=sleep)
    except SettingsError as error:
        yield failed("connection", error)
        yield from (skipped(check, "connection") for check in API_CHECKS if check != "connection")
        return
    with closing(begun) as conversation:
        try:
            conversation.require_token(READ)
        except UpvestError as error:
            yield from _refused(error, conversation.skew, credentials, steps)
            return
        yield ok("connection", f"{credentials.base_url} answers")
        yield _clock(conversation.skew)
        yield ok("signature", "accepted")
        yield ok("token", "granted")
        yield _scopes(conversation)
        yield _list(conversation)


def _refused(error: UpvestError, skew: float | None, credentials: Credentials, steps: Steps) -> Iterator[Finding]:
    """An answer tells of one cause; what it does not tell is skipped."""
    culprit = _culprit(error, skew)
    is_answered = culprit != "connection"
    for check in API_CHECKS:
        if check == culprit:
            yield (
                failed(check, error, _fix(culprit, error, credentials, steps))
                if check != "clock"
                else Finding(check, Outcome.FAIL, _off(skew), fix=SET_CLOCK)
            )
        elif is_answered and check == "connection":
            yield ok(check, f"{credentials.base_url} answers")
        elif is_answered and check == "clock":
            yield _clock(skew)
        else:
            yield skipped(check, culprit)


def _culprit(error: UpvestError, skew: float | None) -> str:
    match error:
        case Unreachable() | NoAnswer() | MalformedAnswer() | ApiError(request_id=""):
            return "connection"
        case ApiError(status=status) if status == UNAUTHORIZED:
            return _CULPRITS.get(cause_of(error, skew), "token")
        case _:
            return "token"


def _fix(culprit: str, error: UpvestError, credentials: Credentials, steps: Steps) -> str:
    """Better than the error's own, which does not know which settings are in use; else empty."""
    key = steps.key()
    match culprit:
        case "connection" if steps.is_local:
            return start_local(steps)
        case "connection" if isinstance(error, NoAnswer):
            return f"Make sure that {steps.source('api')} names Upvest's API, then run the command again."
        case "signature":
            return of_one_client(steps, key)
        case "token" if isinstance(error, ApiError) and error.status == UNAUTHORIZED:
            is_secret = cause_of(error, None) is Cause.SECRET
            return right_secret(steps, credentials.client_id) if is_secret else whole_client(steps, key)
        case _:
            return _later(error)


def _later(error: UpvestError) -> str:
    """Where the fault is Upvest's, the error's own fix speaks of `pulumi up`; else empty."""
    is_upvests = isinstance(error, ApiError) and error.status >= SERVER_ERRORS
    return "Run the command again later; if it fails again, report it to Upvest's support." if is_upvests else ""


def _clock(skew: float | None) -> Finding:
    if skew is None:
        return ok("clock", "not known: the answer has no date")
    if abs(skew) > limits.CLOCK_SKEW:
        return warned("clock", _off(skew), SET_CLOCK)
    return ok("clock", _off(skew))


def _off(skew: float | None) -> str:
    seconds = round(skew or 0)
    way = "behind" if seconds < 0 else "ahead of"
    return f"{abs(seconds)} s {way} Upvest's; a signature is good for {limits.SIGNATURE_LIFETIME} s"


def _scopes(conversation: Conversation) -> Finding:
    try:
        conversation.require_token(ADMIN)
    except ScopeMissing as error:
        return warned("scopes", error.summary, error.fix)
    return ok("scopes", f"{ADMIN}: may read and write")


def _list(conversation: Conversation) -> Finding:
    request = Request("GET", "/webhooks", f"offset=0&limit={limits.PAGE}")
    try:
        count = parse(WebhookPage, conversation.call(request).body, request.what).meta.total_count
    except UpvestError as error:
        return failed("list", error, _later(error))
    return ok("list", f"{count} webhook{'' if count == 1 else 's'}")
