"""Events as deliveries carry them, and which webhooks they are for (API reference of 2026)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from upvest_provider.categories import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .webhooks import Document


def event(kind: str, about: Mapping[str, object], webhook_id: str, now: float) -> str:
    """One event as JSON.

    Undocumented: whether one event has the same id for all webhooks; here each gets its own.

    Args:
        kind: As `USER.CREATED`.
        about: The object that the event is about.
        webhook_id: The webhook that it is for.
        now: Seconds since 1970.
    """
    members = {
        "id": str(uuid.uuid4()),
        "created_at": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "type": kind,
        "object": about,
        "webhook_id": webhook_id,
    }
    return json.dumps(members, separators=(",", ":"))


def package(events: Iterable[str]) -> bytes:
    """The body of a delivery."""
    return f'{{"payload":[{",".join(events)}]}}'.encode()


def wants(webhook: Document, category: str) -> bool:
    """Whether a webhook gets events of a category; a disabled one gets none."""
    if ALL in webhook["type"]:
        subscribed = category not in webhook.get("exclude_type", [])
    else:
        subscribed = category in webhook["type"]
    return bool(webhook["enabled"] and subscribed)
