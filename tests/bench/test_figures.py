from __future__ import annotations

import math

import pytest

from bench.figures import Figure


@pytest.mark.parametrize(("count", "low", "high"), [(6, 1, 6), (8, 1, 8), (9, 2, 8), (10, 2, 9), (20, 6, 15)])
def test_the_interval_lies_between_the_ranks_of_the_sign_test(count: int, low: int, high: int) -> None:
    """The ranks are those of the tables for the sign test at 95 %, as for 10 values the 2nd and the 9th."""
    figure = Figure.of([float(value) for value in range(count, 0, -1)])
    assert (figure.low, figure.high, figure.count) == (low, high, count)
    assert figure.median == (count + 1) / 2


@pytest.mark.parametrize("count", [1, 5])
def test_fewer_than_six_values_have_no_interval(count: int) -> None:
    figure = Figure.of([1.0] * count)
    assert figure.median == 1
    assert math.isnan(figure.low)
    assert math.isnan(figure.high)
