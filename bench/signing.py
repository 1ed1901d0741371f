"""What signing a request costs above the bare cryptographic operation."""

from __future__ import annotations

import json
import os
import time
import uuid
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from bench.webhooks import fields_of
from upvest_provider.api import SigningKey
from upvest_provider.api.signature import Request, sign

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = 21
BATCH = 100
"""Signatures of one measurement."""

_BODY = json.dumps(fields_of(0)).encode()
_TOKEN = "t" * 43
_KEY_ID = str(uuid.UUID(int=1))
_REQUEST = Request(
    "POST",
    "/webhooks",
    headers={
        "accept": "application/json",
        "upvest-client-id": str(uuid.UUID(int=0)),
        "content-type": "application/json",
        "authorization": f"Bearer {_TOKEN}",
    },
    body=_BODY,
)
_BASE = b"x" * 600
"""As long as what is signed of such a request."""


def measure() -> dict[str, list[tuple[float, float]]]:
    """Seconds of the processor for a signed request and for a bare signature, pair by pair, by the kind of key."""
    p521, ed = ec.generate_private_key(ec.SECP521R1()), ed25519.Ed25519PrivateKey.generate()
    return {
        "ECDSA P-521": _pairs(SigningKey(p521), lambda: p521.sign(_BASE, ec.ECDSA(hashes.SHA512()))),
        "Ed25519": _pairs(SigningKey(ed), lambda: ed.sign(_BASE)),
    }


def _pairs(key: SigningKey, bare: Callable[[], object]) -> list[tuple[float, float]]:
    def whole() -> object:
        return sign(_REQUEST, key=key, key_id=_KEY_ID, created=0, nonce=os.urandom(16).hex())

    return [(_seconds(whole), _seconds(bare)) for _ in range(PAIRS)]


def _seconds(call: Callable[[], object]) -> float:
    began = time.thread_time()
    for _ in range(BATCH):
        call()
    return (time.thread_time() - began) / BATCH
