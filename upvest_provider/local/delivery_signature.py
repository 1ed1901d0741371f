"""The signature of a delivery, made and verified as Upvest's version 6 reads it.

IETF draft-ietf-httpbis-message-signatures-06 with what Upvest's guides add (signature pages, 2026): names stand
without quotes in the signature base, and the body's digest is `digest: SHA-256=`. Upvest signs deliveries by this
version only.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP521R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.hashes import SHA512

from .problems import unauthorised
from .signature_headers import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from .exchange import Call

LIFETIME = 60
"""Seconds from `created` to `expires`. Undocumented."""

_HEADERS = ("content-length", "content-type", "digest")
"""What is covered beside method, path and query. Undocumented for deliveries; Upvest's example of version 6 (2021)
covers these in requests."""


class DeliverySigner:
    """Signs deliveries.

    Args:
        kid: The key's id, as `/auth/verify_keys` tells it.
        key: The private key.
    """

    def __init__(self, kid: str, key: EllipticCurvePrivateKey) -> None:
        self._kid = kid
        self._key = key

    def headers(self, target: str, body: bytes, now: float) -> dict[str, str]:
        """All headers of a delivery, but for `host`.

        Args:
            target: Path and query that it is posted to.
            body: JSON.
            now: Seconds since 1970.
        """
        path, _, query = target.partition("?")
        headers = {"content-length": str(len(body)), "content-type": "application/json", "digest": digest(body)}
        components = ["@method", "@path", *(["@query"] if query else []), *_HEADERS]
        listed = " ".join(f'"{name}"' for name in components)
        created = int(now)
        parameters = (
            f'({listed});keyid="{self._kid}";created={created};expires={created + LIFETIME}'
            f';nonce="{secrets.token_hex(8)}"'
        )
        values = {**headers, "@method": "POST", "@path": path, "@query": f"?{query}"}
        signature = self._key.sign(_base(components, values, parameters), ECDSA(SHA512()))
        encoded = base64.b64encode(signature).decode()
        return {**headers, "signature-input": f"sig1={parameters}", "signature": f"sig1=:{encoded}:"}


def verify(call: Call, now: float, keys: Mapping[str, Any]) -> None:
    """Verifies a delivery as a receiver must.

    Args:
        call: The delivery.
        now: Seconds since 1970.
        keys: The answer of `GET /auth/verify_keys`.

    Raises:
        Problem: 401, with the cause.
    """
    signature = read(call)
    if call.headers.get("digest") != digest(call.body):
        raise unauthorised("Signature: digest is not the digest of this body.")
    if signature.expires <= now:
        raise unauthorised(f"Signature: it expired {now - signature.expires:.0f} s ago.")
    values = {**call.headers, "@method": call.method, "@path": call.path, "@query": f"?{call.query}"}
    for name in ("@method", "@path", *(["@query"] if call.query else []), "digest"):
        if name not in signature.components:
            raise unauthorised(f'Signature: "{name}" must be covered.')
    for name in signature.components:
        if name not in values:
            raise unauthorised(f'Signature: "{name}" is covered, but this delivery has no such component.')
    key = _key(keys, signature.parameters["keyid"])
    try:
        key.verify(signature.value, _base(signature.components, values, signature.text), ECDSA(SHA512()))
    except InvalidSignature:
        raise unauthorised("Signature is incorrect.") from None


def digest(body: bytes) -> str:
    """The value of the header `digest`."""
    return f"SHA-256={base64.b64encode(hashlib.sha256(body).digest()).decode()}"


def _base(components: Sequence[str], values: Mapping[str, str], parameters: str) -> bytes:
    lines = [f"{name}: {values[name]}" for name in components]
    return "\n".join([*lines, f"@signature-params: {parameters}"]).encode("latin-1")


def _key(keys: Mapping[str, Any], kid: str) -> EllipticCurvePublicKey:
    for key in keys["keys"]:
        if key["kid"] == kid:
            return EllipticCurvePublicNumbers(
                _coordinate(key["x"]), _coordinate(key["y"]), SECP521R1()
            ).public_key()
    raise unauthorised(f'Signature: Upvest has no key "{kid}" to verify with.')


def _coordinate(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
