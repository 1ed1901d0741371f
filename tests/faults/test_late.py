"""Requests that arrive long after the provider gave them up, and lists that lie behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.breaks import Break, Broken
from tests.faults.convergence import converge
from tests.faults.invariants import Watch
from tests.faults.lives import DELETE, LIST, LIVES, PATCH, POST, Life
from tests.faults.stack import Stack
from tests.faults.tally import record
from upvest_provider import limits
from upvest_provider.local import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.site import Site

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


@pytest.mark.parametrize(("life", "index"), WRITES)
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


@pytest.mark.parametrize("times", [1, limits.ATTEMPTS])
@pytest.mark.parametrize(("life", "index"), WRITES)
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


@pytest.mark.parametrize("unclear", UNCLEAR)
@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("life", CREATIONS)
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
