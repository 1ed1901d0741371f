"""What few calls of the API answer; loaded where one is made.

See `models` for what every `up` reads.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from upvest_provider.redacted import redacted

from .models import Model

Words = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]
"""Text for persons; what is none must not make the rest unreadable."""


class ReceiverResponse(Model):
    """What the receiver said to a test delivery."""

    status: int | None = None
    body: Words = ""
    error: Annotated[str, AfterValidator(redacted)] | None = None
    """Set only where the receiver could not be reached; may quote the webhook's URL, so it is redacted."""


class WebhookTest(Model):
    """The result of a test delivery."""

    url: Words = ""
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

    title: Words = ""
    detail: Words = ""
