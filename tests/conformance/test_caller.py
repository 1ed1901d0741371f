from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from conformance.caller import ADMIN, READ, Caller, Signing, with_expires, without_component, without_parameter
from conformance.question import Unclear
from upvest_provider.errors import ApiError, Unreachable
from upvest_provider.local.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.conftest import Clock
    from upvest_provider.api import Credentials
    from upvest_provider.local import LocalUpvest

CREATION = {"title": "a webhook", "url": "https://hooks.tenant.tld/users"}


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def caller(credentials: Credentials, clock: Clock, waits: list[float]) -> Iterator[Caller]:
    with closing(Caller(credentials, clock=clock, sleep=waits.append)) as caller:
        caller.ask("GET", "/webhooks")  # it has a token now
        yield caller


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_fault_is_waited_out(
    upvest: LocalUpvest, caller: Caller, waits: list[float], status: int
) -> None:
    upvest.faults.add(Fault(FaultKind.STATUS, status=status, count=2))

    assert caller.ask("GET", "/webhooks").status == 200
    assert waits == [1, 2]


@pytest.mark.parametrize("kind", [FaultKind.LOST, FaultKind.RESET_BEFORE])
def test_a_request_without_an_answer_is_repeated(
    upvest: LocalUpvest, caller: Caller, waits: list[float], kind: FaultKind
) -> None:
    upvest.faults.add(Fault(kind, count=2))

    assert caller.ask("GET", "/webhooks").status == 200
    assert waits == [1, 2]


def test_a_fault_that_does_not_pass_is_an_answer(upvest: LocalUpvest, caller: Caller, waits: list[float]) -> None:
    upvest.faults.add(Fault(FaultKind.STATUS, status=503, count=5))

    assert caller.ask("GET", "/webhooks").status == 503
    assert waits == [1, 2, 4, 8]


def test_a_creation_that_may_have_been_done_is_not_repeated(
    upvest: LocalUpvest, caller: Caller, waits: list[float]
) -> None:
    upvest.faults.add(Fault(FaultKind.STATUS_AFTER, method="POST", status=503))

    assert caller.ask("POST", "/webhooks", CREATION).status == 503
    assert waits == []
    assert len(upvest.store.webhooks()) == 1


def test_a_creation_that_is_one_too_many_is_repeated(
    upvest: LocalUpvest, caller: Caller, waits: list[float]
) -> None:
    upvest.faults.add(Fault(FaultKind.STATUS, method="POST", status=429))

    assert caller.ask("POST", "/webhooks", CREATION).status == 201
    assert waits == [1]


def test_an_api_that_is_not_there_is_an_error(upvest: LocalUpvest, caller: Caller, waits: list[float]) -> None:
    with upvest.down(), pytest.raises(Unreachable):
        caller.ask("GET", "/webhooks")

    assert waits == [1, 2, 4, 8]


def test_a_refused_token_is_an_error(upvest: LocalUpvest, caller: Caller) -> None:
    upvest.faults.add(Fault(FaultKind.STATUS, path="/auth/token", status=401))

    with pytest.raises(ApiError, match="answered 401"):
        caller.ask("GET", "/webhooks", scope=READ)


def test_each_scope_has_a_token_which_is_kept_until_it_expires(
    upvest: LocalUpvest, caller: Caller, clock: Clock
) -> None:
    asked = len(upvest.requests())

    for scope in (READ, ADMIN, READ, ADMIN):
        caller.ask("GET", "/webhooks", scope=scope)
    clock.sleep(1800 - 30)
    caller.ask("GET", "/webhooks", scope=READ)

    assert [request.path for request in upvest.requests(asked)].count("/auth/token") == 3


@pytest.mark.parametrize(
    ("signing", "detail"),
    [
        (Signing(created_in=61), "created lies 61 s in the future"),
        (Signing(created_in=-61), "it expired 1 s ago"),
        (Signing(change=without_parameter("expires")), "parameter expires is missing"),
        (Signing(change=without_parameter("nonce")), "parameter nonce is missing"),
        (Signing(change=with_expires(1)), "it expired 1789999999 s ago"),
        (Signing(change=without_component("@method")), '"@method" must be covered'),
        (Signing(change=without_component("@query")), '"@query" must be covered'),
        (Signing(change=without_component("authorization")), '"authorization" must be covered'),
        (Signing(change=lambda base: base.replace("GET", "PUT")), "Signature is incorrect"),
    ],
)
def test_a_signature_differs_from_a_proper_one_in_what_was_wanted_only(
    upvest: LocalUpvest, caller: Caller, clock: Clock, signing: Signing, detail: str
) -> None:
    clock.now = 1_790_000_000.0
    asked = len(upvest.requests())

    reply = caller.ask("GET", "/webhooks?limit=1", signing=signing)

    assert reply.status == 401
    assert [detail in request.detail for request in upvest.requests(asked) if request.status == 401] == [True]


def test_a_component_that_is_the_last_one_is_left_out_too(caller: Caller) -> None:
    without_digest = Signing(change=without_component("content-digest"))

    reply = caller.ask("POST", "/webhooks", CREATION, signing=without_digest)

    assert '"content-digest" must be covered' in reply.document["detail"]


def test_a_reply_without_the_member_asked_for_is_unclear(caller: Caller) -> None:
    reply = caller.ask("GET", "/webhooks")

    with pytest.raises(Unclear, match=r"no member meta\.cursor in 200"):
        reply.member("meta", "cursor")


def test_a_status_that_says_neither_is_unclear(caller: Caller) -> None:
    with pytest.raises(Unclear, match="answered 404: There is no"):
        caller.ask("GET", "/webhooks/conformance").is_taken()
