"""Refusals as Upvest words them: problem+json with a documented type (API reference, error pages, 2026)."""

from __future__ import annotations

from http.client import responses
from typing import TYPE_CHECKING

from .exchange import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/problem+json"

_TYPES = {
    400: "invalid_request",
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    422: "unprocessable_entity",
    426: "upgrade_required",
    429: "too_many_requests",
    500: "internal",
    502: "bad_gateway",
    503: "unavailable",
    504: "gateway_timeout",
}


class Problem(Exception):
    """A request is refused.

    Args:
        status: The HTTP status.
        detail: The cause, for the person who reads the answer.
        slug: The last part of the problem's `type`; the status' usual one where not given.
        headers: Of the answer.
    """

    def __init__(
        self, status: int, detail: str, *, slug: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.slug = slug or _TYPES.get(status, "unknown")
        self.headers = headers or {}

    def answer(self, request_id: str) -> Answer:
        """The answer that tells it."""
        document = {
            "type": f"https://docs.upvest.co/errors/{self.slug}",
            "status": self.status,
            "title": responses.get(self.status, ""),
            "detail": self.detail,
            "request_id": request_id,
        }
        headers = {**self.headers, "content-type": CONTENT_TYPE}
        return Answer(self.status, document, headers, detail=self.detail)


def invalid(detail: str) -> Problem:
    """A request that breaks a rule of the API."""
    return Problem(400, detail)


def unauthorised(detail: str) -> Problem:
    """A caller who does not prove who they are."""
    return Problem(401, detail)
