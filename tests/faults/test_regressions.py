"""The shortest lives that broke an invariant once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.around import End, Ends
from tests.faults.behaviours import behaving
from tests.faults.convergence import converge
from tests.faults.invariants import Watch
from tests.faults.site import url_of
from tests.faults.stack import Hook, Stack
from upvest_provider import limits
from upvest_provider.local import Fault, FaultKind

if TYPE_CHECKING:
    from tests.faults.site import Site

HOOK = Hook("User webhook", url_of("a"))


def enabled_at(stack: Stack, url: str) -> list[str]:
    """The ids of the account's enabled webhooks at a URL."""
    webhooks = stack.account.webhooks.items()
    return [webhook_id for webhook_id, webhook in webhooks if webhook["enabled"] and webhook["url"] == url]


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
    site.silence(Fault(FaultKind.HOLD_BEFORE, "POST", "/webhooks", count=3))
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
    site.silence(Fault(FaultKind.HOLD_BEFORE, "PATCH", "/webhooks/", count=limits.ATTEMPTS))
    outcome = watch.over(stack, stack.up)
    assert "set back to its old values, unless the change that got no answer arrives late." in outcome.error
    site.clear()
    watch.arrive()
    assert stack.account.webhooks[webhook_id]["title"] == HOOK.title
    converge(watch, stack)


@pytest.mark.parametrize("refresh", [False, True])
def test_a_webhook_that_moves_back_stops_at_what_a_killed_run_enabled_there(site: Site, *, refresh: bool) -> None:
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    after_the_enabling = Ends(End.KILLED_AFTER, 4)  # token, list, POST, PATCH
    assert watch.over(stack, lambda: stack.up(ends=after_the_enabling)).was_killed
    (orphan,) = enabled_at(stack, HOOK.url)
    stack.program = {"users": replace(HOOK, url=url_of("b"))}
    assert not watch.over(stack, stack.up).error
    stack.program = {"users": HOOK}
    outcome = watch.over(stack, lambda: stack.up(refresh=refresh))
    assert orphan in outcome.error
    assert enabled_at(stack, HOOK.url) == [orphan]
    assert enabled_at(stack, url_of("b")) == [stack.held["users"]]
    converge(watch, stack)


@pytest.mark.parametrize("refresh", [False, True])
@pytest.mark.parametrize(
    ("before", "after", "foreign"),
    [
        pytest.param(HOOK, replace(HOOK, url=url_of("b")), {"url": url_of("b")}, id="moves"),
        pytest.param(replace(HOOK, enabled=False), HOOK, {"url": HOOK.url}, id="is enabled"),
        pytest.param(
            HOOK, replace(HOOK, type=("USER", "ORDER")), {"url": HOOK.url, "type": ["ORDER"]}, id="is widened"
        ),
        pytest.param(
            replace(HOOK, type=("ALL",), exclude_type=("ORDER",)),
            replace(HOOK, type=("ALL",)),
            {"url": HOOK.url, "type": ["ORDER"]},
            id="excludes less",
        ),
    ],
)
def test_a_change_onto_what_a_foreign_webhook_delivers_is_refused(
    site: Site, before: Hook, after: Hook, foreign: dict[str, object], *, refresh: bool
) -> None:
    stack = Stack(site.account(), program={"users": before})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    twin = stack.account.plant(**foreign)  # type: ignore[arg-type] # fields of a webhook
    stack.program = {"users": after}
    webhooks = stack.account.webhooks
    outcome = watch.over(stack, lambda: stack.up(refresh=refresh))
    assert twin in outcome.error
    assert stack.account.webhooks == webhooks
    converge(watch, stack)


def swapping(site: Site) -> tuple[Stack, Watch]:
    """Two webhooks for the same events, whose program has them swap their URLs."""
    moved = replace(HOOK, title="Second webhook", url=url_of("b"))
    stack = Stack(site.account(), program={"users": HOOK, "others": moved})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    stack.program = {"users": replace(HOOK, url=moved.url), "others": replace(moved, url=HOOK.url)}
    return stack, watch


def test_two_webhooks_of_one_program_swap_their_urls_in_one_up_that_refreshes(site: Site) -> None:
    stack, watch = swapping(site)
    outcome = watch.over(stack, lambda: stack.up(refresh=True))
    assert not outcome.error
    (warning,) = [line for line in outcome.lines if line.startswith("warning: ")]
    assert stack.held["others"] in warning
    assert enabled_at(stack, HOOK.url) == [stack.held["others"]]
    assert enabled_at(stack, url_of("b")) == [stack.held["users"]]
    converge(watch, stack)


def test_without_a_refresh_two_webhooks_that_swap_their_urls_are_told_of_it(site: Site) -> None:
    """Where the first is changed before the engine has asked about the second, nobody knows whose that is."""
    stack, watch = swapping(site)
    webhooks = stack.account.webhooks
    outcome = watch.over(stack, stack.up)
    if outcome.error:
        assert "`pulumi up --refresh` knows it" in outcome.error
        assert stack.held["others"] in outcome.error
        assert stack.account.webhooks == webhooks
    converge(watch, stack)


def test_what_was_renamed_without_a_word_is_not_deleted_by_a_run_that_goes_on(site: Site) -> None:
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    webhook_id = stack.held["users"]
    stack.program = {"people": HOOK}
    outcome = watch.over(stack, lambda: stack.up(goes_on=True))
    assert {call.method for call in outcome.failed} == {"create", "delete"}
    assert enabled_at(stack, HOOK.url) == [webhook_id]
    converge(watch, stack)


@pytest.mark.parametrize(("field", "people"), [("title", url_of("b")), ("url", url_of("a"))])
def test_what_the_api_refuses_a_renamed_webhook_for_is_not_deleted_by_a_run_that_goes_on(
    site: Site, field: str, people: str
) -> None:
    """It shares no events with the new one at its URL, so it is only the API that knows of the conflict."""
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    webhook_id = stack.held["users"]
    stack.program = {"people": replace(HOOK, url=people, type=("ORDER",))}
    with behaving(site, {f"duplicate_{field}": "refused"}):
        outcome = watch.over(stack, lambda: stack.up(goes_on=True))
        assert {call.method for call in outcome.failed} == {"create", "delete"}
        assert enabled_at(stack, HOOK.url) == [webhook_id]
        stack.program = {"people": replace(stack.program["people"], adopt_id=webhook_id)}
        assert not watch.over(stack, lambda: stack.up(goes_on=True)).error
        assert list(stack.account.webhooks) == [webhook_id]


def test_what_is_to_be_adopted_is_not_deleted_by_a_run_that_goes_on_without_it(site: Site) -> None:
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    webhook_id = stack.held["users"]
    stack.program = {"people": replace(HOOK, adopt_id=webhook_id)}
    site.upvest.faults.add(Fault(FaultKind.STATUS, "GET", "/webhooks/", status=400))
    outcome = watch.over(stack, lambda: stack.up(goes_on=True))
    assert {call.method for call in outcome.failed} == {"create", "delete"}
    assert enabled_at(stack, HOOK.url) == [webhook_id]
    site.mend()
    converge(watch, stack)


@pytest.mark.parametrize("removed", ["people", "users"])
def test_a_webhook_that_two_resources_of_the_state_hold_stays_with_the_one_that_stays(
    site: Site, removed: str
) -> None:
    """One of them adopted it before the other was compared, which says who has it."""
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    webhook_id = stack.held["users"]
    people = replace(HOOK, url=url_of("b"), adopt_id=webhook_id)
    stack.program = {"people": people, "users": HOOK}
    assert watch.over(stack, stack.up).error.startswith(f"webhook {webhook_id} is declared twice")
    assert stack.held == {"people": webhook_id, "users": webhook_id}
    stack.program = {"people": replace(people, adopt_id=None), "users": HOOK}
    assert watch.over(stack, stack.up).error.endswith(
        "Remove one of the two from the program: the webhook stays, as the other's."
    )
    del stack.program[removed]
    converge(watch, stack)
    assert list(stack.account.webhooks) == [webhook_id]


def test_what_was_deleted_by_hand_and_is_to_be_adopted_is_not_said_to_be_there(site: Site) -> None:
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    webhook_id = stack.held["users"]
    stack.account.remove(webhook_id)
    stack.program = {"people": replace(HOOK, adopt_id=webhook_id)}
    outcome = watch.over(stack, lambda: stack.up(goes_on=True))
    assert f"Nothing was deleted: the events of webhook {webhook_id} would be missed." in outcome.said
    converge(watch, stack)


@pytest.mark.parametrize("types", [("ORDER",), ("USER", "ORDER")])
def test_what_a_killed_run_enabled_is_named_once_one_of_its_events_is_declared(
    site: Site, types: tuple[str, ...]
) -> None:
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    watch.over(stack, lambda: stack.up(ends=Ends(End.KILLED_AFTER, 4)))  # token, list, POST, PATCH
    (left,) = stack.account.webhooks
    stack.program = {"users": replace(HOOK, type=types)}
    outcome = watch.over(stack, stack.up)
    assert (f'To take the webhook over as it is, add adopt_id="{left}".' in outcome.error) == ("USER" in types)
    converge(watch, stack)
    assert len(stack.account.webhooks) == (1 if "USER" in types else 2)


def test_what_an_earlier_run_posted_and_told_of_is_not_the_next_ones_to_name(site: Site) -> None:
    """It arrives once the next run has listed; that it is disabled, and its title, was said by the run that sent it."""
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    site.silence(Fault(FaultKind.HOLD_BEFORE, "POST", "/webhooks", count=3))
    assert "If one shows up late, it is disabled." in watch.over(stack, stack.up).error
    site.clear()

    def arrive(number: int) -> None:
        if number == 4:  # after token, list and POST
            site.arrive()

    assert not watch.over(stack, lambda: stack.up(before_request=arrive)).error
    late = [webhook for id_, webhook in stack.account.webhooks.items() if id_ != stack.held["users"]]
    assert late
    assert not any(webhook["enabled"] for webhook in late)
    assert f"({late[0]['title']}) is unfinished" in watch.over(stack, lambda: stack.up(refresh=True)).said
    converge(watch, stack)
