"""The names that state files point at. This module never moves, and what it offers is never renamed.

See `upvest_provider/_pickle_v1.py`, which does the same for webhooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.dynamic import ResourceProvider


def load(kind: str, version: int) -> ResourceProvider:
    """The provider of a kind of resource; `version` is that of the state's contract."""
    from .local import LocalProvider  # noqa: PLC0415 - local.py names this module in its pickle

    if version != 1:
        raise ValueError(f"version {version} of {kind} is newer than this program")
    return LocalProvider(kind)
