"""Any life of two stacks on one account: programs change, people meddle, everything breaks, processes die."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.faults import behaviours, steps
from tests.faults.around import End, Ends
from tests.faults.breaks import FOR_EVER, LAGS, REFUSED, RETRY_AFTER, SILENT, WITH_STATUS, Break
from tests.faults.lives import LIST, TARGETS
from tests.faults.steps import NAMES, TYPES, URLS, World
from tests.faults.tally import record, record_seed, seed_base
from tests.soak import is_soak
from upvest_provider.local import FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.behaviours import Answers
    from tests.faults.site import Site
    from tests.faults.steps import Step

    Rounds = list[tuple[list[Step], Step]]

SHARDS = 4
SCHEDULES = int(os.environ.get("UPVEST_SCHEDULES") or (2000 if is_soak() else 24))
EACH = -(-SCHEDULES // SHARDS)
"""Of one shard."""

mostly_dev = st.sampled_from(("dev", "dev", "dev", "dev", "other"))
indexes = st.integers(0, 2)
names = st.sampled_from(NAMES)
urls = st.sampled_from(tuple(URLS))
types = st.sampled_from(TYPES)
counts = st.sampled_from((1, 1, 2, 5, FOR_EVER))

OF_ONE_KIND = [
    kind for kind in FaultKind if kind not in {*WITH_STATUS, *SILENT, FaultKind.LAG, FaultKind.BEHAVIOUR}
]
breaks = st.one_of(
    st.builds(Break, st.sampled_from(OF_ONE_KIND), count=counts),
    st.one_of(
        [
            st.builds(
                Break, st.just(kind), st.just(status), counts, st.sampled_from(RETRY_AFTER.get(status, (None,)))
            )
            for kind, statuses in WITH_STATUS.items()
            for status in statuses
        ]
    ),
    st.builds(Break, st.just(REFUSED), count=st.sampled_from((1, 5, FOR_EVER))),
    # A twentieth of a second each, so not for ever.
    st.builds(Break, st.sampled_from(sorted(SILENT)), count=st.sampled_from((1, 3))),
    st.builds(Break, st.just(FaultKind.BEHAVIOUR), count=counts, answers=st.sampled_from(behaviours.UNUSUAL)),
)
troubles = st.builds(
    steps.Trouble,
    breaks,
    st.sampled_from([("", ""), ("", ""), *dict.fromkeys(TARGETS.values())]),
    st.sampled_from((0, 0, 1, 2, 3)),
)
lags = st.builds(
    steps.Trouble,
    st.builds(Break, st.just(FaultKind.LAG), count=st.sampled_from((1, FOR_EVER)), lag=st.sampled_from(LAGS)),
    st.just(TARGETS[LIST]),
    st.sampled_from((0, 0, 1)),
)
ends = st.one_of(st.none(), st.none(), st.builds(Ends, st.sampled_from(End), st.integers(1, 6)))

fields = st.sampled_from(
    (
        (),
        (("enabled", False),),
        (("exclude_type", ("USER",)),),
        (("config", {"delay": "2s"}),),
        (("config", {"delay": "3s", "max_package_size": 1000}),),
        (("verify", "require"),),
        (("verify", "warn"),),
        (("verify", "after_enable"),),
    )
)
declarations = st.builds(steps.Declare, mostly_dev, names, urls, types, fields)
changes = st.one_of(
    declarations,
    declarations,
    declarations,
    declarations,
    st.builds(steps.Retitle, mostly_dev, indexes),
    st.builds(steps.MoveBack, mostly_dev, indexes),
    st.builds(steps.Widen, mostly_dev, indexes, st.sampled_from(("USER", "ORDER"))),
    st.builds(steps.Switch, mostly_dev, indexes),
    st.builds(steps.Drop, mostly_dev, indexes),
    st.builds(steps.Rename, mostly_dev, indexes, names, st.sampled_from(("alias", "adopt_id", "neither"))),
    st.builds(steps.Swap, mostly_dev),
    st.builds(steps.ByHand, st.sampled_from(("disable", "retitle", "configure", "delete")), st.integers(0, 3)),
    st.builds(steps.Plant, urls, types, st.booleans()),
    st.just(steps.Arrive()),
    st.builds(steps.Answer, st.sampled_from((200, 500))),
    st.builds(steps.WithWrongAccount, mostly_dev, st.sampled_from(("up", "up --refresh", "refresh", "destroy"))),
)


def _schedules(troubles: st.SearchStrategy[steps.Trouble]) -> st.SearchStrategy[list[Step]]:
    """Two lists of rounds, for hypothesis makes a long list seldom."""
    operations = st.builds(
        steps.Operate,
        mostly_dev,
        st.sampled_from(("up",) * 5 + ("up --refresh",) * 4 + ("refresh", "preview", "destroy")),
        st.lists(troubles, max_size=4).map(tuple),
        ends,
        st.sampled_from((30.0, 0.5)),
        st.sampled_from((0, 0, 0, 2, 3, 4)),
        st.sampled_from((False, False, False, True)),
    )
    rounds = st.lists(st.tuples(st.lists(changes, min_size=1, max_size=2), operations), max_size=10)
    begun = st.lists(declarations, min_size=1, max_size=4)
    return st.tuples(begun, rounds, rounds).map(lambda parts: _in_a_row(*parts))


def _in_a_row(begun: list[Step], *parts: Rounds) -> list[Step]:
    return [*begun, steps.Operate("dev", "up")] + [
        step for part in parts for before, operation in part for step in (*before, operation)
    ]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_happens_the_next_runs_put_it_right(
    site: Site, record_property: Callable[[str, object], None], shard: int
) -> None:
    _live(site, record_property, shard, _schedules(troubles), (behaviours.USUAL, *behaviours.UNUSUAL))


def test_behind_lists_that_lag_all_holds_but_what_they_hide(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    """What an earlier run left, killed or unable to clean up, can be hidden until a second one is enabled."""
    lagging = (behaviours.USUAL, behaviours.LAGGING)
    _live(site, record_property, SHARDS, _schedules(st.one_of(troubles, lags)), lagging)


def _live(
    site: Site,
    record_property: Callable[[str, object], None],
    number: int,
    schedules: st.SearchStrategy[list[Step]],
    kinds: tuple[Answers, ...],
) -> None:
    counts = dict.fromkeys(("schedules", "operations", "requests", "faults_met", "ends", "violations"), 0)
    begun, met = site.last_request, site.met

    @seed(seed_base() + number)
    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
    )
    @given(schedule=schedules, answers=st.sampled_from(kinds))
    def lives(schedule: list[Step], answers: Answers) -> None:
        counts["schedules"] += 1
        with behaviours.behaving(site, answers):
            world = World.on(site)
            world.begin(f"the API: {behaviours.told(answers)}")
            try:
                world.perform(schedule)
            finally:
                counts["operations"] += world.watch.operations
                counts["ends"] += world.ends
                site.mend()
                site.receiver.status = 200
                world.account.wipe()

    try:
        lives()
    except AssertionError:
        counts["violations"] += 1
        raise
    finally:
        counts |= {"requests": site.last_request - begun, "faults_met": site.met - met}
        record(record_property, **counts)
        record_seed(record_property)
    assert counts["schedules"] >= EACH
