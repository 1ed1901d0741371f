"""A webhook in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upvest_provider.claims import is_claim
from upvest_provider.timestamps import rfc3339, unix_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upvest_provider.api import Webhook

UNFINISHED = "unfinished"
NOT_HELD = "-"


def categories(webhook: Webhook) -> str:
    """What it subscribes to."""
    excluded = f" without {' '.join(webhook.exclude_type)}" if webhook.exclude_type else ""
    return " ".join(webhook.type) + excluded


def minute(timestamp: str) -> str:
    """A timestamp of the API in UTC, to the minute."""
    return rfc3339(unix_seconds(timestamp))[:16].replace("T", " ")


def resource_of(webhook: Webhook, held: Mapping[str, str]) -> str:
    """The resource of a stack that holds it, as far as one does."""
    name = held.get(webhook.id)
    if not is_claim(webhook.title):
        return name or NOT_HELD
    return f"{name} ({UNFINISHED})" if name else UNFINISHED
