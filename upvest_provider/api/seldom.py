"""What few calls of the API answer; loaded where one is made.

See `models` for what every `up` reads.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .models import Model


class ReceiverResponse(Model):
    """What the receiver said to a test delivery."""

    status: int | None = None
    headers: dict[str, Any] = Field(default_factory=dict)
    body: str = ""
    error: str | None = None
    """Set only where the receiver could not be reached."""


class WebhookTest(Model):
    """The result of a test delivery."""

    url: str
    response: ReceiverResponse


class VerificationKey(Model):
    """A public key with which Upvest signs deliveries: a JSON Web Key on P-521, base64url coordinates."""

    kid: str
    kty: str = "EC"
    crv: str = "P-521"
    x: str
    y: str


class VerificationKeys(Model):
    """The keys in use now; they rotate."""

    keys: list[VerificationKey]


class Problem(Model):
    """An error as problem+json (RFC 9457)."""

    title: str | None = None
    detail: str | None = None
