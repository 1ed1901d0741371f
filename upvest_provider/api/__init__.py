"""Upvest's Investment API over HTTP, as far as webhook subscriptions need it."""

from .client import UpvestClient, Write
from .credentials import Credentials
from .keys import KeyUnusable, SigningKey, load_signing_key
from .models import Webhook, WebhookConfig

__all__ = [
    "Credentials",
    "KeyUnusable",
    "SigningKey",
    "UpvestClient",
    "Webhook",
    "WebhookConfig",
    "Write",
    "load_signing_key",
]
