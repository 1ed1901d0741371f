"""Checks repeated until they pass: the decision that something is ready."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from .finding import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Probe = Callable[[Check], Finding]
    Status = Literal["pass", "warn", "wait", "skip"]

CONFIRM = 0.5
"""Seconds between the passes that confirm each other: three passes, their probes and the enabling fit into 2 s."""

LONGEST_INTERVAL = 15.0
GROWTH = 1.5
"""Seconds, and the factor from one pause to the next: 5, 7.5, 11, 15."""

JITTER = 0.2
"""The part of a pause that chance may take away, so that gates that began together part."""

SLICE = 1.0
"""Seconds slept at most without asking whether anybody still waits for the outcome."""


class Demand(StrEnum):
    """What a check that does not pass does to the gate."""

    REQUIRE = "require"
    WARN = "warn"


REQUIRE, WARN = Demand.REQUIRE, Demand.WARN


@dataclass(frozen=True, slots=True)
class Skip:
    """A check that is left out."""

    reason: str


Mode = Demand | Skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked, and how patiently. Times are in seconds."""

    checks: Mapping[Check, Mode]
    """One for every check."""
    timeout: float = 600.0
    interval: float = 5.0
    """Between attempts; it grows to 15 s while one check stops them all."""
    passes: int = 3
    """In a row."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a check came to."""

    check: Check
    status: Status
    seen: str
    fix: str = ""
    warnings: tuple[str, ...] = ()
    attempts: int = 0
    seconds: float = 0.0
    """From the gate's start until the check passed, or as long as it was waited for."""
    wait: float = 0.0
    """Seconds that an old answer may live on in caches."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate came to."""

    ready: bool
    evidence: tuple[Evidence, ...]
    """One for every check, in their order."""
    attempts: int
    seconds: float


def wait_until_ready(
    plan: Plan,
    probe: Probe,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    alive: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda _: None,
    chance: Callable[[], float] = random.random,
) -> Verdict:
    """Repeat the checks until they pass `plan.passes` times in a row, or the time-out has passed.

    At the time-out they are asked once more. Passes that begin by then are still confirmed; the first refusal
    ends the wait.

    Args:
        plan: What is asked, and how patiently.
        probe: Asks one check.
        clock: Seconds, monotonic.
        sleep: Takes seconds.
        alive: Raises when nobody waits for the outcome any more; asked at least once a second of waiting.
        say: Takes a line of progress.
        chance: From 0 to 1, for the length of pauses.
    """
    course = _Course(plan, clock)
    progress = _Progress(plan, say)
    interval, passes = plan.interval, 0
    stopped_before: Finding | None = None
    while True:
        alive()
        stopped_by = course.ask(probe)
        passes = 0 if stopped_by else passes + 1
        left = plan.timeout - course.seconds()
        if passes >= plan.passes or (stopped_by and left <= 0):
            return course.verdict(ready=not stopped_by)
        progress.tell(stopped_by, passes, course.seconds())
        interval = _longer(interval) if _is_stuck(stopped_before, stopped_by) else plan.interval
        stopped_before = stopped_by
        _wait(min(interval * (1 - JITTER * chance()), left) if stopped_by else CONFIRM, sleep, alive)


def check_once(plan: Plan, probe: Probe, *, clock: Callable[[], float] = time.monotonic) -> Verdict:
    """Ask each check once, in their order, up to the first that stops."""
    course = _Course(plan, clock)
    return course.verdict(ready=not course.ask(probe))


def failure(verdict: Verdict) -> tuple[str, tuple[str, ...], str]:
    """What to tell about a gate that stayed shut: the first line, a line for each check, and what to do."""
    stopped_by = next(evidence for evidence in verdict.evidence if evidence.status == "wait")
    way_out = f'Or leave the check out with checks={{"{stopped_by.check}": "skip: <reason>"}}.'
    return (
        f"{stopped_by.check}: {stopped_by.seen}",
        tuple(line for evidence in verdict.evidence for line in _lines(evidence)),
        " ".join(part for part in (stopped_by.fix, way_out) if part),
    )


def _lines(evidence: Evidence) -> tuple[str, ...]:
    times = "1 attempt" if evidence.attempts == 1 else f"{evidence.attempts} attempts"
    effort = f" ({times}, {evidence.seconds:.0f} s{_longest(evidence.wait)})" if evidence.attempts else ""
    return (
        f"{evidence.check}: {evidence.status}{effort}: {evidence.seen}",
        *(f"{evidence.check}: warning: {warning}" for warning in evidence.warnings),
    )


def _longest(wait: float) -> str:
    return f", at most {wait:.0f} s more for caches" if wait else ""


def _is_stuck(before: Finding | None, now: Finding | None) -> bool:
    return before is not None and now is not None and before.check is now.check


def _longer(interval: float) -> float:
    return max(interval, min(interval * GROWTH, LONGEST_INTERVAL))


def _wait(seconds: float, sleep: Callable[[float], None], alive: Callable[[], None]) -> None:
    while seconds > 0:
        alive()
        sleep(min(seconds, SLICE))
        seconds -= SLICE


@dataclass(slots=True)
class _Track:
    """What became of one check so far."""

    attempts: int = 0
    finding: Finding | None = None
    passed_after: float | None = None
    """Seconds until the first of the passes that have not been broken since."""


@dataclass(slots=True)
class _Course:
    """All attempts of one gate."""

    plan: Plan
    clock: Callable[[], float]
    began: float = field(init=False)
    attempts: int = 0
    tracks: dict[Check, _Track] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def seconds(self) -> float:
        return self.clock() - self.began

    def ask(self, probe: Probe) -> Finding | None:
        """Ask the checks in their order; the finding that stops, or None."""
        self.attempts += 1
        for check, demand in _asked(self.plan):
            track = self.tracks.setdefault(check, _Track())
            finding = track.finding = probe(check)
            track.attempts += 1
            if not finding.passed:
                track.passed_after = None
            elif track.passed_after is None:
                track.passed_after = self.seconds()
            if not finding.passed and demand is REQUIRE:
                return finding
        return None

    def verdict(self, *, ready: bool) -> Verdict:
        evidence: list[Evidence] = []
        for check in Check:
            waits = next((before.check for before in evidence if before.status == "wait"), None)
            evidence.append(self._evidence(check, after=waits))
        return Verdict(ready, tuple(evidence), self.attempts, self.seconds())

    def _evidence(self, check: Check, after: Check | None) -> Evidence:
        mode = self.plan.checks[check]
        if isinstance(mode, Skip):
            return Evidence(check, "skip", mode.reason)
        track = self.tracks.get(check, _Track())
        if after or track.finding is None:
            return Evidence(
                check,
                "wait",
                f"asked only after {after} passes",
                attempts=track.attempts,
                seconds=self.seconds(),
            )
        found = track.finding
        return Evidence(
            check,
            "pass" if found.passed else "wait" if mode is REQUIRE else "warn",
            found.seen,
            found.fix,
            found.warnings,
            track.attempts,
            self.seconds() if track.passed_after is None else track.passed_after,
            found.wait,
        )


def _asked(plan: Plan) -> list[tuple[Check, Demand]]:
    return [(check, mode) for check in Check if not isinstance(mode := plan.checks[check], Skip)]


class _Progress:
    """Says a line when the picture changes."""

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self._say = say
        self._plan = plan
        self._order = [check for check, _ in _asked(plan)]
        self._picture: tuple[Check, str] | None = None
        self._said = False

    def tell(self, stopped_by: Finding | None, passes: int, seconds: float) -> None:
        # Seconds that run down are no news.
        picture = (stopped_by.check, re.sub(r"\d+ s\b", "", stopped_by.seen)) if stopped_by else None
        if picture == self._picture:
            return
        self._picture = picture
        longest = _longest(stopped_by.wait) if stopped_by else ""
        line = f"{self._line(stopped_by, passes)} ({seconds:.0f} s{longest})"
        self._say(line if self._said else f"{line}. {self._notice()}")
        self._said = True

    def _line(self, stopped_by: Finding | None, passes: int) -> str:
        total = len(self._order)
        if not stopped_by:
            return f"[{total}/{total}] passed {passes} of {self._plan.passes} times"
        place = self._order.index(stopped_by.check) + 1
        return f"[{place}/{total}] {stopped_by.check}: {stopped_by.seen}"

    def _notice(self) -> str:
        return (
            f"Waiting for up to {self._plan.timeout:.0f} s, and Ctrl-C waits for that, too;"
            " nothing was sent to Upvest."
        )
