"""Any life of two stacks on one account: programs change, people meddle, everything breaks, processes die."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.faults import steps
from tests.faults.around import End, Ends
from tests.faults.breaks import FOR_EVER, REFUSED, SILENT, WITH_STATUS, Break
from tests.faults.lives import TARGETS
from tests.faults.steps import NAMES, TYPES, URLS, World
from tests.faults.tally import is_soak, record
from upvest_provider.local import FaultKind, load_behaviour

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.site import Site
    from tests.faults.steps import Step

SHARDS = 4
SCHEDULES = int(os.environ.get("UPVEST_SCHEDULES") or (2000 if is_soak() else 40))

BEHAVIOURS: list[dict[str, Any]] = [
    {},
    {"url_host": "lowered", "type_order": "sorted", "unknown_fields": "added"},
    {"config_patch": "replaced", "patch_without_type": "all"},
    {"disabled_webhook_test": "refused"},
    {"test_answer": 202},
    {"url_change": "disables"},
]
"""What the API may turn out to do, where its documents are silent."""

mostly_dev = st.sampled_from(("dev", "dev", "dev", "dev", "other"))
indexes = st.integers(0, 2)
names = st.sampled_from(NAMES)
urls = st.sampled_from(tuple(URLS))
types = st.sampled_from(TYPES)

breaks = st.one_of(
    st.builds(
        Break,
        st.sampled_from([kind for kind in FaultKind if kind not in {*WITH_STATUS, *SILENT, FaultKind.LAG}]),
        st.just(0),
        st.sampled_from((1, 1, 2, 5, FOR_EVER)),
    ),
    st.one_of(
        *(
            st.builds(Break, st.just(kind), st.sampled_from(statuses), st.sampled_from((1, 1, 2, 5, FOR_EVER)))
            for kind, statuses in WITH_STATUS.items()
        )
    ),
    st.builds(Break, st.just(REFUSED), st.just(0), st.sampled_from((1, 5, FOR_EVER))),
    st.builds(Break, st.just(FaultKind.HOLD_BEFORE), st.just(0), st.sampled_from((1, 3))),
)
troubles = st.builds(
    steps.Trouble,
    breaks,
    st.sampled_from([("", ""), ("", ""), *dict.fromkeys(TARGETS.values())]),
    st.sampled_from((0, 0, 1, 2, 3)),
)
ends = st.one_of(st.none(), st.none(), st.builds(Ends, st.sampled_from(End), st.integers(1, 6)))

fields = st.sampled_from(
    (
        (),
        (("enabled", False),),
        (("config", {"delay": "2s"}),),
        (("config", {"delay": "3s", "max_package_size": 1000}),),
        (("verify", "require"),),
        (("verify", "warn"),),
        (("verify", "after_enable"),),
    )
)
operations = st.builds(
    steps.Operate,
    mostly_dev,
    st.sampled_from(("up",) * 5 + ("up --refresh",) * 4 + ("refresh", "preview", "destroy")),
    st.lists(troubles, max_size=4).map(tuple),
    ends,
    st.sampled_from((30.0, 0.5)),
    st.sampled_from((0, 0, 0, 2, 3, 4)),
)
declarations = st.builds(steps.Declare, mostly_dev, names, urls, types, fields)
changes = st.one_of(
    declarations,
    declarations,
    declarations,
    declarations,
    st.builds(steps.Retitle, mostly_dev, indexes),
    st.builds(steps.Drop, mostly_dev, indexes),
    st.builds(steps.Rename, mostly_dev, indexes, names, st.sampled_from(("alias", "adopt_id", "neither"))),
    st.builds(steps.Swap, mostly_dev),
    st.builds(steps.ByHand, st.sampled_from(("disable", "retitle", "configure", "delete")), st.integers(0, 3)),
    st.builds(steps.Plant, urls, types, st.booleans()),
    st.just(steps.Arrive()),
    st.builds(steps.Answer, st.sampled_from((200, 500))),
    st.builds(steps.WithWrongAccount, mostly_dev, st.sampled_from(("up", "up --refresh", "refresh", "destroy"))),
)
rounds = st.lists(st.tuples(st.lists(changes, min_size=1, max_size=2), operations), max_size=10)


def _in_a_row(begun: list[Step], *parts: list[tuple[list[Step], Step]]) -> list[Step]:
    return [*begun, steps.Operate("dev", "up")] + [
        step for part in parts for before, operation in part for step in (*before, operation)
    ]


schedules = st.tuples(st.lists(declarations, min_size=1, max_size=4), rounds, rounds).map(
    lambda parts: _in_a_row(*parts)
)
"""Two lists of rounds, for hypothesis makes a long list seldom."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_happens_the_next_runs_put_it_right(
    site: Site, record_property: Callable[[str, object], None], shard: int
) -> None:
    counts = dict.fromkeys(("schedules", "operations", "requests", "faults_met", "ends", "violations"), 0)
    begun, met = site.last_request, site.met

    @seed(shard)
    @settings(
        max_examples=SCHEDULES // SHARDS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
    )
    @given(schedule=schedules, behaviour=st.sampled_from(BEHAVIOURS))
    def lives(schedule: list[Step], behaviour: dict[str, Any]) -> None:
        world = World.on(site, replace(load_behaviour(), **behaviour))
        world.begin(f"the API: {behaviour}" if behaviour else "")
        counts["schedules"] += 1
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
        site.upvest.behaviour = load_behaviour()
        counts |= {"requests": site.last_request - begun, "faults_met": site.met - met}
        record(record_property, **counts)
