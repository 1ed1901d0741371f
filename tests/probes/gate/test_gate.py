from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from upvest_provider.probes.finding import Check, Finding
from upvest_provider.probes.gate import (
    REQUIRE,
    WARN,
    Evidence,
    Plan,
    Skip,
    Verdict,
    check_once,
    failure,
    wait_until_ready,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from upvest_provider.probes.gate import Mode

DNS, TLS, HTTP = Check


def plan(*modes: Mode, timeout: float = 600, interval: float = 5, passes: int = 3) -> Plan:
    """Modes of dns, tls and http; required where none is given."""
    checks = {check: modes[place] if place < len(modes) else REQUIRE for place, check in enumerate(Check)}
    return Plan(checks, timeout=timeout, interval=interval, passes=passes)


def good(check: Check) -> Finding:
    return Finding(check, passed=True, seen=f"{check} as it should be")


def bad(check: Check, seen: str = "not there", wait: float = 0) -> Finding:
    return Finding(check, passed=False, seen=seen, fix="Mend it.", wait=wait)


@dataclass
class World:
    """Time passes only while a gate sleeps or a probe runs; chance takes nothing off a pause."""

    finding: Callable[[World, Check], Finding] = lambda _, check: good(check)
    probe_takes: float = 0
    dies_at: float = float("inf")
    now: float = 1000.0
    said: list[str] = field(default_factory=list)
    asked: list[tuple[float, Check]] = field(default_factory=list)

    @property
    def passed(self) -> float:
        return self.now - 1000

    def probe(self, check: Check) -> Finding:
        self.asked.append((self.passed, check))
        self.now += self.probe_takes
        return self.finding(self, check)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def alive(self) -> None:
        if self.passed >= self.dies_at:
            raise EngineIsGone

    def run(self, plan: Plan, chance: float = 0) -> Verdict:
        return wait_until_ready(
            plan,
            self.probe,
            clock=lambda: self.now,
            sleep=self.sleep,
            alive=self.alive,
            say=self.said.append,
            chance=lambda: chance,
        )

    def rounds(self) -> list[float]:
        return [seconds for seconds, check in self.asked if check is DNS]


class EngineIsGone(Exception):
    pass


def ready_from(seconds: float, check: Check = DNS) -> Callable[[World, Check], Finding]:
    return lambda world, asked: bad(asked) if asked is check and world.passed < seconds else good(asked)


def in_turn(*outcomes: bool) -> Callable[[World, Check], Finding]:
    """The outcomes of dns, attempt by attempt; the last one stays."""

    def finding(world: World, check: Check) -> Finding:
        attempt = min(len(world.rounds()), len(outcomes))
        return good(check) if check is not DNS or outcomes[attempt - 1] else bad(check)

    return finding


def test_what_is_ready_from_the_start_opens_after_three_passes_within_a_second() -> None:
    world = World()

    verdict = world.run(plan())

    assert verdict.ready
    assert verdict.attempts == 3
    assert verdict.seconds == 1
    assert world.rounds() == [0, 0.5, 1]
    assert world.said == []


def test_checks_are_asked_in_order_and_stop_at_the_first_refusal() -> None:
    world = World(ready_from(5, TLS))

    world.run(plan(passes=1))

    assert world.asked == [(0, DNS), (0, TLS), (5, DNS), (5, TLS), (5, HTTP)]


def test_the_pause_grows_to_fifteen_seconds_while_one_check_stops_them_all() -> None:
    world = World(ready_from(70))

    world.run(plan(passes=1))

    assert world.rounds() == [0, 5, 12.5, 23.75, 38.75, 53.75, 68.75, 83.75]


def test_the_pause_starts_anew_when_the_next_check_is_reached() -> None:
    world = World(lambda world, check: bad(check) if world.passed < (20 if check is DNS else 30) else good(check))

    world.run(plan(passes=1))

    assert world.rounds() == [0, 5, 12.5, 23.75, 28.75, 36.25]


def test_an_interval_above_fifteen_seconds_stays_as_it_is() -> None:
    world = World(ready_from(100))

    world.run(plan(interval=40, passes=1))

    assert world.rounds() == [0, 40, 80, 120]


def test_chance_shortens_pauses_by_up_to_a_fifth_and_never_lengthens_them() -> None:
    world = World(ready_from(4))

    world.run(plan(passes=1), chance=1)

    assert world.rounds() == [0, 4]


def test_a_refusal_between_passes_starts_the_count_anew() -> None:
    world = World(in_turn(True, True, False, True, True, True))

    verdict = world.run(plan())

    assert verdict.ready
    assert verdict.attempts == 6


def test_the_last_check_is_made_at_the_deadline() -> None:
    world = World(in_turn(False))

    verdict = world.run(plan(timeout=14))

    assert not verdict.ready
    assert world.rounds() == [0, 5, 12.5, 14]
    assert verdict.seconds == 14


def test_a_probe_that_runs_over_the_deadline_is_the_last() -> None:
    world = World(in_turn(False), probe_takes=10)

    world.run(plan(timeout=12))

    assert world.rounds() == [0, 12]


def test_what_passes_at_the_deadline_is_still_confirmed() -> None:
    world = World(ready_from(14))

    verdict = world.run(plan(timeout=14))

    assert verdict.ready
    assert world.rounds() == [0, 5, 12.5, 14, 14.5, 15]


def test_after_the_deadline_the_first_refusal_ends_it() -> None:
    world = World(in_turn(False, False, False, True, False, True, True, True))

    verdict = world.run(plan(timeout=14))

    assert not verdict.ready
    assert verdict.attempts == 5


def test_a_check_that_only_warns_stops_nothing() -> None:
    world = World(lambda _, check: bad(check) if check is TLS else good(check))

    verdict = world.run(plan(REQUIRE, WARN, REQUIRE))

    assert verdict.ready
    assert verdict.evidence[1] == snapshot(
        Evidence(check=Check.TLS, status="warn", seen="not there", fix="Mend it.", attempts=3, seconds=1.0)
    )


def test_a_check_that_is_left_out_is_not_asked_and_its_reason_is_shown() -> None:
    world = World()

    verdict = world.run(plan(REQUIRE, Skip("the receiver lets only Upvest in"), Skip("default"), passes=1))

    assert world.asked == [(0, DNS)]
    assert verdict.evidence[1] == snapshot(
        Evidence(check=Check.TLS, status="skip", seen="the receiver lets only Upvest in")
    )


def test_the_evidence_tells_since_when_each_check_passes() -> None:
    world = World(lambda world, check: bad(check) if world.passed < (1 if check is DNS else 7) else good(check))

    verdict = world.run(plan(REQUIRE, REQUIRE, Skip("default")))

    assert [(entry.status, entry.attempts, entry.seconds) for entry in verdict.evidence] == [
        ("pass", 5, 5),
        ("pass", 4, 10),
        ("skip", 0, 0),
    ]
    assert verdict.seconds == 11


def test_a_check_that_broke_meanwhile_counts_as_passing_since_it_was_mended() -> None:
    world = World(in_turn(True, False, True))

    verdict = world.run(plan())

    assert verdict.evidence[0].seconds == 5.5


def test_progress_is_a_line_when_the_picture_changes() -> None:
    def finding(world: World, check: Check) -> Finding:
        if check is DNS and world.passed < 10:
            return bad(check, "no hooks.example at ns1.example", wait=300)
        if check is TLS and world.passed < 30:
            return bad(check, "certificate is for other.example, not hooks.example")
        return good(check)

    world = World(finding)
    world.run(plan())

    assert "\n".join(world.said) == snapshot("""\
[1/3] dns: no hooks.example at ns1.example (0 s, at most 300 s more for caches). Waiting for up to 600 s, and Ctrl-C waits for that, too; nothing was sent to Upvest.
[2/3] tls: certificate is for other.example, not hooks.example (12 s)
[3/3] passed 1 of 3 times (36 s)\
""")


def test_seconds_that_run_down_are_no_news() -> None:
    def finding(world: World, check: Check) -> Finding:
        left = 40 - world.passed
        return bad(check, f"old answer lives for another {left:.0f} s", wait=left) if left > 0 else good(check)

    world = World(finding)
    world.run(plan(passes=1))

    assert len(world.rounds()) == 6
    assert "\n".join(world.said) == snapshot(
        "[1/3] dns: old answer lives for another 40 s (0 s, at most 40 s more for caches). Waiting for up to 600 s, and Ctrl-C waits for that, too; nothing was sent to Upvest."
    )


def test_a_gate_of_a_dead_engine_ends_within_two_seconds_and_asks_nothing_more() -> None:
    world = World(in_turn(False), dies_at=40.2)

    with pytest.raises(EngineIsGone):
        world.run(plan())

    assert world.passed <= 40.2 + 2
    assert max(world.rounds()) < 40.2


def test_a_gate_of_a_dead_engine_asks_nothing_at_all() -> None:
    world = World(dies_at=0)

    with pytest.raises(EngineIsGone):
        world.run(plan())

    assert world.asked == []


def test_asked_once_every_check_is_asked_once() -> None:
    world = World()

    verdict = check_once(plan(), world.probe, clock=lambda: world.now)

    assert verdict.ready
    assert [check for _, check in world.asked] == [DNS, TLS, HTTP]


def test_asked_once_the_first_refusal_shuts_the_gate() -> None:
    world = World(ready_from(1, TLS))

    verdict = check_once(plan(), world.probe, clock=lambda: world.now)

    assert not verdict.ready
    assert [check for _, check in world.asked] == [DNS, TLS]
    assert [entry.status for entry in verdict.evidence] == ["pass", "wait", "wait"]


def test_a_gate_that_stayed_shut_says_what_was_seen_and_what_to_do() -> None:
    def finding(_: World, check: Check) -> Finding:
        if check is TLS:
            return Finding(
                check,
                passed=False,
                seen="certificate expired 2020-02-01 09:30 UTC, at 203.0.113.7",
                fix="Renew the certificate.",
            )
        return replace(good(check), warnings=("any name below tenant.example would pass",))

    verdict = World(finding).run(plan(timeout=60))

    assert told(verdict) == snapshot("""\
tls: certificate expired 2020-02-01 09:30 UTC, at 203.0.113.7
dns: pass (7 attempts, 0 s): dns as it should be
dns: warning: any name below tenant.example would pass
tls: wait (7 attempts, 60 s): certificate expired 2020-02-01 09:30 UTC, at 203.0.113.7
http: wait: asked only after tls passes
Renew the certificate. Or leave the check out with checks={"tls": "skip: <reason>"}.\
""")


def test_the_longest_wait_for_caches_is_told() -> None:
    world = World(lambda _, check: bad(check, "9.9.9.9 says that there is no hooks.example", wait=287.4))

    verdict = check_once(plan(REQUIRE, Skip("seen by Upvest alone"), Skip("default")), world.probe)

    assert told(verdict).replace(f"{verdict.seconds:.0f} s", "0 s") == snapshot("""\
dns: 9.9.9.9 says that there is no hooks.example
dns: wait (1 attempt, 0 s, at most 287 s more for caches): 9.9.9.9 says that there is no hooks.example
tls: skip: seen by Upvest alone
http: skip: default
Mend it. Or leave the check out with checks={"dns": "skip: <reason>"}.\
""")


def told(verdict: Verdict) -> str:
    summary, details, fix = failure(verdict)
    return "\n".join((summary, *details, fix))


@given(
    outcomes=st.lists(st.booleans(), max_size=60),
    passes=st.integers(1, 5),
    timeout=st.integers(1, 200),
    interval=st.integers(1, 20),
    probe_takes=st.sampled_from([0, 0.5, 3]),
    chance=st.floats(0, 1),
)
def test_a_gate_opens_at_the_first_run_of_passes_and_else_ends_soon_after_the_deadline(
    outcomes: Sequence[bool], passes: int, timeout: int, interval: int, probe_takes: float, chance: float
) -> None:
    world = World(in_turn(*outcomes, False), probe_takes=probe_takes)

    verdict = world.run(plan(timeout=timeout, interval=interval, passes=passes), chance)

    seen = [*outcomes, *[False] * verdict.attempts][: verdict.attempts]
    runs = [all(seen[end - passes : end]) for end in range(passes, len(seen) + 1)]
    assert verdict.ready is any(runs)
    assert not any(runs[:-1])  # it opens at once
    a_round = 3 * probe_takes + 1  # three checks and the pause between passes
    assert world.rounds()[-1] <= timeout + (passes - 1) * a_round + a_round
    if not verdict.ready:
        assert verdict.seconds >= timeout
        assert not seen[-1]
        assert [entry.status for entry in verdict.evidence] == ["wait"] * 3
