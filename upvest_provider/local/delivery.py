"""The delivery that Upvest makes when it is asked to test a webhook."""

from __future__ import annotations

import http.client
import json
import ssl
import uuid
from datetime import UTC, datetime
from urllib.parse import urlsplit

TIMEOUT = 10.0
"""Seconds to wait for the receiver. Undocumented."""

MAX_BODY = 65_536
"""Bytes of the receiver's answer that are reported. Undocumented."""


def deliver_test(webhook_id: str, url: str, now: float) -> dict[str, object]:
    """Posts a test event to a webhook's URL, once and without following redirects.

    The event has the members that every event has; what Upvest puts into them for a test is undocumented.

    Returns:
        The answer to the test call: `url` and `response`, which holds `error` if the receiver could not be
        reached (API reference of 2026). The status is 0 then, which is undocumented.
    """
    event = {
        "id": str(uuid.uuid4()),
        "created_at": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "type": "WEBHOOK.TEST",
        "object": {},
        "webhook_id": webhook_id,
    }
    try:
        response = _post(url, json.dumps({"payload": [event]}).encode())
    except (OSError, http.client.HTTPException) as error:
        response = {"status": 0, "headers": {}, "body": "", "error": f"{type(error).__name__}: {error}"}
    return {"url": url, "response": response}


def _post(url: str, body: bytes) -> dict[str, object]:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=TIMEOUT, context=ssl.create_default_context()
    )
    try:
        connection.request("POST", target, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        text = answer.read(MAX_BODY).decode(errors="replace")
        return {"status": answer.status, "headers": dict(answer.getheaders()), "body": text}
    finally:
        connection.close()
