"""Requests that arrive long after the provider gave them up, and lists that lie behind."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.around import End, Ends
from tests.faults.breaks import Break, Broken
from tests.faults.convergence import converge
from tests.faults.invariants import Watch
from tests.faults.lives import DELETE, LIST, LIVES, ORDERS, PATCH, POST, Life
from tests.faults.site import url_of
from tests.faults.stack import Stack
from tests.faults.tally import record
from tests.soak import is_soak
from upvest_provider import limits
from upvest_provider.local import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from _pytest.mark import ParameterSet

    from tests.faults.site import Site

SHARE = 1 if is_soak() else 5
"""One case in so many is tried, as in the matrix."""

WRITES = [
    pytest.param(life, index, id=f"{name}-{index + 1} {life.requests[index]}".replace(" ", "_"))
    for name, life in LIVES.items()
    for index in range(len(life.requests))
    if life.requests[index] in {POST, PATCH, DELETE}
]
CREATIONS = [
    pytest.param(life, id=name.replace(" ", "_"))
    for name, life in LIVES.items()
    if {LIST, POST} <= set(life.requests)
]
UNCLEAR = (
    FaultKind.RESET_BEFORE,
    FaultKind.RESET_AFTER,
    FaultKind.LOST,
    FaultKind.CUT,
    FaultKind.MALFORMED,
)
LIST_TARGET = "/webhooks?"


def shared(rows: list[ParameterSet], *columns: tuple[object, ...]) -> list[ParameterSet]:
    """Each row with one value of each of the columns, a share of all that there are."""
    return [
        pytest.param(*case.values, *values, id="-".join([str(case.id), *map(str, values)]))
        for row, case in enumerate(rows)
        for column, values in enumerate(itertools.product(*columns))
        if (row + column) % SHARE == 0
    ]


@pytest.mark.parametrize(("life", "index"), shared(WRITES))
def test_a_write_that_arrives_a_day_later_is_put_right_or_named(
    site: Site, record_property: Callable[[str, object], None], life: Life, index: int
) -> None:
    stack = Stack(site.account())
    life.prepare(stack)
    watch = Watch(stack.account, [stack])
    with Broken(site, Break(FaultKind.HOLD_BEFORE), life.target(index), index + 1) as around:
        watch.over(stack, lambda: life.operate(stack, **around))
    site.clear()
    converge(watch, stack)
    site.clock.pass_by(86_400)
    site.mend()
    converge(watch, stack)
    record(record_property, cells=1, operations=watch.operations, faults_met=1)
    stack.account.wipe()


@pytest.mark.parametrize(("life", "index", "times"), shared(WRITES, (1, limits.ATTEMPTS)))
def test_what_is_said_of_a_write_allows_for_its_arrival(
    site: Site, record_property: Callable[[str, object], None], life: Life, index: int, times: int
) -> None:
    """The write gets no answer once and is then refused, or gets none at all; it arrives when all is said."""
    stack = Stack(site.account())
    life.prepare(stack)
    watch = Watch(stack.account, [stack])
    method, path, skip = life.target(index)
    site.upvest.faults.add(Fault(FaultKind.STATUS, method, path, skip + times, status=403))
    with Broken(site, Break(FaultKind.HOLD_BEFORE, count=times), life.target(index), index + 1):
        watch.over(stack, lambda: life.operate(stack))
    site.clear()
    watch.arrive()
    converge(watch, stack)
    record(record_property, cells=1, operations=watch.operations, faults_met=times)
    stack.account.wipe()


@pytest.mark.parametrize(("life", "times", "unclear"), shared(CREATIONS, (1, 2, 3), UNCLEAR))
def test_behind_a_list_that_lacks_the_last_write_nothing_is_enabled_twice(
    site: Site, record_property: Callable[[str, object], None], life: Life, times: int, unclear: FaultKind
) -> None:
    stack = Stack(site.account())
    life.prepare(stack)
    watch = Watch(stack.account, [stack])
    site.upvest.faults.add(Fault(FaultKind.LAG, "GET", LIST_TARGET, count=10**6))
    site.upvest.faults.add(Fault(unclear, "POST", "/webhooks", count=times))
    watch.over(stack, lambda: life.operate(stack))
    site.mend()
    converge(watch, stack)
    record(record_property, cells=1, operations=watch.operations, faults_met=times)
    stack.account.wipe()


def test_behind_a_list_that_hides_what_a_killed_run_enabled_a_second_one_is_enabled_and_a_refresh_says_so(
    site: Site,
) -> None:
    """What is not promised; nothing else is excepted of lists that lag."""
    stack = Stack(site.account(), program={"orders": ORDERS})
    watch = Watch(stack.account, [stack])
    watch.over(stack, lambda: stack.up(ends=Ends(End.KILLED_AFTER, 4)))  # token, list, POST, PATCH
    (left,) = stack.account.webhooks
    site.clock.pass_by(30)
    site.upvest.faults.add(Fault(FaultKind.LAG, "GET", LIST_TARGET, count=10**6, seconds=90))
    assert not watch.over(stack, stack.up).error
    assert all(webhook["enabled"] for webhook in stack.account.webhooks.values())
    assert watch.hidden == {left}
    site.mend()
    outcome = watch.over(stack, stack.refresh)
    assert f"warning: webhooks {left} " in outcome.said
    converge(watch, stack)


@pytest.mark.parametrize("refresh", [False, True])
@pytest.mark.parametrize("names", [("users", "orders"), ("orders", "users")])
def test_behind_a_list_that_shows_an_old_claim_what_was_renamed_by_alias_is_not_deleted(
    site: Site, names: tuple[str, str], *, refresh: bool
) -> None:
    """The old name is declared anew, and its claim is the title that the list still shows."""
    stack = Stack(site.account(), program={"orders": ORDERS})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    webhook_id = stack.held["orders"]
    program = {"users": replace(ORDERS, aliases=("orders",))}
    stack.program = program
    assert not watch.over(stack, stack.up).error
    program["orders"] = replace(ORDERS, url=url_of("anew"))
    stack.program = {name: program[name] for name in names}
    site.upvest.faults.add(Fault(FaultKind.LAG, "GET", LIST_TARGET, count=10**6))
    watch.over(stack, lambda: stack.up(refresh=refresh))
    assert webhook_id in stack.account.webhooks
    site.mend()
    converge(watch, stack)
