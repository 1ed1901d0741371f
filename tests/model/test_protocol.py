"""Every way that the creation of webhooks can go, within the bounds of each case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.model.account import Hook
from tests.model.scenarios import CASES, CLAIM, dev
from tests.model.stacks import URL, Resource
from tests.model.world import Bounds, Scenario, explored

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.model.explorer import Explored

    Record = Callable[[str, object], None]


def broken(found: Explored) -> str:
    """What a person needs to see of it."""
    return "\n\n".join(map(str, found.violations.values()))


@pytest.mark.parametrize("name", CASES)
def test_no_rule_breaks_in_any_execution(name: str, record_explored: Record) -> None:
    found = explored(CASES[name].scenario)
    record_explored(name, found)
    assert broken(found) == ""


def test_an_error_after_an_unclear_post_names_the_claim() -> None:
    assert broken(explored(Scenario(dev(), Bounds(faults=2, late=True)))) == ""


def test_an_adoption_never_deletes_what_it_is_to_adopt() -> None:
    unfinished = Hook("unfinished", "", CLAIM, URL)
    scenario = Scenario(dev(Resource(adopts="unfinished")), Bounds(faults=1, crashes=1), [unfinished])
    assert broken(explored(scenario)) == ""
