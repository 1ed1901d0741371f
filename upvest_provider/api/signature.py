"""HTTP message signatures as Upvest wants them: draft 15, `upvest-signature-version: 15`.

Source: docs.upvest.co, 'HTTP signatures' (components, calculation and upgrading pages, 2025-2026), and
Upvest's published signing proxy and examples.
"""

from __future__ import annotations

import binascii
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from upvest_provider import limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .keys import SigningKey


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: a path and query as they go over the wire, lower-case header names."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def what(self) -> str:
        """Method and path, for messages."""
        return f"{self.method} {self.path}"


def sign(request: Request, *, key: SigningKey, key_id: str, created: int, nonce: str) -> dict[str, str]:
    """The headers to send: the request's own, the body's length and digest, and a signature over all of them.

    Args:
        request: Its headers are all covered, in their order.
        key: Signs.
        key_id: The id under which Upvest knows the public key.
        created: Unix seconds; the signature expires `limits.SIGNATURE_LIFETIME` later.
        nonce: Never used before; Upvest refuses a request that repeats one.
    """
    headers = _with_content(request)
    components = {"@method": request.method, "@path": request.path}
    if request.query:
        components["@query"] = f"?{request.query}"
    components |= headers
    names = '" "'.join(components)
    expires = created + limits.SIGNATURE_LIFETIME
    params = f'("{names}");keyid="{key_id}";created={created};expires={expires};nonce="{nonce}"'
    components["@signature-params"] = params
    base = "\n".join([f'"{name}": {value}' for name, value in components.items()])
    headers["upvest-signature-version"] = "15"
    headers["signature-input"] = f"sig1={params}"
    headers["signature"] = f"sig1=:{_base64(key.sign(base.encode()))}:"
    return headers


def _with_content(request: Request) -> dict[str, str]:
    """The request's headers and those that tell of its body."""
    headers = dict(request.headers)
    if request.body:
        headers["content-length"] = str(len(request.body))
        headers["content-digest"] = f"sha-512=:{_base64(hashlib.sha512(request.body).digest())}:"
    elif request.method == "POST":
        # HTTP clients send this for a POST in any case (RFC 9110 §8.6), so it is signed, as Upvest's proxy does.
        headers["content-length"] = "0"
    return headers


def _base64(value: bytes) -> str:
    return binascii.b2a_base64(value, newline=False).decode()
