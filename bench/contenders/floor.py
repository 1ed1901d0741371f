"""The floor: resources with the properties of ours, and a provider that does nothing but wait.

What Pulumi itself does for a resource grows with its properties, in program, engine, provider process and state.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi.dynamic.dynamic import serialize_provider

from bench.contenders.bare import ANSWERED, BareProvider, Idle

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUTS_ONLY = ("exclude_type", "created_at", "updated_at", "api", "client_id", "last_test")
"""What a program may ask of ours without having declared it."""


class FloorProvider(BareProvider):
    """Holds what ours does: the account that a webhook is of, and what of it is declared."""

    outputs: ClassVar[dict[str, Any]] = ANSWERED | {
        "api": "local",
        "client_id": "51d63036-12e1-4c20-8a85-921b0577baf7",
        "__declared": "config.delay config.max_package_size enabled title type url",
    }


def declare(name: str, fields: Mapping[str, Any]) -> Idle:
    """Declares a webhook in the program that runs."""
    return Idle(FloorProvider(), name, dict.fromkeys(OUTPUTS_ONLY) | _inputs(name, fields))


def sent(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine sends to the provider process for such a declaration."""
    return {"__provider": serialize_provider(FloorProvider()), **_inputs(name, fields)}


def _inputs(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    claim = hashlib.sha256(name.encode()).hexdigest()[:16]
    return {"__claim": f"pulumi-{claim}", "__name": name, "enabled": True, **fields}
