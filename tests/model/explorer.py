"""Every way that something can go: depth first, each way from its beginning.

What is explored makes its decisions with `Path.choose` and is otherwise deterministic. Executions that reach a
state which an earlier one has reached are cut off there, for what follows is the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Violation(Exception):
    """A rule does not hold; `trace` is what led there."""

    def __init__(self, rule: str, what: str, trace: Sequence[str]) -> None:
        super().__init__("\n".join([f"({rule}) {what}", *(f"  {step}" for step in trace)]))
        self.rule = rule
        self.trace = tuple(trace)


class KnownState(Exception):
    """An earlier execution was here, so all that follows is explored."""


@dataclass
class Explored:
    """What an exploration has seen. It always is complete within its bounds."""

    executions: int = 0
    """How often it was begun anew."""
    states: int = 0
    """Different states in which something was decided."""
    violations: dict[str, Violation] = field(default_factory=dict)
    """The shortest one of each rule."""

    def note(self, violation: Violation) -> None:
        known = self.violations.get(violation.rule)
        if known is None or len(violation.trace) < len(known.trace):
            self.violations[violation.rule] = violation


class Path:
    """The decisions of one execution: a given beginning, then the first option of each.

    Args:
        beginning: Which option each of the first decisions takes.
        seen: Digests of the states known so far; None merges nothing.
    """

    def __init__(self, beginning: list[int], seen: set[bytes] | None) -> None:
        self._beginning = beginning
        self._seen = seen
        self._taken: list[int] = []
        self._widths: list[int] = []

    def choose(self, width: int, state: Callable[[], object]) -> int:
        """Which of `width` options is taken in a state."""
        number = len(self._taken)
        is_new = number >= len(self._beginning)
        if is_new and self._seen is not None:
            digest = hashlib.blake2b(repr(state()).encode(), digest_size=16).digest()
            if digest in self._seen:
                raise KnownState
            self._seen.add(digest)
        self._taken.append(0 if is_new else self._beginning[number])
        self._widths.append(width)
        return self._taken[-1]

    def next_beginning(self) -> list[int] | None:
        """The beginning of the next execution; None after the last."""
        for number in reversed(range(len(self._taken))):
            if self._taken[number] + 1 < self._widths[number]:
                return [*self._taken[:number], self._taken[number] + 1]
        return None


def explore(play: Callable[[Path], None], *, merge: bool = True) -> Explored:
    """Play all ways; an execution ends where a rule is violated.

    Args:
        play: One execution from its beginning.
        merge: Cut executions off in states that are known.
    """
    explored = Explored()
    seen: set[bytes] = set()
    beginning: list[int] | None = []
    while beginning is not None:
        path = Path(beginning, seen if merge else None)
        try:
            play(path)
        except KnownState:
            pass
        except Violation as violation:
            explored.note(violation)
        explored.executions += 1
        beginning = path.next_beginning()
    explored.states = len(seen)
    return explored
