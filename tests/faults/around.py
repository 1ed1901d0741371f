"""What a provider's process finds around it, decided by the test: time, the engine's end, and its own."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from upvest_provider.engine import Engine
from upvest_provider.outside import Outside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOW = 1_790_000_000.0
"""2026-09-21T14:13:20Z, when everything begins."""

ROUND_TRIP = 0.02
"""Seconds that pass with every request."""


class Clock:
    """Unix seconds, for the API and everybody else; passes only where something says so."""

    def __init__(self) -> None:
        self._now = NOW
        self._ticks = 0

    def __call__(self) -> float:
        return self._now

    def monotonic(self) -> float:
        """No two moments are the same."""
        self._ticks += 1
        return self._now - NOW + self._ticks * 1e-6

    def pass_by(self, seconds: float) -> None:
        self._now += seconds


class Killed(BaseException):
    """`kill -9` of the provider's process: nothing in it can catch this."""


class End(StrEnum):
    """How an operation ends before its time, seen from the n-th request that is about to be sent."""

    GONE = "engine_gone"
    """The engine is gone, which the provider notices."""
    KILLED_BEFORE = "killed_before"
    """The provider's process is killed before the request is sent."""
    KILLED_AFTER = "killed_after"
    """It is killed once the answer is there."""


@dataclass(frozen=True)
class Ends:
    end: End
    at: int
    """Of the process' requests, counted from 1."""

    def __str__(self) -> str:
        return f"{self.end} at request {self.at}"


@dataclass
class Process:
    """One process of a provider.

    Attributes:
        lines: What the provider said.
        waits: How many seconds it waited, each time that it did.
        requests: How many requests it was about to send.
        begun_at_end: How many requests had been begun when the engine's end could first be noticed.
    """

    clock: Clock
    environ: Mapping[str, str]
    ends: Ends | None = None
    begun: Callable[[], int] = lambda: 0
    """How many requests were begun."""
    before_request: Callable[[int], None] = lambda _: None
    """Told the number of each request before it is sent."""
    lines: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    requests: int = 0
    begun_at_end: int | None = None
    _doomed: bool = False

    def outside(self) -> Outside:
        """What the provider is given."""
        return Outside(
            alive=self._alive,
            environ=self.environ,
            clock=self._living(self.clock),
            monotonic=self._living(self.clock.monotonic),
            sleep=self._sleep,
            say=self._say,
        )

    def require_life(self) -> None:
        """Die where it is time to."""
        if self._doomed:
            raise Killed

    def _living(self, read: Callable[[], float]) -> Callable[[], float]:
        def guarded() -> float:
            self.require_life()
            return read()

        return guarded

    def _sleep(self, seconds: float) -> None:
        self.require_life()
        self.waits.append(seconds)
        self.clock.pass_by(seconds)

    def _say(self, line: str) -> None:
        self.require_life()
        self.lines.append(line)

    def _alive(self) -> None:
        self.require_life()
        self.requests += 1
        self.clock.pass_by(ROUND_TRIP)
        if self.ends and self.requests >= self.ends.at:
            self._meet(self.ends.end)
        self.before_request(self.requests)

    def _meet(self, end: End) -> None:
        if end is End.GONE:
            if self.begun_at_end is None:
                self.begun_at_end = self.begun()
            _dead_engine().require()
        self._doomed = True
        if end is End.KILLED_BEFORE:
            raise Killed


def _dead_engine() -> Engine:
    """One whose port refuses connections: bound a moment ago, and never listened on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return Engine(bound.getsockname())
