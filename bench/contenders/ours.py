"""This package's webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi.dynamic.dynamic import serialize_provider

from upvest_provider import UpvestWebhook
from upvest_provider.claims import claim_of
from upvest_provider.webhook import CLAIM, NAME, WebhookProvider

if TYPE_CHECKING:
    from collections.abc import Mapping


def declare(name: str, fields: Mapping[str, Any]) -> UpvestWebhook:
    """Declares a webhook in the program that runs."""
    return UpvestWebhook(name, **fields)


def sent(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine sends to the provider process for such a declaration."""
    return {
        "__provider": serialize_provider(WebhookProvider()),
        CLAIM: claim_of("organization", "bench", "ours", "", name),
        NAME: name,
        **fields,
    }
