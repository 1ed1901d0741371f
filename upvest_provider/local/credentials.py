"""The file of a state directory that says how to call the local API, and how to reach the world around it.

The credentials are made at the first start, as Upvest would hand them over.
"""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

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


def load_or_create(
    state: Path, api: str, surroundings: Surroundings | None = None, names: Collection[str] = ()
) -> dict[str, Credentials]:
    """The credentials of a state directory by account, now for the base URL `api`; made where there are none.

    Args:
        state: The state directory, which exists.
        api: The base URL.
        surroundings: What the file says besides.
        names: Accounts beside the one without a name; those of earlier starts stay.
    """
    file = state / FILE
    known = json.loads(file.read_text()) if file.exists() else {}
    accounts = {"": _known(known, api) if known else _create(state, "", api)}
    accounts |= {name: _known(members, api) for name, members in known.get("accounts", {}).items()}
    accounts |= {name: _create(state, name, api) for name in names if name not in accounts}
    document = asdict(accounts[""]) | (asdict(surroundings) if surroundings else {})
    document["accounts"] = {name: asdict(credentials) for name, credentials in accounts.items() if name}
    write_private(file, json.dumps(document, indent=2).encode())
    return accounts


def _known(members: Mapping[str, str], api: str) -> Credentials:
    return Credentials(**{field.name: members[field.name] for field in fields(Credentials)} | {"api": api})


def public_key(credentials: Credentials) -> str:
    """The public half of the signing key, as PEM."""
    private_key = load_pem_private_key(
        Path(credentials.private_key_file).read_bytes(), credentials.private_key_passphrase.encode()
    )
    return private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _create(state: Path, name: str, api: str) -> Credentials:
    passphrase = secrets.token_urlsafe(24)
    private_key_file = (state / (f"private_key_{name}.pem" if name else "private_key.pem")).resolve()
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
