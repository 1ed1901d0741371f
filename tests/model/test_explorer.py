"""The explorer itself: it misses nothing, and merging states loses nothing."""

from __future__ import annotations

import math
from itertools import permutations

import pytest

from tests.model.explorer import Path, Violation, explore
from tests.model.rules import Rule
from tests.model.scenarios import USERS_AND_ORDERS, dev, two
from tests.model.world import Bounds, Scenario, World, explored


def interleaved(steps: tuple[int, ...], path: Path, seen: list[str]) -> None:
    """Threads a, b, … of so many steps each."""
    left = dict(zip("abc", steps, strict=False))
    while ready := [name for name in left if left[name]]:
        name = ready[path.choose(len(ready), lambda: sorted(left.items()))]
        left[name] -= 1
        seen.append(name)


@pytest.mark.parametrize("steps", [(1,), (3, 3), (2, 0, 4), (2, 2, 2)])
def test_every_interleaving_is_played_once(steps: tuple[int, ...]) -> None:
    played: list[str] = []

    def play(path: Path) -> None:
        seen: list[str] = []
        interleaved(steps, path, seen)
        played.append("".join(seen))

    found = explore(play, merge=False)
    every = {
        "".join(order) for order in permutations("".join(n * name for n, name in zip(steps, "abc", strict=False)))
    }
    assert sorted(played) == sorted(every)
    assert found.executions == math.factorial(sum(steps)) // math.prod(map(math.factorial, steps))


def test_states_that_are_reached_in_several_ways_are_left_once() -> None:
    found = explore(lambda path: interleaved((3, 3), path, []))
    assert found.states == 4 * 4 - 1  # In the last one nothing is decided.
    assert found.executions < 20


def test_the_shortest_violation_of_each_rule_is_kept() -> None:
    def play(path: Path) -> None:
        trace = ["step"] * path.choose(4, lambda: "first")
        raise Violation("long" if len(trace) > 1 else "short", "is broken", trace)

    found = explore(play)
    assert {rule: len(violation.trace) for rule, violation in found.violations.items()} == {"short": 0, "long": 2}
    assert found.executions == 4


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(dev(), Bounds(faults=1, crashes=1)),
        Scenario(dev(), Bounds(faults=1, lag=2, lags=1), excepted=frozenset({Rule.ONCE})),
        Scenario(dev(), Bounds(faults=1, crashes=1, late=True)),
        Scenario(two, Bounds(), excepted=frozenset({Rule.ONCE})),
    ],
    ids=["a webhook", "lag", "late", "two stacks"],
)
def test_merging_states_loses_no_ending(scenario: Scenario) -> None:
    def endings(*, merge: bool) -> tuple[set[str], int]:
        ends: set[str] = set()

        def at_end(world: World) -> None:
            ends.add(str([list(world.account.hooks.values()), [stack.state for stack in world.stacks]]))

        return ends, explored(scenario, merge=merge, at_end=at_end).executions

    every, all_executions = endings(merge=False)
    merged, executions = endings(merge=True)
    assert merged == every
    assert executions < all_executions


def test_threads_of_one_process_are_interleaved_at_each_look_at_their_memory() -> None:
    looks: set[str] = set()

    def at_end(world: World) -> None:
        looks.update(step.partition(": ")[2] for step in world.trace)

    assert explored(Scenario(USERS_AND_ORDERS), at_end=at_end).violations == {}
    assert {"begins", "asks for the list", "has another thread's list", "looks at the list"} <= looks
