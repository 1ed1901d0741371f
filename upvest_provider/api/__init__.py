"""Upvest's Investment API over HTTP, as far as webhook subscriptions need it."""

from .client import UpvestClient, Write
from .credentials import Credentials
from .keys import KeyUnusable, SigningKey, load_signing_key
from .models import ReceiverResponse, VerificationKey, Webhook, WebhookConfig, WebhookTest

__all__ = [
    "Credentials",
    "KeyUnusable",
    "ReceiverResponse",
    "SigningKey",
    "UpvestClient",
    "VerificationKey",
    "Webhook",
    "WebhookConfig",
    "WebhookTest",
    "Write",
    "load_signing_key",
]
