"""The shortest lives that broke an invariant once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.faults.breaks import PATIENCE
from tests.faults.convergence import converge
from tests.faults.invariants import Watch
from tests.faults.site import url_of
from tests.faults.stack import Hook, Stack
from upvest_provider import limits
from upvest_provider.local import Fault, FaultKind

if TYPE_CHECKING:
    from tests.faults.site import Site

HOOK = Hook("User webhook", url_of("a"))


def test_a_webhook_that_was_renamed_by_alias_and_back_by_adoption_is_not_deleted(site: Site) -> None:
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    webhook_id = stack.held["users"]
    stack.program = {"orders": replace(HOOK, aliases=("users",))}
    assert not watch.over(stack, stack.up).error
    stack.program = {"users": replace(HOOK, adopt_id=webhook_id)}
    assert not watch.over(stack, stack.up).error
    assert list(stack.account.webhooks) == [webhook_id]
    converge(watch, stack)


def test_what_an_earlier_run_posted_too_late_is_not_taken_for_what_this_one_posted(site: Site) -> None:
    """The earlier program had another URL; its POST arrives while this run's own answer is lost."""
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    site.wire.patience = PATIENCE
    site.upvest.faults.add(Fault(FaultKind.HOLD_BEFORE, "POST", "/webhooks", count=3))
    assert watch.over(stack, stack.up).error
    site.clear()
    stack.program = {"users": replace(HOOK, url=url_of("b"))}

    def arrive(number: int) -> None:
        if number == 3:  # after token and list, the POST is about to be sent
            site.mend()
            site.upvest.faults.add(Fault(FaultKind.RESET_BEFORE, "POST", "/webhooks"))

    watch.over(stack, lambda: stack.up(before_request=arrive))
    site.mend()
    enabled = {webhook["url"] for webhook in stack.account.webhooks.values() if webhook["enabled"]}
    assert enabled == {url_of("b")}
    converge(watch, stack)


def test_what_an_unanswered_request_deleted_is_not_called_already_gone(site: Site) -> None:
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    webhook_id = stack.account.plant(foreign=False, url=HOOK.url, enabled=False, title=stack.claim("users"))
    site.upvest.faults.add(Fault(FaultKind.LOST, "DELETE", "/webhooks/"))
    outcome = watch.over(stack, stack.up)
    assert f"webhook {webhook_id} was gone" in outcome.lines


def test_what_an_unanswered_clean_up_deleted_is_left_behind_only_perhaps(site: Site) -> None:
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    site.upvest.faults.add(Fault(FaultKind.STATUS, "PATCH", "/webhooks/", status=403))
    site.upvest.faults.add(Fault(FaultKind.LOST, "DELETE", "/webhooks/"))
    site.upvest.faults.add(Fault(FaultKind.STATUS, "DELETE", "/webhooks/", skip=1, status=403))
    outcome = watch.over(stack, stack.up)
    assert not stack.account.webhooks
    assert "Left behind, perhaps: webhook " in outcome.error


def test_old_values_are_not_promised_while_a_change_without_an_answer_is_on_its_way(site: Site) -> None:
    stack = Stack(site.account())
    webhook_id = stack.account.plant(url=HOOK.url)
    stack.program = {"users": replace(HOOK, adopt_id=webhook_id)}
    watch = Watch(stack.account, [stack])
    site.wire.patience = PATIENCE
    site.upvest.faults.add(Fault(FaultKind.HOLD_BEFORE, "PATCH", "/webhooks/", count=limits.ATTEMPTS))
    outcome = watch.over(stack, stack.up)
    assert "set back to its old values, unless the change that got no answer arrives late." in outcome.error
    site.clear()
    watch.arrive()
    assert stack.account.webhooks[webhook_id]["title"] == HOOK.title
    converge(watch, stack)
