"""A 401, told apart as far as the answer allows: clock, signature, secret or scope.

Upvest documents one kind of 401 for a wrong signature, wrong credentials and a scope that a client lacks (API
reference and authentication guide, 2026); what its `detail` says is not documented, so words decide.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import TYPE_CHECKING

from upvest_provider import limits

from .problems import problem_of

if TYPE_CHECKING:
    from upvest_provider.errors import ApiError

    from .signature import Request
    from .transport import Answer

UNAUTHORIZED = 401


class Cause(Enum):
    """Why a caller is refused."""

    CLOCK = "clock"
    SIGNATURE = "signature"
    SCOPE = "scope"
    SECRET = "secret"  # noqa: S105 - the name of a cause
    UNKNOWN = "unknown"


_WORDS = {
    Cause.SCOPE: r"scope",
    Cause.SIGNATURE: r"signature|signed|digest|nonce|key.?id",
    Cause.SECRET: r"secret|credential|client.?id",
}
"""In the order of asking: a sentence on scopes or signatures may name the client too."""

_FIXES = {
    Cause.CLOCK: "Set this machine's clock (NTP), then run the command again.",
    Cause.SIGNATURE: "Make sure that the key id (`upvest:keyId`) and the private key belong together, "
    "and that Upvest holds the public half for this environment.",
    Cause.SCOPE: "Have Upvest allow this client the scopes `webhooks:read` and `webhooks:admin`.",
    Cause.SECRET: "Make sure that the client id (`upvest:clientId`) and UPVEST_CLIENT_SECRET belong together, "
    "and to this environment.",
    Cause.UNKNOWN: "Make sure that `upvest:clientId`, `upvest:keyId`, UPVEST_CLIENT_SECRET and the private key "
    "belong together, and that Upvest allows the client `webhooks:read` and `webhooks:admin`.",
}


_FIX_OF_CALLS = (
    "Make sure that no proxy changes requests on their way; else report the request id to Upvest's support."
)
"""The token's own request was signed with the same key, and named the same client."""


def cause_of(problem: ApiError, skew: float | None) -> Cause:
    """What a 401 most likely means.

    Args:
        problem: Its error.
        skew: Seconds that this machine's clock is ahead of the server's; None where that is not known.
    """
    if skew is not None and abs(skew) > limits.CLOCK_SKEW:
        return Cause.CLOCK
    for cause, words in _WORDS.items():
        if re.search(words, problem.detail, re.IGNORECASE):
            return cause
    return Cause.UNKNOWN


def clock_skew(answer: Answer, now: float) -> float | None:
    """Seconds that this machine's clock is ahead of the server's, by its `Date` header; None without one."""
    try:
        return now - parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None


def refusal_of(answer: Answer, request: Request, base_url: str, now: float) -> tuple[ApiError, Cause]:
    """The error that a 401 is, with what to do about it, and its cause.

    Args:
        answer: The 401.
        request: What was refused.
        base_url: Who refused.
        now: This machine's time, Unix seconds.
    """
    plain = problem_of(answer, request, base_url)
    if not plain.request_id:  # not Upvest's, so it says nothing of these
        return plain, Cause.UNKNOWN
    skew = clock_skew(answer, now)
    cause = cause_of(plain, skew)
    details = _on_clock(skew) if cause is Cause.CLOCK else []
    fix = _FIXES[cause]
    if request.path != "/auth/token" and cause in (Cause.SIGNATURE, Cause.SECRET, Cause.UNKNOWN):
        details = ["An access token was granted just before, so the client's secret and key were right then."]
        fix = _FIX_OF_CALLS
    return problem_of(answer, request, base_url, *details, fix=fix), cause


def _on_clock(skew: float | None) -> list[str]:
    if skew is None:
        return []
    way = "ahead of" if skew > 0 else "behind"
    lifetime = limits.SIGNATURE_LIFETIME
    return [f"This machine's clock is {abs(skew):.0f} s {way} Upvest's, and a signature is good for {lifetime} s."]
