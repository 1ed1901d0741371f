"""The delivery that Upvest makes when it is asked to test a webhook."""

from __future__ import annotations

import http.client
from dataclasses import asdict
from typing import TYPE_CHECKING

from .events import event, package

if TYPE_CHECKING:
    from .sender import Sender


def deliver_test(webhook_id: str, url: str, now: float, sender: Sender) -> dict[str, object]:
    """Posts a test event to a webhook's URL, once and without following redirects.

    The event has the members that every event has; what Upvest puts into them for a test is undocumented.

    Returns:
        The answer to the test call: `url` and `response`, which holds `error` if the receiver could not be
        reached (API reference of 2026). The status is 0 then, which is undocumented.
    """
    body = package([event("WEBHOOK.TEST", {}, webhook_id, now)])
    try:
        response: dict[str, object] = asdict(sender.post(url, body))
    except (OSError, http.client.HTTPException) as error:
        response = {"status": 0, "headers": {}, "body": "", "error": f"{type(error).__name__}: {error}"}
    return {"url": url, "response": response}
