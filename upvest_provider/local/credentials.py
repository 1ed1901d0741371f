"""The file of a state directory that says how to call the local API, and how to reach the world around it.

The credentials are made at the first start, as Upvest would hand them over.
"""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

FILE = "credentials.json"


@dataclass(frozen=True)
class Credentials:
    """What a client needs to call the local API.

    Attributes:
        api: The base URL, as of the last start.
        client_id: A UUID.
        client_secret: For the token request.
        key_id: A UUID; the `keyid` of signatures.
        private_key_file: An absolute path; a P-521 key as `EC PRIVATE KEY` with OpenSSL's legacy PEM
            encryption, which is what Upvest's guide makes (page on signing algorithms, 2026).
        private_key_passphrase: For that file.
    """

    api: str
    client_id: str
    client_secret: str
    key_id: str
    private_key_file: str
    private_key_passphrase: str


@dataclass(frozen=True)
class Surroundings:
    """How to reach the world around the local API, as of its last start.

    Attributes:
        resolver: The public DNS resolver of that world, as `127.0.0.1:53`.
        ca_file: An absolute path; the certificate authority that is trusted there, as PEM.
        control_token: Whoever holds it may change that world.
    """

    resolver: str
    ca_file: str
    control_token: str


def load_or_create(state: Path, api: str, surroundings: Surroundings | None = None) -> Credentials:
    """The credentials of a state directory, now for the base URL `api`; made if there are none.

    Args:
        state: The state directory, which exists.
        api: The base URL.
        surroundings: What the file says besides.
    """
    file = state / FILE
    if file.exists():
        known = json.loads(file.read_text())
        credentials = Credentials(
            **{field.name: known[field.name] for field in fields(Credentials)} | {"api": api}
        )
    else:
        credentials = _create(state, api)
    document = asdict(credentials) | (asdict(surroundings) if surroundings else {})
    write_private(file, json.dumps(document, indent=2).encode())
    return credentials


def public_key(credentials: Credentials) -> str:
    """The public half of the signing key, as PEM."""
    private_key = load_pem_private_key(
        Path(credentials.private_key_file).read_bytes(), credentials.private_key_passphrase.encode()
    )
    return private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _create(state: Path, api: str) -> Credentials:
    passphrase = secrets.token_urlsafe(24)
    private_key_file = (state / "private_key.pem").resolve()
    private_key = ec.generate_private_key(ec.SECP521R1())
    encryption = BestAvailableEncryption(passphrase.encode())
    write_private(
        private_key_file,
        private_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption),
    )
    return Credentials(
        api=api,
        client_id=str(uuid.uuid4()),
        client_secret=secrets.token_urlsafe(32),
        key_id=str(uuid.uuid4()),
        private_key_file=str(private_key_file),
        private_key_passphrase=passphrase,
    )


def write_private(file: Path, content: bytes) -> None:
    """Replaces a file at once, readable for its owner only."""
    new = file.with_name(f"{file.name}.new")
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.replace(file)
