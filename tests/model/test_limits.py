"""What is not promised, and exactly when it happens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.model.rules import Rule
from tests.model.scenarios import CLAIM, dev, two, two_of_one_name
from tests.model.summary import record
from tests.model.world import Bounds, Scenario, World, explored
from tests.soak import is_soak

if TYPE_CHECKING:
    from collections.abc import Callable


def breakable(scenario: Scenario) -> set[Rule]:
    """All rules that break, also behind others."""
    broken: set[Rule] = set()
    while new := explored(replace(scenario, excepted=scenario.excepted | broken)).violations:
        broken |= {Rule(rule) for rule in new}
    return broken


def test_two_stacks_at_once_both_enable_exactly_where_each_has_listed_before_the_other_has_enabled(
    record_property: Callable[[str, object], None],
) -> None:
    traces: list[tuple[str, ...]] = []

    def at_end(world: World) -> None:
        traces.append(tuple(world.trace))
        enabled = [hook.stack for hook in world.account.hooks.values() if hook.enabled]
        assert (len(enabled) == 2) == (
            is_before("dev", "prod", world.trace) and is_before("prod", "dev", world.trace)
        )
        assert len(enabled) >= 1

    def is_before(one: str, other: str, trace: list[str]) -> bool:
        """Whether the first's list came before the second's enabling, which there is only where it is not refused."""
        listed = next(n for n, step in enumerate(trace) if step.startswith(f"{one}1.users: GET list"))
        enabled = [n for n, step in enumerate(trace) if step.startswith(f"{other}1.users: PATCH")]
        return bool(enabled) and listed < enabled[0]

    scenario = Scenario(two, excepted=frozenset({Rule.ONCE}))
    found = explored(scenario, merge=False, at_end=at_end)
    record(record_property, "two stacks at once, nothing merged", found)
    assert found.violations == {}
    assert len(set(traces)) == found.executions


LISTED = "dev1.users: GET list"
POSTED = f"dev1.users: POST dev1.users.1 {CLAIM}"
SECOND = (f"dev2.users: POST dev2.users.1 {CLAIM}", "dev2.users: PATCH dev2.users.1 Webhook users True")


@pytest.mark.parametrize(
    ("bounds", "trace"),
    [
        pytest.param(
            Bounds(crashes=1, lag=1, lags=1),
            (
                LISTED,
                POSTED,
                "dev1: the engine is killed",
                "dev2.users: GET list, 1 late",
                "dev1.users: PATCH dev1.users.1 Webhook users True",
                *SECOND,
            ),
            id="an enabling on its way as the engine was killed",
        ),
        pytest.param(
            Bounds(faults=2, lag=2, lags=1),
            (
                LISTED,
                POSTED,
                "dev1.users: PATCH dev1.users.1 Webhook users True lost after the work",
                "dev1.users: DELETE dev1.users.1 refused",
                "dev2.users: GET list, 2 late",
                *SECOND,
            ),
            id="a clean-up that failed",
        ),
    ],
)
def test_two_are_enabled_where_a_list_hides_the_post_of_an_earlier_run(
    bounds: Bounds, trace: tuple[str, ...]
) -> None:
    found = explored(Scenario(dev(), bounds), merge=False)
    assert sorted(found.violations[Rule.ONCE].trace) == sorted(trace)


@pytest.mark.skipif(not is_soak(), reason="12,000 executions; `make soak` explores them")
def test_what_lists_that_lag_can_break() -> None:
    scenario = Scenario(dev(), Bounds(faults=2, crashes=1, lag=1, lags=1))
    assert breakable(scenario) == {Rule.ONCE, Rule.KEPT, Rule.DECLARED}


def test_what_two_stacks_of_one_name_break_at_once() -> None:
    assert breakable(Scenario(two_of_one_name)) == {
        Rule.ONCE,
        Rule.OWN,
        Rule.KEPT,
        Rule.DECLARED,
        Rule.CLEAN,
        Rule.CONVERGES,
    }
