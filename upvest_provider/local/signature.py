"""Verifies HTTP message signatures as Upvest reads them.

IETF draft-ietf-httpbis-message-signatures-15 with what Upvest's guides add (signature pages, 2026): the
header `upvest-signature-version: 15`, SHA-512 for digests and ECDSA, ECDSA signatures as ASN.1 DER.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA512

from .problems import unauthorised
from .signature_headers import dictionary, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .exchange import Call
    from .signature_headers import Signature

    PublicKey = EllipticCurvePublicKey | Ed25519PublicKey

MAX_LIFETIME = 300
"""Seconds from `created` to `expires`. Undocumented; Upvest's own clients use 5 to 60."""


def verify(
    call: Call, now: float, public_key_of: Callable[[str], PublicKey | None], *, created_skew: float = math.inf
) -> Signature:
    """Verifies the signature of a request.

    Args:
        call: The request.
        now: Seconds since 1970.
        public_key_of: Finds the key that is registered under a key id.
        created_skew: Seconds that `created` may lie ahead.

    Returns:
        The signature, of which only the nonce remains to be checked.

    Raises:
        Problem: 401, with the cause.
    """
    _check_version(call)
    signature = read(call)
    _check_times(signature, now, created_skew)
    _check_coverage(signature, call)
    _check_digest(call)
    key = public_key_of(signature.parameters["keyid"])
    if key is None:
        raise unauthorised(f'Signature: no key is registered under keyid "{signature.parameters["keyid"]}".')
    _check_algorithm(signature, key)
    # Without a query `@query` should be left out; the draft writes it as `?`, some write nothing.
    queries = [f"?{call.query}"] if call.query else ["?", ""]
    if not any(_matches(signature, key, base(signature, call, query)) for query in queries):
        raise unauthorised(f"Signature is incorrect{_hint(signature, key)}.")
    return signature


def base(signature: Signature, call: Call, query: str) -> bytes:
    """The signature base: one line for each component, the last for the parameters."""
    values = _values(call, query)
    lines = [f'"{name}": {values[name]}' for name in signature.components]
    return "\n".join([*lines, f'"@signature-params": {signature.text}']).encode("latin-1")


def _values(call: Call, query: str) -> Mapping[str, str]:
    """All components that a request has.

    Upvest's proxy signs the `content-length: 0` of a DELETE, and Go's HTTP client then leaves the header out.
    """
    implied = {} if call.body else {"content-length": "0"}
    return {**implied, **call.headers, "@method": call.method, "@path": call.path, "@query": query}


def _check_version(call: Call) -> None:
    match call.headers.get("upvest-signature-version"):
        case "15":
            return
        case None:
            raise unauthorised(
                "Signature: without the header upvest-signature-version: 15 this request counts as signed by "
                "version 6, which is not taken here."
            )
        case version:
            raise unauthorised(f"Signature: upvest-signature-version must be 15, not {version}.")


def _check_times(signature: Signature, now: float, created_skew: float) -> None:
    if signature.created > now + created_skew:
        raise unauthorised(f"Signature: created lies {signature.created - now:.0f} s in the future.")
    if signature.expires <= now:
        raise unauthorised(f"Signature: it expired {now - signature.expires:.0f} s ago.")
    if signature.expires - signature.created > MAX_LIFETIME:
        raise unauthorised(f"Signature: expires lies more than {MAX_LIFETIME} s after created.")


def _check_coverage(signature: Signature, call: Call) -> None:
    covered = signature.components
    if len(set(covered)) < len(covered):
        raise unauthorised("Signature: a component is covered twice.")
    for name in covered:
        if name not in _values(call, query=""):
            raise unauthorised(f'Signature: "{name}" is covered, but this request has no such component.')
    for name in _required(call):
        if name not in covered:
            raise unauthorised(f'Signature: "{name}" must be covered.')


def _required(call: Call) -> list[str]:
    """What must be covered (guide to signature components, version 15, 2026).

    The guide also lists `accept` and `idempotency-key`, which Upvest's own Java example leaves unsigned.
    """
    with_query = ["@query"] if call.query else []
    with_body = ["content-type", "content-length", "content-digest"] if call.body else []
    when_sent = [name for name in ("authorization", "upvest-client-id") if name in call.headers]
    return ["@method", "@path", *with_query, *when_sent, *with_body]


def _check_digest(call: Call) -> None:
    if "content-digest" not in call.headers:
        return
    match dictionary(call, "content-digest").get("sha-512"):
        case (bytes() as digest, _) if digest == hashlib.sha512(call.body).digest():
            return
        case None:
            raise unauthorised("Signature: content-digest must hold a sha-512 digest.")
        case _:
            raise unauthorised("Signature: content-digest is not the digest of this body.")


def _check_algorithm(signature: Signature, key: PublicKey) -> None:
    right = "ed25519" if isinstance(key, Ed25519PublicKey) else f"ecdsa-p{key.curve.key_size}-sha512"
    named = signature.parameters.get("alg", right)
    if named != right:
        raise unauthorised(f"Signature: alg is {named}, but the registered key is one for {right}.")


def _matches(signature: Signature, key: PublicKey, signed: bytes) -> bool:
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature.value, signed)
        else:
            key.verify(signature.value, signed, ECDSA(SHA512()))
    except InvalidSignature:
        return False
    return True


def _hint(signature: Signature, key: PublicKey) -> str:
    """The IETF's own form of an ECDSA signature is the likeliest mistake, and it is known by its length."""
    if isinstance(key, Ed25519PublicKey):
        return ""
    concatenated = 2 * ((key.curve.key_size + 7) // 8)
    return ": ECDSA signatures must be ASN.1 DER, not r||s" if len(signature.value) == concatenated else ""
