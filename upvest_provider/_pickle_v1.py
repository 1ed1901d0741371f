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
    from .webhook import WebhookProvider  # noqa: PLC0415 - webhook.py names this module in its pickle

    providers: dict[tuple[str, int], type[ResourceProvider]] = {("webhook", 1): WebhookProvider}
    return providers[kind, version]()
