"""The client of Upvest's webhook endpoints."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from upvest_provider import limits
from upvest_provider.errors import MalformedAnswer, UpvestError

from .models import Webhook, WebhookPage, parse
from .session import Session
from .signature import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .credentials import Credentials
    from .seldom import VerificationKey, WebhookTest
    from .transport import Answer


REQUEST_ID = "upvest-request-id"
"""Stands on every answer of Upvest's, errors included (API reference, 2026)."""

LISTINGS = 3
"""How often a list is begun that becomes shorter while it is read."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write that succeeded."""

    action: str
    """`created`, `updated`, `deleted` or `tested`."""
    webhook_id: str
    request_id: str
    """Upvest's `upvest-request-id`, for its support."""


class UpvestClient:
    """One account's webhooks, over one pool of connections and one access token; safe for threads.

    Every request, the token's too, is signed anew at each attempt. Retried, at most `limits.ATTEMPTS` in all,
    with exponential backoff and full jitter, or what `Retry-After` says up to a ceiling:

    - 429, and a connection that could not be made: every request, for it was not handled;
    - 502, 503, 504, and an answer that did not arrive: every request but `create_webhook`, which is not
      idempotent. Its caller looks at the list first.

    A 401 renews the token once. Which faults are retried may change in a minor version.

    Args:
        credentials: Of one client of one environment.
        before_request: Called before each attempt; what it raises ends the call with nothing sent.
        on_write: Told of each write that succeeded.
        clock: Unix seconds.
        sleep: Waits between attempts.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        before_request: Callable[[], None] = lambda: None,
        on_write: Callable[[Write], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = Session(credentials, before_request=before_request, clock=clock, sleep=sleep)
        self._on_write = on_write

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; also done at the end of a `with` block."""
        self._session.close()

    def list_webhooks(self) -> list[Webhook]:
        """All webhooks of the account, in the order of their creation: one request per 1,000.

        Raises:
            UpvestError: Webhooks were deleted meanwhile each time that the list was begun.
        """
        for _ in range(LISTINGS):
            webhooks = self._listed()
            if webhooks is not None:
                return webhooks
        raise UpvestError(
            f"the list of webhooks became shorter each of the {LISTINGS} times that it was read",
            fix="Run the command again once nobody deletes webhooks of this account.",
        )

    def _listed(self) -> list[Webhook] | None:
        """All webhooks; None where one was deleted between two pages, so that another may have been missed."""
        webhooks: dict[str, Webhook] = {}
        total = 0
        while True:
            query = urlencode({"offset": len(webhooks), "limit": limits.PAGE})
            answer = self._session.call(Request("GET", "/webhooks", query))
            page = parse(WebhookPage, answer.body, "GET /webhooks")
            if webhooks and page.meta.total_count < total:
                return None
            total = page.meta.total_count
            found = {webhook.id: webhook for webhook in page.data}
            if found and found.keys() <= webhooks.keys():
                raise MalformedAnswer(
                    f"GET /webhooks repeats itself: at offset {len(webhooks)} nothing is new",
                    fix="Make sure that `upvest:api` names Upvest's API.",
                )
            webhooks |= found
            if not found or len(webhooks) >= total:
                return list(webhooks.values())

    def get_webhook(self, webhook_id: str) -> Webhook:
        """One webhook.

        Raises:
            NotFound: Upvest itself says that there is none.
        """
        request = Request("GET", f"/webhooks/{webhook_id}")
        return parse(Webhook, self._session.call(request).body, request.what)

    def create_webhook(self, fields: Mapping[str, Any]) -> Webhook:
        """Create a webhook; Upvest creates every webhook disabled, and takes no `enabled` here.

        Raises:
            UpvestError: With `outcome_unknown` where a webhook may have been made.
        """
        request = _with_json("POST", "/webhooks", fields)
        answer = self._session.call(request, idempotent=False)
        webhook = parse(Webhook, answer.body, request.what)
        self._tell("created", webhook.id, answer)
        return webhook

    def update_webhook(self, webhook_id: str, fields: Mapping[str, Any]) -> Webhook:
        """Set the given fields and return the webhook as it is then."""
        request = _with_json("PATCH", f"/webhooks/{webhook_id}", fields)
        answer = self._session.call(request)
        self._tell("updated", webhook_id, answer)
        return parse(Webhook, answer.body, request.what)

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook.

        Raises:
            NotFound: Upvest itself says that there is none.
            MalformedAnswer: Something else than Upvest answered with success.
        """
        request = Request("DELETE", f"/webhooks/{webhook_id}")
        answer = self._session.call(request)
        _require_upvests_own(answer, request)
        self._tell("deleted", webhook_id, answer)

    def test_webhook(self, webhook_id: str) -> WebhookTest | None:
        """Have Upvest send a test delivery to the receiver.

        Returns:
            What the receiver answered, or None where Upvest only took the order (202, older API versions).
        """
        from .seldom import WebhookTest  # noqa: PLC0415 - most runs test nothing

        request = Request("POST", f"/webhooks/{webhook_id}/test")
        answer = self._session.call(request, timeout=limits.TEST_TIMEOUT)
        _require_upvests_own(answer, request)
        self._tell("tested", webhook_id, answer)
        return parse(WebhookTest, answer.body, request.what) if answer.body else None

    def get_verification_keys(self) -> list[VerificationKey]:
        """The public keys with which Upvest signs deliveries now."""
        from .seldom import VerificationKeys  # noqa: PLC0415 - as above

        request = Request("GET", "/auth/verify_keys")
        return parse(VerificationKeys, self._session.call(request).body, request.what).keys

    def _tell(self, action: str, webhook_id: str, answer: Answer) -> None:
        """Without an id it was not Upvest that answered, so nothing was written."""
        if REQUEST_ID in answer.headers:
            self._on_write(Write(action, webhook_id, answer.headers[REQUEST_ID]))


def _require_upvests_own(answer: Answer, request: Request) -> None:
    """A guest network answers everything with success; without a body to read only the id tells."""
    if REQUEST_ID not in answer.headers:
        raise MalformedAnswer(
            f"the answer to {request.what} has no upvest-request-id, so it is not Upvest's",
            fix="Make sure that `upvest:api` and any HTTP proxy of this machine lead to Upvest.",
        )


def _with_json(method: str, path: str, fields: Mapping[str, Any]) -> Request:
    # The content type goes without parameters: with a charset the API is reported to refuse it.
    body = json.dumps(fields, separators=(",", ":")).encode()
    return Request(method, path, headers={"content-type": "application/json"}, body=body)
