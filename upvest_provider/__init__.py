"""Webhook subscriptions of Upvest's Investment API as Pulumi resources."""

from .webhook import UpvestWebhook, WebhookConfig, WebhookConfigArgs

__all__ = ["UpvestWebhook", "WebhookConfig", "WebhookConfigArgs"]
