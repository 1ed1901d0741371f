"""A run leaves the account as it was, however it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.account import HOST
from conformance.question import Found, Question, Unclear, question
from conformance.questions import QUESTIONS
from upvest_provider.errors import UpvestError
from upvest_provider.local.faults import Fault, FaultKind

if TYPE_CHECKING:
    from conformance.ground import Ground
    from tests.conformance.conftest import Asking, Clock
    from upvest_provider.local import LocalUpvest

LEFTOVER = "5b2c7a30-0a59-4a7e-9a33-3f0a4d5c1e01"


def foreign(webhook_id: str, **fields: object) -> dict[str, object]:
    return {
        "id": webhook_id,
        "created_at": "2026-03-02T09:00:00.25Z",
        "updated_at": "2026-03-02T09:00:00.25Z",
        "title": "User webhook",
        "url": "https://hooks.tenant.tld/users",
        "enabled": True,
        "type": ["USER"],
        "config": {"delay": "1m", "max_package_size": 2048},
        **fields,
    }


FOREIGN = [
    foreign("0e6f7c1e-2d86-4f41-a6f3-7d9a4f1b2c01"),
    foreign("0e6f7c1e-2d86-4f41-a6f3-7d9a4f1b2c02", title="conformance", url=f"https://{HOST}/conformance/1"),
    foreign(LEFTOVER, title="conformance-0badcafe 7", url=f"https://{HOST}/conformance-0badcafe/8", enabled=False),
]
"""What stood in the account before: somebody's webhook, one much like ours, and one that an earlier run left."""


def plant(upvest: LocalUpvest) -> str:
    """Makes the foreign webhooks; gives all webhooks as text."""
    for document in FOREIGN:
        upvest.store.save_webhook(document)
    return json.dumps(upvest.store.webhooks())


@question("nothing")
def makes_three(ground: Ground) -> Found:
    """Can three webhooks be made?"""
    for _ in range(3):
        ground.account.make()
    return Found("yes", "three webhooks")


def test_a_run_of_all_questions_touches_no_webhook_that_it_did_not_make(upvest: LocalUpvest, ask: Asking) -> None:
    before, asked = plant(upvest), len(upvest.requests())

    ask(*QUESTIONS)

    assert json.dumps(upvest.store.webhooks()) == before
    requests = upvest.requests(asked)
    assert [request.path for request in requests if any(str(each["id"]) in request.path for each in FOREIGN)] == []
    made = [request for request in requests if (request.method, request.path) == ("POST", "/webhooks")]
    assert len({request.status for request in made}) > 1  # some were taken, some refused


def test_a_webhook_is_enabled_for_one_question_only_and_then_disabled(upvest: LocalUpvest, ask: Asking) -> None:
    asked = len(upvest.requests())

    ask(*QUESTIONS)

    switched = [
        (request.path, request.body["enabled"], request.body["type"])
        for request in upvest.requests(asked)
        if request.method == "PATCH" and request.body and request.status == 200 and "enabled" in request.body
    ]
    path = switched[0][0]
    assert switched == [(path, True, ["TREASURY_REPORT"]), (path, False, ["TREASURY_REPORT"])]


def test_what_an_earlier_run_left_is_told_of_and_not_touched(
    upvest: LocalUpvest, ask: Asking, said: list[str]
) -> None:
    before = plant(upvest)

    ask(makes_three)

    assert json.dumps(upvest.store.webhooks()) == before
    assert [line for line in said if "earlier run" in line] == [
        f"left by an earlier run, and not touched: webhook {LEFTOVER}, 'conformance-0badcafe 7'"
    ]


def test_a_webhook_that_was_there_before_is_not_touched_even_where_it_has_the_mark_of_the_run(
    upvest: LocalUpvest, ask: Asking, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plant(upvest)
    monkeypatch.setattr("secrets.token_hex", lambda _: "0badcafe")

    ask(makes_three)

    assert said[0] == "every webhook of this run has conformance-0badcafe in its title or URL"
    assert json.dumps(upvest.store.webhooks()) == before


def test_what_somebody_else_makes_during_a_run_is_not_touched(upvest: LocalUpvest, ask: Asking) -> None:
    @question("nothing")
    def meanwhile(ground: Ground) -> Found:
        """Does somebody else make webhooks?"""
        ground.account.make()
        plant(upvest)
        return Found("yes", "three webhooks of somebody else")

    ask(meanwhile)

    assert upvest.store.webhooks() == FOREIGN


def failing(failure: BaseException) -> Question:
    @question("nothing")
    def fails(ground: Ground) -> Found:
        """Does this question fail?"""
        ground.account.make()
        with ground.account.enabled(ground.account.make()):
            raise failure

    return fails


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), RuntimeError("a fault of the question")])
def test_a_run_that_is_interrupted_or_fails_deletes_what_it_made(
    upvest: LocalUpvest, ask: Asking, failure: BaseException
) -> None:
    before, asked = plant(upvest), len(upvest.requests())

    with pytest.raises(type(failure)):
        ask(makes_three, failing(failure), makes_three)

    assert json.dumps(upvest.store.webhooks()) == before
    made = [request for request in upvest.requests(asked) if request.status == 201]
    assert len(made) == 5


@pytest.mark.parametrize(
    ("failure", "saw"),
    [
        (Unclear("neither"), "neither"),
        (UpvestError("no answer"), "no answer"),
        (KeyError("kid"), "an answer of another shape than documented: KeyError: 'kid'"),
    ],
)
def test_a_question_without_an_answer_does_not_end_the_run(
    upvest: LocalUpvest, ask: Asking, failure: Exception, saw: str
) -> None:
    results = ask(failing(failure), makes_three)

    assert (results["fails"].found, results["fails"].saw) == (None, saw)
    assert results["makes_three"].found
    assert upvest.store.webhooks() == []


@pytest.mark.parametrize("kind", [FaultKind.LOST, FaultKind.RESET_AFTER, FaultKind.CUT, FaultKind.MALFORMED])
def test_a_webhook_whose_creation_got_no_answer_is_found_by_its_mark(
    upvest: LocalUpvest, ask: Asking, clock: Clock, kind: FaultKind
) -> None:
    before, began = plant(upvest), clock.now
    upvest.faults.add(Fault(kind, method="POST", path="/webhooks", skip=1))

    results = ask(makes_three)

    assert len(upvest.faults.met) == 1
    assert results["makes_three"].found is None
    assert json.dumps(upvest.store.webhooks()) == before
    assert clock.now - began == 5  # the list may lag


def test_a_webhook_that_a_deletion_does_not_find_yet_is_deleted_later(
    upvest: LocalUpvest, ask: Asking, clock: Clock
) -> None:
    began = clock.now
    upvest.faults.add(Fault(FaultKind.STATUS, method="DELETE", status=404))

    ask(makes_three)

    assert len(upvest.faults.met) == 1
    assert upvest.store.webhooks() == []
    assert clock.now - began == 5


def test_an_interruption_ends_the_run_even_where_the_webhook_cannot_be_disabled(
    upvest: LocalUpvest, ask: Asking, said: list[str]
) -> None:
    # Enabling it passes; disabling it gets no answer, at no attempt.
    upvest.faults.add(Fault(FaultKind.RESET_BEFORE, method="PATCH", skip=1, count=100))

    with pytest.raises(KeyboardInterrupt):
        ask(failing(KeyboardInterrupt()), makes_three)

    assert len(upvest.faults.met) == 5
    assert makes_three.text not in said
    assert upvest.store.webhooks() == []


def test_a_creation_without_an_answer_is_not_sent_again(upvest: LocalUpvest, ask: Asking) -> None:
    asked = len(upvest.requests())
    upvest.faults.add(Fault(FaultKind.LOST, method="POST", path="/webhooks"))

    ask(makes_three)

    created = [
        request for request in upvest.requests(asked) if (request.method, request.path) == ("POST", "/webhooks")
    ]
    assert len(created) == 1


def test_webhooks_that_cannot_be_deleted_are_named(upvest: LocalUpvest, ask: Asking) -> None:
    upvest.faults.add(Fault(FaultKind.STATUS, method="DELETE", status=500, count=100))

    with pytest.raises(UpvestError) as error:
        ask(makes_three)

    left = upvest.store.webhooks()
    mark = left[0]["title"][:20]
    assert len(left) == 3
    assert error.value.summary.startswith("webhooks of this run may be left behind: Upvest answered 500")
    assert sorted(error.value.details) == sorted(f"left: webhook {webhook['id']}" for webhook in left)
    assert error.value.fix == f"Delete the webhooks with {mark} in their title or URL."


def test_one_deletion_that_fails_does_not_keep_the_others(upvest: LocalUpvest, ask: Asking) -> None:
    upvest.faults.add(Fault(FaultKind.STATUS, method="DELETE", status=500, count=1))

    with pytest.raises(UpvestError):
        ask(makes_three)

    assert upvest.store.webhooks() == []


def test_an_account_changes_only_what_its_run_made(upvest: LocalUpvest, ask: Asking) -> None:
    plant(upvest)

    @question("nothing")
    def changes(ground: Ground) -> Found:
        """Can a foreign webhook be changed?"""
        for call in (ground.account.patch, ground.account.delete):
            with pytest.raises(ValueError, match="was not made by this run"):
                call(FOREIGN[0])
        return Found("no", "refused before a request")

    assert ask(changes)["changes"].found
    assert upvest.store.webhooks() == FOREIGN
