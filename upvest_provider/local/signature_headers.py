"""Reads the headers of a signature, which are structured fields (RFC 8941)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import http_sf

from .problems import unauthorised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .exchange import Call


@dataclass(frozen=True)
class Signature:
    """What `signature-input` and `signature` say.

    Attributes:
        components: The covered components, in the order of the signature base.
        parameters: `keyid`, `nonce` and, if given, `alg`.
        created: Seconds since 1970.
        expires: The same.
        text: The components and parameters as they were written, which is what was signed.
        value: The signature itself.
    """

    components: tuple[str, ...]
    parameters: Mapping[str, str]
    created: int
    expires: int
    text: str
    value: bytes


def read(call: Call) -> Signature:
    """Reads the two signature headers, which hold one signature under any label.

    Raises:
        Problem: 401, if they are missing or malformed.
    """
    inputs, values = dictionary(call, "signature-input"), dictionary(call, "signature")
    if len(inputs) != 1 or inputs.keys() != values.keys():
        raise unauthorised("Signature: signature-input and signature must hold one signature under one label.")
    [label] = inputs
    match inputs[label], values[label]:
        case (list() as members, dict() as parameters), (bytes() as value, _):
            pass
        case _:
            raise unauthorised("Signature: signature-input must be a list of components, signature bytes.")
    for name, kind in {"keyid": str, "nonce": str, "created": int, "expires": int}.items():
        if type(parameters.get(name)) is not kind:
            raise unauthorised(f"Signature: parameter {name} is missing or of the wrong type.")
    return Signature(
        components=tuple(_component(member) for member in members),
        parameters={name: str(parameters[name]) for name in ("keyid", "nonce", "alg") if name in parameters},
        created=parameters["created"],
        expires=parameters["expires"],
        text=call.headers["signature-input"].partition("=")[2].strip(),
        value=value,
    )


def dictionary(call: Call, name: str) -> Mapping[str, object]:
    """The members of a header that is a dictionary.

    Raises:
        Problem: 401, if it is missing or malformed.
    """
    if name not in call.headers:
        raise unauthorised(f"Signature: header {name} is missing.")
    try:
        parsed = http_sf.parse(call.headers[name].encode("latin-1"), tltype="dictionary")
    except http_sf.StructuredFieldError as error:
        raise unauthorised(f"Signature: header {name} is malformed: {error}.") from error
    return parsed if isinstance(parsed, dict) else {}


def _component(member: object) -> str:
    match member:
        case (str() as name, dict() as parameters) if name == name.lower() and not parameters:
            return name
        case _:
            raise unauthorised("Signature: components must be lower-case names without parameters.")
