"""No invariant is one that cannot fail: each is shown what breaks it, beside what does not."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import invariants
from tests.faults.convergence import agree, converge, follow, require_id
from tests.faults.invariants import INVARIANTS, SAID, Owner, Seen, Violation, Watch
from tests.faults.site import url_of
from tests.faults.stack import Call, Hook, Outcome, Refusal, Stack
from upvest_provider.errors import OperationFailed, UpvestError, WrongAccount
from upvest_provider.local import Fault, FaultKind, LoggedRequest
from upvest_provider.testing.outcome import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.site import Document, Site

HOOK = Hook("User webhook", url_of("users"))
OTHER = "00000000-0000-4000-8000-000000000000"
"""The id of a webhook that there is in hand-made accounts only."""


@dataclass
class Lived:
    """A stack with one webhook, and the `up` that made it."""

    stack: Stack
    watch: Watch
    seen: Seen
    id: str = field(init=False)

    def __post_init__(self) -> None:
        (self.id,) = self.stack.held.values()

    def other(self, **fields: object) -> Document:
        """A second webhook like the stack's own."""
        return {**self.seen.after[self.id], "id": OTHER, **fields}

    def since(self, *, other: Document | None = None, **changed: Any) -> Seen:  # noqa: ANN401 - fields of `Seen`
        """The same operation on an account that held all before, with a second webhook where one is given."""
        both = {**self.seen.after} | ({OTHER: other} if other else {})
        return replace(self.seen, **{"before": both, "after": both, "held_before": self.seen.held, **changed})

    def failed(self, failure: UpvestError, method: str = "update", **changed: Any) -> Seen:  # noqa: ANN401 - as above
        """An operation that failed."""
        call = Call(method, "users", "" if method == "create" else self.id, failure)
        return self.since(**{"outcome": Outcome("up", calls=[call], errors=[str(failure)]), **changed})

    def said(self, *lines: str, **changed: Any) -> Seen:  # noqa: ANN401 - as above
        """An operation that went well and said something."""
        return self.since(**{"outcome": Outcome("up", lines=list(lines)), **changed})

    def refused(self, reason: str, error: str | None = None) -> Seen:
        """An operation whose program was refused offline."""
        told = f"resource 'users' has a problem: {reason}" if error is None else error
        return self.since(outcome=Outcome("up", refusals=[Refusal("users", reason)], errors=[told]))


@pytest.fixture
def lived(site: Site) -> Lived:
    stack = Stack(site.account(), program={"users": HOOK})
    watch = Watch(stack.account, [stack])
    assert not watch.over(stack, stack.up).error
    assert watch.last is not None
    return Lived(stack, watch, watch.last)


def twice(lived: Lived) -> Seen:
    owners = {**lived.seen.owners, OTHER: Owner("dev", "users")}
    return replace(lived.seen, after={**lived.seen.after, OTHER: lived.other()}, owners=owners)


def beside(lived: Lived) -> Seen:
    foreign = frozenset({OTHER})
    return replace(twice(lived), before={OTHER: lived.other()}, foreign=foreign)


def unknown(lived: Lived) -> Seen:
    return replace(lived.seen, after={**lived.seen.after, OTHER: lived.other(url=url_of("elsewhere"))})


def unknown_though_mentioned(lived: Lived) -> Seen:
    outcome = Outcome("up", lines=[f"updated webhook {OTHER}"], errors=["Left behind: webhook of another."])
    return replace(unknown(lived), outcome=outcome)


def changed_by_a_failed_adoption(lived: Lived) -> Seen:
    seen = lived.since(other=lived.other(), foreign=frozenset({OTHER}))
    return replace(seen, after={**seen.after, OTHER: lived.other(title="Anew")})


def dropped(lived: Lived) -> Seen:
    return lived.since(held={})


def deleted_elsewhere(lived: Lived) -> Seen:
    seen = lived.since(other=lived.other(), held_elsewhere=frozenset({OTHER}))
    return replace(seen, after=lived.seen.after)


def deleted_under_a_declared_name(lived: Lived) -> Seen:
    return lived.since(after={})


def deleted_though_nobodys(lived: Lived) -> Seen:
    return replace(lived.since(other=lived.other()), after=lived.seen.after)


def deleted_before_it_was_adopted(lived: Lived) -> Seen:
    lived.stack.program["people"] = replace(HOOK, adopt_id=OTHER)
    return replace(lived.since(other=lived.other()), after=lived.seen.after)


IN_THE_WAY = f"webhook {OTHER} ('Users') already delivers USER to this URL"
TAKEN = f"Upvest answered 409: title: webhook {OTHER} {invariants.TAKEN}"


def deleted_though_in_the_way(method: str, cause: str) -> Callable[[Lived], Seen]:
    def seen(lived: Lived) -> Seen:
        failure = UpvestError(cause, fix="Wait.")
        return replace(lived.failed(failure, method, other=lived.other()), after=lived.seen.after)

    return seen


def changed_though_anothers(lived: Lived) -> Seen:
    return replace(changed_by_a_failed_adoption(lived), foreign=frozenset(), held_elsewhere=frozenset({OTHER}))


def changed_by_a_stranger(lived: Lived) -> Seen:
    return replace(lived.seen, wrong=True)


def asked_by_a_stranger(lived: Lived) -> Seen:
    return lived.since(wrong=True)


def dropped_by_a_stranger(lived: Lived) -> Seen:
    return lived.since(wrong=True, held={}, outcome=Outcome("up"))


def left_behind(lived: Lived) -> Seen:
    call = Call("create", "orders", "", made=frozenset({OTHER}))
    return lived.since(other=lived.other(), outcome=Outcome("up", calls=[call]))


def failed_of(*parts: str, fix: str) -> Callable[[Lived], Seen]:
    def seen(lived: Lived) -> Seen:
        summary, *details = (part.format(lived.id) for part in parts)
        return lived.failed(OperationFailed(summary, *details, fix=fix))

    return seen


def failed_to_create(lived: Lived) -> Seen:
    return lived.failed(WrongAccount("the settings name another account", fix="Correct them."), "create")


def failed_without_a_word(lived: Lived) -> Seen:
    return lived.since(outcome=Outcome("up", errors=["it failed"]))


def refused(reason: str, error: str | None = None) -> Callable[[Lived], Seen]:
    return lambda lived: lived.refused(reason, error)


def refused_without_a_next_step(lived: Lived) -> Seen:
    lived.stack.program["orders"] = HOOK
    return lived.refused(SHARES.replace("users", "orders"))


def changed_by_what_failed(fix: str, *details: str, method: str = "update") -> Callable[[Lived], Seen]:
    def seen(lived: Lived) -> Seen:
        failed = lived.failed(UpvestError("no answer", *details, fix=fix), method)
        left = {} if method == "delete" else {lived.id: {**lived.seen.after[lived.id], "title": "Anew"}}
        return replace(failed, after=left)

    return seen


def said_to_be(done: str) -> Callable[[Lived], Seen]:
    return lambda lived: lived.said(f"{done} webhook {lived.id} (upvest-request-id 1)", requests=[])


def said_to_be_gone(lived: Lived) -> Seen:
    return lived.said(f"webhook {lived.id} was already gone")


def not_removed(lived: Lived) -> Seen:
    step = Step("create", "users", "", (), "")
    outcome = replace(lived.seen.outcome, steps=[step])
    return lived.since(other=lived.other(title=lived.stack.claim("users"), enabled=False), outcome=outcome)


def answered(status: int, detail: str = "") -> Callable[[Lived], Seen]:
    request = LoggedRequest(1, "PATCH", f"/webhooks/{OTHER}", "", status, detail, "", "", None)
    return lambda lived: lived.since(requests=[request])


def sent_too_late(lived: Lived) -> Seen:
    process = lived.seen.outcome.process
    assert process is not None
    process.begun_at_end = lived.seen.begun - 1
    return lived.seen


def told_a_secret(lived: Lived) -> Seen:
    return lived.since(outcome=Outcome("up", text=f"the secret is {lived.stack.account.secret}"))


def logged_a_secret(lived: Lived) -> Seen:
    logging.getLogger("upvest_provider").debug("posts to %s", HOOK.url)
    return lived.seen


FIRST = "update of webhook 'users' ({}) failed: "
REFRESH = "Run `pulumi up --refresh`."
SHARES = "type must not share USER with 'users', which has the same URL."
NEXT = " Give one of them other categories."

BROKEN: list[tuple[Callable[[Seen], None], Callable[[Lived], Seen], str]] = [
    (invariants.no_webhook_delivers_twice, twice, "(a)"),
    (invariants.nothing_begins_to_deliver_beside_another, beside, "(a)"),
    (invariants.what_no_state_knows_is_disabled_or_named, unknown, "(b)"),
    (invariants.what_no_state_knows_is_disabled_or_named, unknown_though_mentioned, "(b)"),
    (invariants.a_failed_adoption_goes_back_or_says_that_it_did_not, changed_by_a_failed_adoption, "(b)"),
    (invariants.nothing_leaves_the_state_but_what_is_gone_or_was_to_go, dropped, "(c)"),
    (invariants.nothing_is_deleted_that_a_state_holds, deleted_elsewhere, "another stack"),
    (invariants.nothing_is_deleted_that_a_state_holds, deleted_under_a_declared_name, "the program has"),
    (invariants.nothing_is_deleted_that_a_state_holds, deleted_though_nobodys, "was deleted"),
    (invariants.what_is_to_be_taken_over_is_not_deleted_before, deleted_before_it_was_adopted, "(c)"),
    (
        invariants.what_is_to_be_taken_over_is_not_deleted_before,
        deleted_though_in_the_way("create", IN_THE_WAY),
        "(c)",
    ),
    (
        invariants.what_is_to_be_taken_over_is_not_deleted_before,
        deleted_though_in_the_way("create", TAKEN),
        "what is to take its place has not",
    ),
    (invariants.what_belongs_to_others_is_left_alone, changed_though_anothers, "(c)"),
    (invariants.the_wrong_account_changes_nothing, changed_by_a_stranger, "(c)"),
    (invariants.the_wrong_account_changes_nothing, asked_by_a_stranger, "(c)"),
    (invariants.the_wrong_account_changes_nothing, dropped_by_a_stranger, "(c)"),
    (invariants.what_is_left_behind_is_named, left_behind, "(e)"),
    (
        invariants.an_error_is_for_the_person_at_the_terminal,
        failed_of(FIRST + "no answer came", fix=""),
        "does not end with a next step",
    ),
    (
        invariants.an_error_is_for_the_person_at_the_terminal,
        failed_of(FIRST + "no answer came", fix="try again"),
        "is no sentence",
    ),
    (
        invariants.an_error_is_for_the_person_at_the_terminal,
        failed_of("no answer came", fix=REFRESH),
        "does not begin with",
    ),
    (invariants.an_error_is_for_the_person_at_the_terminal, failed_of(FIRST, fix=REFRESH), "tells no cause"),
    (
        invariants.an_error_is_for_the_person_at_the_terminal,
        failed_of(FIRST + "ReadTimeout", fix=REFRESH),
        "tells no cause",
    ),
    (
        invariants.an_error_is_for_the_person_at_the_terminal,
        failed_of(FIRST + "the test delivery failed: ", fix=REFRESH),
        "tells no cause",
    ),
    (invariants.an_error_is_for_the_person_at_the_terminal, failed_to_create, "names no webhook"),
    (invariants.a_refusal_is_for_the_person_at_the_terminal, failed_without_a_word, "nothing says why"),
    (
        invariants.a_refusal_is_for_the_person_at_the_terminal,
        refused("url must start with https://", "it is wrong"),
        "not told what is refused",
    ),
    (invariants.a_refusal_is_for_the_person_at_the_terminal, refused("url is wrong"), "must be what"),
    (invariants.a_refusal_is_for_the_person_at_the_terminal, refused(SHARES + NEXT), "the other webhook"),
    (
        invariants.a_refusal_is_for_the_person_at_the_terminal,
        refused_without_a_next_step,
        "or the next step is missing",
    ),
    (invariants.an_unknown_outcome_ends_with_a_refresh, changed_by_what_failed("Wait."), "(e)"),
    (invariants.an_unknown_outcome_ends_with_a_refresh, changed_by_what_failed("Wait.", REFRESH), "(e)"),
    (
        invariants.an_unknown_outcome_ends_with_a_refresh,
        changed_by_what_failed("Wait.", method="delete"),
        "(e)",
    ),
    (invariants.what_is_said_to_be_done_was_done, said_to_be("updated"), "(e)"),
    (invariants.what_is_said_to_be_done_was_done, said_to_be("deleted"), "(e)"),
    (invariants.what_is_said_to_be_done_was_done, said_to_be("tested"), "(e)"),
    (invariants.what_is_said_of_the_account_is_true, said_to_be_gone, "(e)"),
    (invariants.what_the_next_up_is_said_to_remove_is_removed, not_removed, "(e)"),
    (invariants.every_request_is_one_that_the_api_takes, answered(400), "400"),
    (invariants.every_request_is_one_that_the_api_takes, answered(409), "409"),
    (invariants.nothing_is_sent_once_the_engine_is_gone, sent_too_late, "(f)"),
    (invariants.no_secret_is_told, told_a_secret, "what was said"),
    (invariants.no_secret_is_told, logged_a_secret, "the log"),
]


def _name(part: object) -> str | None:
    return getattr(part, "__name__", None)


@pytest.mark.parametrize(("invariant", "broken", "told"), BROKEN, ids=_name)
def test_what_breaks_an_invariant_is_reported(
    lived: Lived, invariant: Callable[[Seen], None], broken: Callable[[Lived], Seen], told: str
) -> None:
    invariant(lived.seen)
    with pytest.raises(Violation) as reported:
        invariant(broken(lived))
    assert told in str(reported.value)


def test_each_invariant_is_broken_here() -> None:
    assert {invariant for invariant, _, _ in BROKEN} == {*INVARIANTS}


@pytest.mark.parametrize(
    ("invariant", "kept"),
    [
        (invariants.no_webhook_delivers_twice, lambda lived: replace(twice(lived), hidden=frozenset({OTHER}))),
        (
            invariants.nothing_begins_to_deliver_beside_another,
            lambda lived: replace(beside(lived), before={**lived.seen.after, OTHER: lived.other()}),
        ),
        (
            invariants.what_no_state_knows_is_disabled_or_named,
            lambda lived: replace(
                unknown(lived), outcome=Outcome("up", errors=[f"Left behind: webhook {OTHER}."])
            ),
        ),
        (
            invariants.a_failed_adoption_goes_back_or_says_that_it_did_not,
            lambda lived: replace(
                changed_by_a_failed_adoption(lived),
                outcome=Outcome("up", errors=[f"Webhook {OTHER} may hold the new values."]),
            ),
        ),
        (invariants.what_is_to_be_taken_over_is_not_deleted_before, deleted_though_nobodys),
        (
            invariants.what_is_to_be_taken_over_is_not_deleted_before,
            deleted_though_in_the_way("update", TAKEN),
        ),
        (
            invariants.an_error_is_for_the_person_at_the_terminal,
            failed_of(FIRST + "no answer came", fix=REFRESH),
        ),
        (invariants.a_refusal_is_for_the_person_at_the_terminal, refused("url must start with https://")),
        (invariants.an_unknown_outcome_ends_with_a_refresh, changed_by_what_failed(REFRESH)),
        (
            invariants.an_unknown_outcome_ends_with_a_refresh,
            # As after an interrupted run, of which the state knows nothing.
            lambda lived: lived.failed(
                UpvestError("no answer", fix="Wait."),
                before={lived.id: {**lived.seen.after[lived.id], "title": "Of a run"}},
                after=lived.seen.after,
            ),
        ),
        (invariants.every_request_is_one_that_the_api_takes, answered(409, "url: it has it already")),
    ],
    ids=_name,
)
def test_what_is_allowed_is_not_reported(
    lived: Lived, invariant: Callable[[Seen], None], kept: Callable[[Lived], Seen]
) -> None:
    invariant(kept(lived))


UNTRUE = {
    r"created webhook (\S+) ": "created webhook {own} (upvest-request-id 1)",
    r"webhook (\S+) was already gone": "webhook {own} was already gone",
    r"webhook (\S+) is gone": "webhook {own} is gone",
    r"\((\S+)\) failed: it is gone": "update of webhook 'users' ({own}) failed: it is gone",
    r"adopt_id is (\S+), and this account has no such webhook": "adopt_id is {own}, and this account has no such webhook",
    r"webhook (\S+), made on the way, was deleted again": "Webhook {own}, made on the way, was deleted again.",
    r"webhook (\S+) is kept": "webhook {gone} is kept: the program has it",
    r"(?<!was )left behind: webhook ([^\s,.]+)": "Left behind: webhook {other}.",
    r"titled (pulumi-[0-9a-f]+)": "another titled pulumi-0123456789abcdef is disabled",
    r"webhook (\S+) is as it was": "Webhook {changed} is as it was.",
    r"webhook (\S+) was not changed": "Webhook {changed} was not changed: each event would arrive twice.",
    r"Nothing was deleted: the events of webhook (\S+) would": "Nothing was deleted: the events of webhook {gone} would be missed.",
    r"webhook (\S+) was set back to its old values\.": "Webhook {changed} was set back to its old values.",
    r"webhook ([0-9a-f-]{36}).* (?:already|still) delivers": "webhook {other} ('Users') already delivers USER to this URL",
    r"webhook ([0-9a-f-]{36}).* is subscribed to .*, though disabled": "webhook {own} is subscribed to USER at this URL, though disabled",
    r"webhooks (\S+) \(.*\) and (\S+) \(.*\) both deliver": "warning: webhooks {other} ('A') and {changed} ('B') both deliver USER",
    r"until webhook (\S+), which is of this stack too": "USER arrives twice until webhook {other}, which is of this stack too, has changed",
    r"Nothing was (?:left behind|created)|POST /webhooks was not sent": "Nothing was created: each event would arrive twice.",
    r"Nothing was (?:written|sent)": "Nothing was written.",
}
"""For each thing that a text can say of the account, one that is not so: of the stack's own webhook, which is enabled;
of one that is gone; of one that was changed, enabled under a claim; of one that there never was."""

GONE, CHANGED = OTHER.replace("8", "9"), OTHER.replace("8", "a")


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in SAID])
def test_what_is_said_of_the_account_and_is_not_so_is_reported(lived: Lived, pattern: str) -> None:
    text = UNTRUE[pattern].format(own=lived.id, other=OTHER, gone=GONE, changed=CHANGED)
    claimed = lived.other(title="pulumi-0123456789abcdef", url=url_of("elsewhere"))
    changed = lived.other(enabled=False)
    after = {**lived.seen.after, CHANGED: claimed}
    call = Call("create", "users", "", UpvestError(text), frozenset({CHANGED}), after)
    seen = lived.since(
        before={**lived.seen.after, GONE: changed}
        | ({CHANGED: changed} if "{changed}" in UNTRUE[pattern] else {}),
        after=after,
        outcome=Outcome("up", calls=[call], errors=[text]),
    )
    with pytest.raises(Violation, match="it is said, and is not so"):
        invariants.what_is_said_of_the_account_is_true(seen)


class TestConvergence:
    @pytest.mark.parametrize(
        "fields",
        [
            {"title": "By hand"},
            {"url": url_of("elsewhere")},
            {"type": ["ORDER"]},
            {"enabled": False},
            {"config": {"delay": "9s", "max_package_size": 100}},
            {"exclude_type": ["ORDER"]},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_a_webhook_that_is_not_as_declared_is_reported(self, site: Site, fields: dict[str, object]) -> None:
        hook = replace(HOOK, config={"delay": "2s"}, exclude_type=())
        stack = Stack(site.account(), program={"users": hook})
        watch = Watch(stack.account, [stack])
        watch.over(stack, stack.up)
        agree(watch, stack)
        stack.account.change(stack.held["users"], **fields)
        with pytest.raises(Violation, match=f"differs in {next(iter(fields))}"):
            agree(watch, stack)

    def test_a_webhook_that_is_not_there_is_reported(self, lived: Lived) -> None:
        lived.stack.account.remove(lived.id)
        with pytest.raises(Violation, match="is not there"):
            agree(lived.watch, lived.stack)

    def test_a_preview_with_changes_is_reported(self, lived: Lived) -> None:
        lived.stack.program = {}
        with pytest.raises(Violation, match="the preview is not clean"):
            agree(lived.watch, lived.stack)

    def test_what_is_left_over_and_not_named_is_reported(self, lived: Lived) -> None:
        claim = lived.stack.claim("users")
        lived.stack.account.plant(foreign=False, enabled=False, title=claim)
        with pytest.raises(Violation, match="left over and not named"):
            agree(lived.watch, lived.stack)
        lived.watch.told += claim
        agree(lived.watch, lived.stack)

    def test_an_enabled_one_beside_what_is_declared_is_reported(self, lived: Lived) -> None:
        left = lived.stack.account.plant(foreign=False, url=HOOK.url, title="User webhook")
        lived.watch.owners[left] = Owner("dev", "orders")
        lived.watch.orphans[left] = lived.watch.told = f"Left behind: webhook {left}."
        with pytest.raises(Violation, match="remains beside the one that is declared"):
            agree(lived.watch, lived.stack)

    def test_an_error_without_an_id_is_reported(self, site: Site) -> None:
        stack = Stack(site.account(), program={"users": HOOK})
        site.upvest.faults.add(Fault(FaultKind.STATUS, "GET", "/webhooks?", status=400))
        with pytest.raises(Violation, match="names no webhook's id"):
            converge(Watch(stack.account, [stack]), stack)

    def test_an_id_of_something_else_is_no_webhooks_id(self, lived: Lived) -> None:
        with pytest.raises(Violation, match="names no webhook's id"):
            require_id(lived.watch, Outcome("up", errors=[f"POST /webhooks, upvest-request-id {OTHER}"]))

    def test_a_way_out_that_leads_to_the_same_error_is_reported(self, lived: Lived) -> None:
        lived.stack.program["users"] = replace(HOOK, title="Anew")
        faults = lived.stack.account.site.upvest.faults
        faults.add(Fault(FaultKind.STATUS, "PATCH", "/webhooks/", count=2, status=400))
        with pytest.raises(Violation, match="leads to the same error again"):
            converge(lived.watch, lived.stack)

    def test_an_error_without_a_way_out_is_reported(self, lived: Lived) -> None:
        with pytest.raises(Violation, match="no way out is named"):
            follow(lived.watch, lived.stack, Outcome("up", errors=["webhook 'users' failed\nSo it is."]))

    def test_an_error_without_a_name_is_reported(self, lived: Lived) -> None:
        with pytest.raises(Violation, match="no webhook is named"):
            follow(lived.watch, lived.stack, Outcome("up", errors=["it failed\nRun `pulumi up`."]))

    def test_a_way_out_to_what_does_not_exist_is_reported(self, lived: Lived) -> None:
        error = f"webhook 'users' failed\nTo take the webhook over as it is, add adopt_id=\"{OTHER}\"."
        with pytest.raises(Violation, match="does not exist"):
            follow(lived.watch, lived.stack, Outcome("up", errors=[error]))


def test_a_webhook_that_nobody_made_is_reported(lived: Lived) -> None:
    lived.stack.account.plant(foreign=False, title="Out of nothing")
    with pytest.raises(Violation, match="nobody made"):
        lived.watch.learn()
