from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from upvest_provider.probes.finding import Check, Finding
from upvest_provider.probes.shared_probes import SharedProbes, attended

if TYPE_CHECKING:
    from upvest_provider.probes.gate import Probe

PATIENCE = 10
"""Seconds after which a test that hangs fails."""


class Origin:
    """A probe that numbers its findings, and a clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.probed = 0
        self.now = 1000.0
        self.shared = SharedProbes(clock=lambda: self.now)

    def probe(self, check: Check) -> Finding:
        self.probed += 1
        return Finding(check, passed=True, seen=f"finding {self.probed}")

    def gate(self, key: str = "https://hooks.example", max_age: float = 2.5) -> Probe:
        return self.shared.of(key, self.probe, max_age)


def test_gates_on_one_origin_share_what_was_found() -> None:
    origin = Origin()
    first, second = origin.gate(), origin.gate()

    found = first(Check.DNS)
    origin.now += 2.5

    assert second(Check.DNS) is found
    assert origin.probed == 1


def test_an_older_finding_does_not_serve() -> None:
    origin = Origin()
    first, second = origin.gate(), origin.gate()
    first(Check.DNS)
    origin.now += 2.6

    assert second(Check.DNS).seen == "finding 2"


def test_no_gate_gets_a_finding_twice_so_that_passes_in_a_row_are_as_many_observations() -> None:
    origin = Origin()
    gate = origin.gate()

    assert [gate(Check.TLS).seen for _ in range(3)] == ["finding 1", "finding 2", "finding 3"]


def test_gates_in_step_probe_once_for_all_of_them() -> None:
    origin = Origin()
    gates = [origin.gate() for _ in range(4)]
    for _ in range(3):
        assert len({gate(Check.DNS).seen for gate in gates}) == 1
        origin.now += 1

    assert origin.probed == 3


def test_other_origins_and_other_checks_are_probed_for_themselves() -> None:
    origin = Origin()
    here, there = origin.gate("https://a.example"), origin.gate("https://b.example")

    seen = {here(Check.DNS).seen, here(Check.TLS).seen, there(Check.DNS).seen}

    assert len(seen) == 3


def test_all_checks_of_an_origin_are_asked_by_one_probe_whichever_gate_comes_first() -> None:
    shared = SharedProbes(clock=lambda: 1000.0)
    asked: list[tuple[str, Check]] = []

    def of(name: str) -> Probe:
        def probe(check: Check) -> Finding:
            asked.append((name, check))
            return Finding(check, passed=True, seen="found")

        return shared.of("origin", probe, 2.5)

    first, second = of("first"), of("second")
    first(Check.DNS)
    second(Check.DNS)
    second(Check.TLS)

    assert asked == [("first", Check.DNS), ("first", Check.TLS)]


def test_a_gate_that_asks_while_another_probes_waits_for_that_finding() -> None:
    probing, may_end = threading.Event(), threading.Event()
    probes: list[Check] = []

    def slow(check: Check) -> Finding:
        probes.append(check)
        probing.set()
        assert may_end.wait(PATIENCE)
        return Finding(check, passed=True, seen="found")

    shared = SharedProbes(clock=lambda: 1000.0)
    with ThreadPoolExecutor(2) as pool:
        leads = pool.submit(shared.of("origin", slow, 2.5), Check.DNS)
        assert probing.wait(PATIENCE)
        joins = pool.submit(shared.of("origin", slow, 2.5), Check.DNS)
        may_end.set()

    assert joins.result() is leads.result()
    assert len(probes) == 1


def test_an_attended_probe_gives_its_finding() -> None:
    found = Finding(Check.DNS, passed=True, seen="found")

    assert attended(lambda _: found, _still_there)(Check.DNS) is found


def test_what_an_attended_probe_raises_is_raised() -> None:
    def broken(_: Check) -> Finding:
        raise LookupError("broken")

    with pytest.raises(LookupError, match="broken"):
        attended(broken, _still_there)(Check.DNS)


def test_an_attended_probe_is_left_alone_when_nobody_waits_any_more() -> None:
    may_end, ended = threading.Event(), threading.Event()

    def slow(check: Check) -> Finding:
        assert may_end.wait(PATIENCE)
        ended.set()
        return Finding(check, passed=True, seen="too late")

    def gone() -> None:
        raise EngineIsGone

    with pytest.raises(EngineIsGone):
        attended(slow, gone, look_up=0.01)(Check.DNS)
    assert not ended.is_set()

    may_end.set()
    assert ended.wait(PATIENCE)


class EngineIsGone(Exception):
    pass


def _still_there() -> None:
    pass
