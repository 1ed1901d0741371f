"""The life of a webhook whose creation lost an answer and was killed, from the next `up` to its end."""

from __future__ import annotations

import pytest

from tests.crashes.processes import Family, kill_engine_during, unlock
from tests.lifecycle.life import Life, steps, users
from upvest_provider.claims import is_claim
from upvest_provider.local import Fault, FaultKind


@pytest.mark.parametrize("life", ["rehearsal", "cli"], indirect=True)
def test_a_webhook_made_in_two_runs_lives_like_any_other(life: Life, family: Family) -> None:
    life.declare(users())
    life.upvest.faults.add(Fault(FaultKind.LOST, method="POST", path="/webhooks"))
    kill_engine_during(life, Fault(FaultKind.TIMEOUT_BEFORE, method="PATCH"), meeting=2)
    family.end()
    unlock(life)
    assert life.sent() == ["token", "GET", "POST", "GET"]
    assert (is_claim(life.webhook().title), life.webhook().enabled) == (True, False)

    assert steps(life.stack.up()) == [("create", "users")]
    assert life.sent() == ["token", "GET", "GET", "DELETE", "POST", "PATCH"]
    assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)
    assert steps(life.stack.up(refresh=True)) == [("refresh", "users"), ("same", "users")]
    life.declare(users(title='"New"'))
    assert steps(life.stack.up()) == [("update", "users", ("title",))]
    assert steps(life.stack.destroy()) == [("delete", "users")]
    assert life.webhooks() == []
