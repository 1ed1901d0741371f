"""What is made of samples: verdicts, tables and the picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from bench import bars, chart, table
from bench.lives import CHANGE, SAME, UP
from bench.rounds import Sample, ratios

NEEDED = {"token": 1, "list": 1, "POST": 100, "PATCH": 100, "connections": 4}


def pairs(ours: list[float], floor: list[float], operation: str = SAME) -> list[Sample]:
    return [
        Sample(100, operation, name, number, seconds, {}, load=0)
        for name, all_seconds in (("ours", ours), ("floor", floor))
        for number, seconds in enumerate(all_seconds)
    ]


def verdict_of(asked: dict[str, int], operation: str = UP, seconds: float = 7) -> bool:
    sample = Sample(100, operation, "ours", 0, seconds, asked, load=0)
    (verdict,) = bars.requests([sample])
    return verdict.met


def test_a_ratio_is_that_of_one_round() -> None:
    assert ratios(pairs([2, 6, 3], [1, 2, 3]), 100, SAME) == [2, 3, 1]


def test_a_time_is_judged_by_the_upper_end_of_its_interval() -> None:
    floor = [1.0] * 10
    (met,) = bars.times(pairs([1.0] * 8 + [1.05, 2.0], floor))
    (missed,) = bars.times(pairs([1.0] * 8 + [1.06, 2.0], floor))
    assert (met.met, missed.met) == (True, False)


def test_a_single_pair_meets_no_bar() -> None:
    (verdict,) = bars.times(pairs([1.0], [1.0]))
    assert not verdict.met


@pytest.mark.parametrize(
    "change", [{"token": 2}, {"POST": 99}, {"PATCH": 101}, {"list": 2}, {"GET": 1}, {"DELETE": 1}]
)
def test_one_request_too_many_or_too_few_is_seen(change: dict[str, int]) -> None:
    assert verdict_of(NEEDED)
    assert not verdict_of(NEEDED | change)


def test_a_list_more_is_granted_for_each_ten_seconds_of_a_first_up() -> None:
    assert verdict_of(NEEDED | {"list": 3}, seconds=20)
    assert not verdict_of(NEEDED | {"list": 3}, seconds=19)


def test_a_list_for_one_change_is_too_much() -> None:
    assert verdict_of({"token": 1, "PATCH": 1}, CHANGE)
    assert not verdict_of({"token": 1, "PATCH": 1, "list": 1}, CHANGE)


def test_memory_that_grows_with_the_webhooks_is_seen() -> None:
    *small, growth = bars.memory({"ours": {100: 70, 1000: 80}, "bare": {100: 50, 1000: 52}})
    assert all(verdict.met for verdict in small)
    assert not growth.met
    assert growth.seen == "+8.0 MB"


def test_the_table_tells_milliseconds_per_resource() -> None:
    row = table.of_samples(pairs([1.0], [0.5]), "ms").splitlines()[1]
    assert row.split() == ["100", "no-op", "up", "10.00", "5.00", "-", "-", "2.00", "-", "none", "-"]


def test_the_picture_has_a_bar_for_each_contender_of_each_operation() -> None:
    samples = pairs([1, 2], [1, 1]) + pairs([1, 2], [1, 1], UP)
    root = ET.fromstring(chart.svg(samples, "a < b"))  # noqa: S314 - our own document
    bars_drawn = [each for each in root.iter("{http://www.w3.org/2000/svg}rect") if each.get("height") == "10"]
    legend = len(chart.COLOURS)
    assert len(bars_drawn) == 4 + legend
    assert "a < b" in [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
