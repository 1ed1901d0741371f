"""Every fault at every request of every operation, then runs without faults: the invariants hold in each cell.

The same of all that the API may turn out to do, from the beginning on and with no fault beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.behaviours import LAGGING, UNUSUAL, behaving, told
from tests.faults.breaks import Broken, all_breaks
from tests.faults.convergence import converge
from tests.faults.invariants import Watch
from tests.faults.lives import LIVES, Life
from tests.faults.stack import Stack
from tests.faults.tally import record
from tests.soak import is_soak

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.behaviours import Answers
    from tests.faults.breaks import Break
    from tests.faults.site import Site

SHARE = 1 if is_soak() else 181
"""One cell in so many is tried: each request of each operation meets other breaks, and each break other requests."""

CELLS = [
    pytest.param(life, index, broken, id=f"{name}-{index + 1} {life.requests[index]}-{broken}".replace(" ", "_"))
    for row, (name, index, life) in enumerate(
        (name, index, life) for name, life in LIVES.items() for index in range(len(life.requests))
    )
    for column, broken in enumerate(all_breaks())
    if (row + column) % SHARE == 0 and broken.concerns(life.requests[index]) and (is_soak() or not broken.is_long)
]

OTHERWISE_SHARE = 1 if is_soak() else 23
"""The same for what the API does otherwise all the time."""

OTHERWISE = [
    pytest.param(life, answers, id=f"{name}-{told(answers)}".replace(" ", "_"))
    for row, (name, life) in enumerate(LIVES.items())
    for column, answers in enumerate((*UNUSUAL, LAGGING))
    if (row + column) % OTHERWISE_SHARE == 0
]


@pytest.mark.parametrize("name", LIVES)
def test_the_matrix_has_every_request_of_every_operation(site: Site, name: str) -> None:
    life = LIVES[name]
    stack = Stack(site.account())
    life.prepare(stack)
    before = site.last_request
    outcome = life.operate(stack)
    assert bool(outcome.error) == life.fails
    assert [site.kind_of(request) for request in site.requests(before)] == list(life.requests)


@pytest.mark.parametrize(("life", "index", "broken"), CELLS)
def test_whatever_breaks_the_next_runs_put_it_right(
    site: Site, record_property: Callable[[str, object], None], life: Life, index: int, broken: Break
) -> None:
    stack = Stack(site.account())
    life.prepare(stack)
    watch = Watch(stack.account, [stack])
    begun, met = site.last_request, site.met
    try:
        with Broken(site, broken, life.target(index), index + 1) as around:
            outcome = watch.over(stack, lambda: life.operate(stack, **around))
            assert broken.was_met(site, outcome)
            waits = broken.waits(len(site.upvest.faults.met))
            assert outcome.process is not None
            assert not waits or outcome.process.waits == waits
        site.clear()
        watch.arrive()
        converge(watch, stack)
    except AssertionError:
        record(record_property, violations=1)
        raise
    finally:
        record(
            record_property,
            cells=1,
            operations=watch.operations,
            requests=site.last_request - begun,
            faults_met=site.met - met,
            ends=int(broken.is_end),
        )
        stack.account.wipe()


@pytest.mark.parametrize(("life", "answers"), OTHERWISE)
def test_whatever_the_api_turns_out_to_do_it_ends_as_declared(
    site: Site, record_property: Callable[[str, object], None], life: Life, answers: Answers
) -> None:
    with behaving(site, answers):
        stack = Stack(site.account())
        life.prepare(stack)
        watch = Watch(stack.account, [stack])
        watch.over(stack, lambda: life.operate(stack))
        converge(watch, stack)
    record(record_property, cells=1, operations=watch.operations)
    stack.account.wipe()
