"""`upvest-webhooks keys`."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from upvest_provider.errors import UpvestError

from .options import AccountName, AsJson, StackName  # noqa: TC001 - typer reads the annotations
from .stack import Stack
from .table import print_rows
from .text import printable

if TYPE_CHECKING:
    from upvest_provider.api.seldom import VerificationKey

CURVE = "P-521"
"""Of all keys that Upvest signs deliveries with (API reference of `/auth/verify_keys`, 2026)."""


def keys(
    *,
    stack: StackName,
    account: AccountName = None,
    as_json: AsJson = False,
    pem: Annotated[bool, typer.Option("--pem", help="Print PEM, each below a line with its id.")] = False,
) -> None:
    """Show the public keys that Upvest signs deliveries with.

    A delivery names its key as `keyid`. Keys rotate, and Upvest tells no dates: a receiver asks anew for a
    key that it does not know. --json prints a JSON Web Key Set.
    """
    if as_json and pem:
        raise typer.BadParameter("excludes --json", param_hint="--pem")
    client, owner = Stack.here(stack).connect(account)
    with client:
        found = client.get_verification_keys()
    if pem:
        print("".join(f"{printable(key.kid)}\n{_pem(key)}" for key in found), end="")  # noqa: T201 - the answer
    elif as_json:
        print(json.dumps({"keys": [key.model_dump() for key in found]}, indent=2))  # noqa: T201 - the answer
    elif found:
        print_rows([{"id": key.kid, "algorithm": _algorithm(key)} for key in found])
    print(f"{owner}: {len(found)} key{'' if len(found) == 1 else 's'}", file=sys.stderr)  # noqa: T201 - beside the answer


def _algorithm(key: VerificationKey) -> str:
    return f"ECDSA on {key.crv} with SHA-512" if key.kty == "EC" else f"{key.kty} {key.crv}"


def _pem(key: VerificationKey) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - loaded where keys are made
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - as above

    if key.crv != CURVE:
        raise _without_pem(key)
    try:
        numbers = ec.EllipticCurvePublicNumbers(_number(key.x), _number(key.y), ec.SECP521R1())
        return numbers.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    except ValueError:
        raise _without_pem(key) from None


def _without_pem(key: VerificationKey) -> UpvestError:
    return UpvestError(
        f"the key {printable(key.kid)} is no key on {CURVE}, so it has no PEM here",
        fix="Print it with --json, or look for a newer upvest_provider.",
    )


def _number(text: str) -> int:
    """A coordinate: base64url without padding (RFC 7518, 6.2.1)."""
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
