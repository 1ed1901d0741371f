"""Webhook subscriptions of Upvest's Investment API as Pulumi resources."""

from .readiness import EndpointReadiness
from .webhook import UpvestWebhook, WebhookConfig, WebhookConfigArgs

__all__ = ["EndpointReadiness", "UpvestWebhook", "WebhookConfig", "WebhookConfigArgs"]
