"""How much memory the provider process has at its peak, over a whole life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.contenders import BARE, OURS
from bench.lives import OPERATIONS, REFRESH, OnServicer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.api import Api

SIZES = (100, 1000)


def measure(api: Api, folder: Path) -> dict[str, dict[int, float]]:
    """The peak in MB, by contender and webhooks; that of bare resources does nothing.

    But for its refresh, which imports what requests need.
    """
    nothing = [operation for operation in OPERATIONS if operation != REFRESH]
    return {
        name: {size: _peak(OnServicer(name, size, folder, api.environment(name)), operations) for size in SIZES}
        for name, operations in ((OURS, OPERATIONS), (BARE, nothing))
    }


def _peak(life: OnServicer, operations: Sequence[str]) -> float:
    for operation in operations:
        life.seconds(operation)
    return life.peak
