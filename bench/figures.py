"""Medians and how far they can be trusted."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Figure:
    """A median with the interval that holds the true one with a probability of at least 95 %.

    The interval lies between two of the values themselves (order statistics), so nothing is assumed of how they
    are distributed. Fewer than six values have none: `low` and `high` are NaN then.
    """

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        """The figure of some values."""
        ordered, count = sorted(values), len(values)
        rank = _rank(count)
        low, high = (ordered[rank - 1], ordered[count - rank]) if rank else (math.nan, math.nan)
        return cls(statistics.median(ordered), low, high, count)


def _rank(count: int) -> int:
    """Which value from either end bounds the interval, counted from 1; 0 where none does.

    The true median is below the k-th smallest of n values with the probability that fewer than k of n coins
    show heads, and above the k-th largest with the same.
    """
    outside, rank = 0.0, 0
    while True:
        outside += 2 * math.comb(count, rank) / 2**count
        if outside > 1 - CONFIDENCE:
            return rank
        rank += 1
