"""Error answers, told to a person."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic import ValidationError

from upvest_provider.errors import ApiError, NotFound
from upvest_provider.redacted import redacted

if TYPE_CHECKING:
    from .seldom import Problem
    from .signature import Request
    from .transport import Answer

FIXES = {
    400: "Correct what Upvest names, then run the command again.",
    403: "Have Upvest allow this client the scopes `webhooks:read` and `webhooks:admin`.",
    404: "Run `pulumi up --refresh`.",
    409: "Change what Upvest names, or what stands in its way, then run the command again.",
    429: "Wait a minute, then run the command again.",
}


def problem_of(answer: Answer, request: Request, base_url: str, *details: str, fix: str = "") -> ApiError:
    """The error that an answer of no success is.

    Args:
        answer: The answer.
        request: What it answers.
        base_url: Who was asked.
        details: What else is known of it.
        fix: What to do; what its status suggests where empty.
    """
    request_id = answer.headers.get("upvest-request-id", "")
    problem = _problem(answer)
    told = (problem.detail or problem.title) if problem else ""
    detail = redacted(told) or _phrase(answer.status)
    own = problem is not None and request_id != ""
    if own:
        summary = f"Upvest answered {answer.status}: {detail}"
    elif request_id:
        summary = (
            f"{answer.status} {_phrase(answer.status)}, with a request id but not in the form of Upvest's errors"
        )
    else:
        summary = f"{answer.status} {_phrase(answer.status)}, from something between here and Upvest"
    named = f"upvest-request-id {request_id}" if request_id else "no upvest-request-id"
    # A 404 to a list or a token's request says nothing of any webhook.
    is_about_one = request.path.startswith("/webhooks/")
    kind = NotFound if own and is_about_one and answer.status == HTTPStatus.NOT_FOUND else ApiError
    return kind(
        summary,
        f"{request.what} at {base_url}, {named}",
        *details,
        status=answer.status,
        detail=detail,
        request_id=request_id,
        retry_after=_seconds(answer.headers.get("retry-after", "")),
        fix=fix or _fix(answer.status, request_id, own=own),
    )


def _problem(answer: Answer) -> Problem | None:
    if not answer.headers.get("content-type", "").lower().startswith("application/problem+json"):
        return None
    from .seldom import Problem  # noqa: PLC0415 - most runs meet none

    try:
        return Problem.model_validate_json(answer.body)
    except ValidationError:
        return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


def _fix(status: int, request_id: str, *, own: bool) -> str:
    if not own and request_id:
        return (
            "Make sure that no proxy changes answers on their way; else report the request id to Upvest's support."
        )
    if not own:
        return "Make sure that `upvest:api` and any HTTP proxy of this machine lead to Upvest, then run again."
    return FIXES.get(
        status, "Run `pulumi up --refresh`; if it fails again, report the request id to Upvest's support."
    )


def _seconds(retry_after: str) -> float | None:
    """`Retry-After` in seconds; the form with a date is rare, and backing off serves it as well."""
    return float(retry_after) if retry_after.isdecimal() else None
