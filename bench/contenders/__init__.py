"""Who is measured: modules with one face each for the program (`declare`) and the provider process (`sent`)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS = "ours"
FLOOR = "floor"
BARE = "bare"
NAIVE = "naive"


class Contender(Protocol):
    """One way to keep webhooks in a Pulumi program."""

    def declare(self, name: str, fields: Mapping[str, Any]) -> object:
        """Declares a webhook in the program that runs."""

    def sent(self, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What the engine sends to the provider process for such a declaration."""


def contender(name: str) -> Contender:
    """The contender of this name; what the others import does not burden it."""
    return cast("Contender", import_module(f"bench.contenders.{name}"))
