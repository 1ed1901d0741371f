"""The names that state files point at. This module never moves, and what it offers is never renamed.

Pulumi stores each dynamic resource's provider in the state as a pickle, and runs that pickle for refresh and
delete. Ours holds the name of `load` and its arguments, nothing else, so that every state ever written loads the
code that is installed now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.dynamic import ResourceProvider


def load(kind: str, version: int) -> ResourceProvider:
    """The provider of a kind of resource; `version` is that of the state's contract."""
    from .readiness import ReadinessProvider  # noqa: PLC0415 - both name this module in their pickles
    from .webhook import WebhookProvider  # noqa: PLC0415 - as above

    providers: dict[tuple[str, int], type[ResourceProvider]] = {
        ("readiness", 1): ReadinessProvider,
        ("webhook", 1): WebhookProvider,
    }
    return providers[kind, version]()
