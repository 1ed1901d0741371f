"""Webhook subscriptions of Upvest's Investment API as Pulumi resources."""

from .lookups import get_verification_keys, get_webhooks
from .readiness import EndpointReadiness
from .webhook import UpvestWebhook, WebhookConfig, WebhookConfigArgs

__all__ = [
    "EndpointReadiness",
    "UpvestWebhook",
    "WebhookConfig",
    "WebhookConfigArgs",
    "get_verification_keys",
    "get_webhooks",
]
