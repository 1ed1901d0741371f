"""The private key that signs requests."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

if TYPE_CHECKING:
    from collections.abc import Callable


class KeyUnusable(ValueError):
    """Why a text is no key that can sign; says nothing of the key's content."""


class SigningKey:
    """An ECDSA key (P-521 is what Upvest accepts) or an Ed25519 key.

    Source: Upvest's guide to signing algorithms (2026): 'ECDSA on P-521 with SHA-512' or Ed25519. Signatures
    of ECDSA are ASN.1 DER, not the r||s form of the IETF's text: all four of Upvest's published codes do so.

    Attributes:
        sign: Gives the signature over a message.
    """

    sign: Callable[[bytes], bytes]

    def __init__(self, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> None:
        # Asked once: beside an Ed25519 signature, asking what a key is takes time that shows.
        if isinstance(key, ed25519.Ed25519PrivateKey):
            self.sign = key.sign
        else:
            self.sign = partial(key.sign, signature_algorithm=ec.ECDSA(hashes.SHA512()))


def load_signing_key(pem: bytes, passphrase: str | None) -> SigningKey:
    """Read a PEM: SEC1 or PKCS#8, plain or passphrase-protected, OpenSSL's legacy encryption included.

    Raises:
        KeyUnusable: The text is no private key, the passphrase does not fit, or Upvest takes no such key.
    """
    if b"PRIVATE KEY" not in pem:
        raise KeyUnusable("holds no private key in PEM form")
    if b"OPENSSH PRIVATE KEY" in pem:
        raise KeyUnusable("holds a key in OpenSSH's own form, and SEC1 or PKCS#8 is needed")
    encrypted = b"ENCRYPTED" in pem
    if encrypted and not passphrase:
        raise KeyUnusable("is protected by a passphrase, and none is given")
    try:
        key = serialization.load_pem_private_key(pem, passphrase.encode() if encrypted and passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        reason = "cannot be opened with the passphrase given" if encrypted else "holds a damaged private key"
        raise KeyUnusable(reason) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return SigningKey(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP521R1):
        return SigningKey(key)
    raise KeyUnusable(f"holds {_kind(key)}, and Upvest takes ECDSA keys on P-521 or Ed25519 keys")


def _kind(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return f"an ECDSA key on {key.curve.name}"
    return f"a key of another kind ({type(key).__name__.removesuffix('PrivateKey')})"
