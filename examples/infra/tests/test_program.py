from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upvest_provider.local import LocalUpvest
    from upvest_provider.testing.plugin import Rehearse

pytest_plugins = ["upvest_provider.testing.plugin"]


def test_both_webhooks_are_enabled_and_stay_as_they_are(upvest_local: LocalUpvest, rehearse: Rehearse) -> None:
    stack = rehearse("dev")
    assert [(step.kind, step.name) for step in stack.up().steps] == [("create", "orders"), ("create", "users")]
    assert all(webhook["enabled"] for webhook in upvest_local.store.webhooks())
    assert {step.kind for step in stack.up().steps} == {"same"}


def test_a_preview_refuses_a_delay_of_45_seconds(upvest_local: LocalUpvest, rehearse: Rehearse) -> None:
    assert "from 1s to 30s" in str(rehearse("dev", config={"userEventDelay": "45s"}).preview().error)
    assert upvest_local.requests() == []
