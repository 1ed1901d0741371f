"""Values as Pulumi's gRPC messages carry them, and as plain Python values.

Between the engine and a program a secret travels as an object with a signature, an unknown value as a fixed string
(`pulumi.runtime.rpc`). A dynamic provider gets secrets unwrapped: its `Configure` answers `acceptSecrets: false`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeGuard

from google.protobuf import json_format, struct_pb2
from pulumi.runtime.rpc import UNKNOWN, is_rpc_secret, unwrap_rpc_secret, wrap_rpc_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "UNKNOWN",
    "Properties",
    "annotate_secrets",
    "from_file",
    "from_struct",
    "plain",
    "seal",
    "shown",
    "to_file",
    "to_struct",
]

Properties = dict[str, object]
"""A resource's inputs or outputs."""


def to_struct(properties: Mapping[str, object]) -> struct_pb2.Struct:
    """Gives the message of some properties."""
    return json_format.ParseDict(dict(properties), struct_pb2.Struct())


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Gives the properties in a message; numbers are floats, as everywhere in Pulumi."""
    return json_format.MessageToDict(struct)


def plain(properties: Mapping[str, object]) -> Properties:
    """Gives the properties with every secret unwrapped."""
    return {key: _plain(value) for key, value in properties.items()}


def _plain(value: object) -> object:
    if is_rpc_secret(value):
        return _plain(unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def shown(value: object) -> object:
    """Gives a value as a person may see it: `[secret]` and `[unknown]` for what is."""
    if is_rpc_secret(value):
        return "[secret]"
    if value == UNKNOWN:
        return "[unknown]"
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return value


def to_file(value: object) -> object:
    """Gives a value as `pulumi stack export --show-secrets` writes it."""
    if _is_secret(value):
        mark = {key: item for key, item in value.items() if key != "value"}
        return {**mark, "plaintext": json.dumps(unwrap_rpc_secret(value))}
    if isinstance(value, dict):
        return {key: to_file(item) for key, item in value.items()}
    return [to_file(item) for item in value] if isinstance(value, list) else value


def from_file(value: object) -> object:
    """Gives a value from how a file for `pulumi import` holds it."""
    if _is_secret(value):
        return wrap_rpc_secret(json.loads(str(value["plaintext"])))
    if isinstance(value, dict):
        return {key: from_file(item) for key, item in value.items()}
    return [from_file(item) for item in value] if isinstance(value, list) else value


def seal(properties: Mapping[str, object], keys: Iterable[str]) -> Properties:
    """Gives the properties with the named ones made secret."""
    sealed = dict(properties)
    for key in keys:
        if key in sealed and not is_rpc_secret(sealed[key]):
            sealed[key] = wrap_rpc_secret(sealed[key])
    return sealed


def annotate_secrets(outputs: Mapping[str, object], inputs: Mapping[str, object]) -> Properties:
    """Gives the outputs with those made secret whose input is (provider_plugin.go `annotateSecrets`)."""
    annotated = dict(outputs)
    for key, given in inputs.items():
        if key not in annotated:
            continue
        answered = annotated[key]
        if _is_object(answered) and _is_object(given):
            annotated[key] = annotate_secrets(answered, given)
        elif not is_rpc_secret(answered) and _holds_secret(given):
            annotated[key] = wrap_rpc_secret(answered)
    return annotated


def _is_object(value: object) -> TypeGuard[Properties]:
    return isinstance(value, dict) and not is_rpc_secret(value)


def _is_secret(value: object) -> TypeGuard[Properties]:
    return bool(is_rpc_secret(value))


def _holds_secret(value: object) -> bool:
    return _plain(value) != value
