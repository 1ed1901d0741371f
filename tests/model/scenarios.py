"""Who creates webhooks, and how much may happen meanwhile: a small bound for each test run, a larger one to soak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.model.account import Hook
from tests.model.rules import Rule
from tests.model.stacks import URL, Resource, Stack
from tests.model.world import Bounds, Scenario
from upvest_provider.verification import Verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Stacks = Callable[[], Sequence[Stack]]

CLAIM = Stack("dev").claim(Resource())
LEFT_OVER = Hook("left-over", "dev", CLAIM, URL)
BY_HAND = Hook("by-hand", "", "Made by hand", URL, enabled=True)


@dataclass(frozen=True)
class Case:
    """A scenario and a larger bound for it."""

    scenario: Scenario
    soak: Bounds


def dev(*resources: Resource) -> Stacks:
    """One stack, with one usual webhook where none is given."""
    return lambda: [Stack("dev", resources or (Resource(),))]


def two() -> Sequence[Stack]:
    """Two stacks that declare a webhook at one URL."""
    return [Stack("dev"), Stack("prod")]


def two_of_one_name() -> Sequence[Stack]:
    """The same in two backends where every organization has one name."""
    return [Stack("dev"), Stack("also-dev", claims_as="dev")]


USERS_AND_ORDERS = dev(Resource(), Resource("orders", "https://hooks.tenant.tld/orders"))
"""Made by two threads of one process."""

CASES = {
    "a webhook": Case(Scenario(dev(), Bounds(faults=1, crashes=1)), Bounds(faults=3, crashes=2)),
    "a webhook, with requests that are repeated": Case(
        Scenario(dev(), Bounds(faults=2, attempts=2)), Bounds(faults=3, crashes=1, attempts=2)
    ),
    "a webhook, with requests that do their work late": Case(
        Scenario(dev(), Bounds(faults=1, crashes=1, late=True)), Bounds(faults=2, crashes=2, late=True)
    ),
    "a webhook, after an earlier run": Case(
        Scenario(dev(), Bounds(faults=1, crashes=1), [LEFT_OVER]), Bounds(faults=2, crashes=2)
    ),
    "a webhook that stays disabled": Case(
        Scenario(dev(Resource(enabled=False)), Bounds(faults=1, crashes=1)), Bounds(faults=3, crashes=1)
    ),
    "a webhook that is tested before it is enabled": Case(
        Scenario(dev(Resource(verify=Verify.REQUIRE)), Bounds(faults=1, crashes=1)), Bounds(faults=3, crashes=1)
    ),
    "a webhook that is tested after it is enabled": Case(
        Scenario(dev(Resource(verify=Verify.AFTER_ENABLE)), Bounds(faults=1, crashes=1)),
        Bounds(faults=3, crashes=1),
    ),
    "a webhook that replaces another": Case(
        Scenario(
            dev(Resource(replaces="old")),
            Bounds(faults=1, crashes=1),
            [Hook("old", "dev", "Old", URL, enabled=True)],
        ),
        Bounds(faults=2, crashes=2),
    ),
    "a webhook that the next run declares at another URL": Case(
        Scenario(dev(Resource(new_url=f"{URL}/new")), Bounds(faults=1, crashes=1)), Bounds(faults=2, crashes=1)
    ),
    "a webhook that the next run declares at another URL, tested before it is enabled": Case(
        Scenario(dev(Resource(new_url=f"{URL}/new", verify=Verify.REQUIRE)), Bounds(faults=1, crashes=1)),
        Bounds(faults=2, crashes=1),
    ),
    "a webhook that is taken over": Case(
        Scenario(dev(Resource(adopts="by-hand")), Bounds(faults=1, crashes=1), [BY_HAND, LEFT_OVER]),
        Bounds(faults=2, crashes=2),
    ),
    "an unfinished webhook of its own that is taken over": Case(
        Scenario(dev(Resource(adopts="own")), Bounds(faults=1, crashes=1), [Hook("own", "", CLAIM, URL)]),
        Bounds(faults=2, crashes=2),
    ),
    "two threads": Case(Scenario(USERS_AND_ORDERS), Bounds(faults=1, crashes=1)),
    "two threads whose list becomes too old": Case(
        Scenario(USERS_AND_ORDERS, Bounds(pauses=1)), Bounds(faults=1, pauses=1)
    ),
    "two threads whose engine is killed": Case(
        Scenario(USERS_AND_ORDERS, Bounds(runs=1)), Bounds(crashes=1, late=True, faults=1)
    ),
    # List, then POST: two at once can both enable, exactly as `test_limits` says.
    "two stacks that fail": Case(
        Scenario(two, Bounds(faults=1), excepted=frozenset({Rule.ONCE})), Bounds(faults=1, crashes=1)
    ),
    "two stacks that are killed": Case(
        Scenario(two, Bounds(crashes=1), excepted=frozenset({Rule.ONCE})), Bounds(faults=2)
    ),
    # What else such a list can do takes more faults: see `test_limits`.
    "a webhook, behind lists that lag": Case(
        Scenario(dev(), Bounds(faults=1, crashes=1, lag=3, lags=2), excepted=frozenset({Rule.ONCE})),
        Bounds(faults=1, crashes=2, lag=3, lags=3),
    ),
}
