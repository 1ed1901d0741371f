"""Webhook subscriptions of Upvest's Investment API as Pulumi resources."""

from .lookups import get_verification_keys, get_webhooks
from .readiness import EndpointReadiness
from .source_ips import UPVEST_SOURCE_IPS
from .webhook import UpvestWebhook, WebhookConfig, WebhookConfigArgs

__all__ = [
    "UPVEST_SOURCE_IPS",
    "EndpointReadiness",
    "UpvestWebhook",
    "WebhookConfig",
    "WebhookConfigArgs",
    "get_verification_keys",
    "get_webhooks",
]
