"""Everything a user can be told.

Each error is written for the person at the terminal: the first line is complete alone (Pulumi's progress row
shows no more), the lines between say what was seen and what was left behind, and the last line is one
command or one edit.

    UpvestError
    ├── SettingsError        a setting is missing, contradicting or unusable; nothing was sent
    ├── EngineGone           Pulumi's engine no longer answers; nothing further was sent
    ├── Unreachable          no connection; the request was certainly not handled
    ├── NoAnswer             the connection broke after sending; the outcome is unknown
    ├── ApiError             Upvest, or something before it, answered with an error status
    │   └── NotFound         Upvest itself says that there is no such webhook
    ├── ScopeMissing         Upvest grants the client no token for such calls; nothing was sent
    ├── MalformedAnswer      an answer that is no answer of this API
    ├── WrongAccount         the settings name another account than the one a webhook belongs to
    ├── AlreadySubscribed    the account holds a webhook that would deliver the same events twice
    ├── NotReady             a gate is closed: DNS, TLS or HTTP of the receiver are not as they must be
    ├── HalfDone             a later step failed, so what the earlier ones did goes back
    │   └── ReceiverRefused  the receiver did not take Upvest's test delivery
    └── OperationFailed      an operation on one webhook failed; wraps one of the above

Two more stand where they are raised: `lookups.LookUpFailed`, which Pulumi must know as an error of the program,
and `cli.adoption.NotAdoptable`.
"""

from __future__ import annotations

SERVER_ERRORS = 500
TOO_MANY_REQUESTS = 429


class UpvestError(Exception):
    """The base of every error of this package.

    Args:
        summary: What failed and what was seen; one line that stands alone.
        details: Further lines: what was sent, what was left behind.
        fix: What to do: one command or one edit.
    """

    outcome_unknown = False
    """Whether the request may have been handled although it failed."""

    def __init__(self, summary: str, *details: str, fix: str = "") -> None:
        super().__init__("\n".join(line for line in (summary, *details, fix) if line))
        self.summary = summary
        self.details = details
        self.fix = fix


class SettingsError(UpvestError):
    """A setting is missing, contradicting or unusable; nothing was sent."""


class EngineGone(UpvestError):
    """Pulumi's engine no longer answers, so nothing further was sent."""


class Unreachable(UpvestError):
    """No connection to the API could be made; the request was certainly not handled."""


class NoAnswer(UpvestError):
    """The connection broke, or a time-out passed, after the request was sent."""

    outcome_unknown = True


class MalformedAnswer(UpvestError):
    """A success status with a body that is no answer of this API."""

    outcome_unknown = True


class ApiError(UpvestError):
    """An error status, as Upvest's problem+json or as whatever a proxy sent instead.

    Attributes:
        status: The HTTP status.
        detail: The problem's `detail`, else its `title`, else the status' standard phrase.
        request_id: Upvest's `upvest-request-id`; empty where the answer did not come from Upvest.
        retry_after: What `Retry-After` asks for, in seconds; None where it is absent.
    """

    def __init__(
        self,
        summary: str,
        *details: str,
        status: int,
        detail: str,
        request_id: str,
        retry_after: float | None = None,
        fix: str,
    ) -> None:
        super().__init__(summary, *details, fix=fix)
        self.status = status
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after
        # What is not Upvest's own says nothing of what Upvest did; but whoever throttles has passed nothing on.
        is_refusal_of_upvest = request_id != "" and status < SERVER_ERRORS
        self.outcome_unknown = not is_refusal_of_upvest and status != TOO_MANY_REQUESTS


class NotFound(ApiError):
    """A 404 of Upvest's own: problem+json with a request id, not a proxy's page."""


class ScopeMissing(UpvestError):
    """Upvest grants the client no token that such a call needs; the call was not sent."""


class WrongAccount(UpvestError):
    """The settings name another account than the one the webhook belongs to."""


class AlreadySubscribed(UpvestError):
    """The account holds a webhook at the same URL with overlapping categories."""


class NotReady(UpvestError):
    """A gate is closed: DNS, TLS or HTTP of the receiver are not as they must be."""


class HalfDone(UpvestError):
    """A later step failed, so what the earlier ones did goes back."""


class ReceiverRefused(HalfDone):
    """The receiver did not take Upvest's test delivery."""


class OperationFailed(UpvestError):
    """An operation on one webhook failed; `__cause__` is the error beneath."""
