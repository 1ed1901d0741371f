from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.api.scripted import (
    always,
    cuts_the_body,
    gives,
    hangs_up,
    in_turn,
    page,
    problem,
    resets,
    says,
    webhook,
)
from upvest_provider import limits
from upvest_provider.errors import (
    ApiError,
    EngineGone,
    MalformedAnswer,
    NoAnswer,
    NotFound,
    Unreachable,
    UpvestError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.conftest import Connect
    from tests.api.scripted import Behaviour, Upstream
    from upvest_provider.api import UpvestClient

OPERATIONS: dict[str, Callable[[UpvestClient], object]] = {
    "GET /webhooks": lambda client: client.list_webhooks(),
    "GET /webhooks/42": lambda client: client.get_webhook("42"),
    "GET /auth/verify_keys": lambda client: client.get_verification_keys(),
    "PATCH /webhooks/42": lambda client: client.update_webhook("42", {"enabled": True}),
    "DELETE /webhooks/42": lambda client: client.delete_webhook("42"),
    "POST /webhooks/42/test": lambda client: client.test_webhook("42"),
    "POST /webhooks": lambda client: client.create_webhook({"title": "t"}),
}
CREATE = "POST /webhooks"

# What is certain not to have been handled is repeated for every operation.
REPEATED_ALWAYS: dict[str, tuple[Behaviour, type[UpvestError]]] = {
    "429": (problem(429), ApiError),
    "a proxy's 429": (says(429), ApiError),
}
# What may have been handled is repeated where that does no harm.
REPEATED_IF_IDEMPOTENT: dict[str, tuple[Behaviour, type[UpvestError]]] = {
    "502": (problem(502), ApiError),
    "503": (problem(503), ApiError),
    "504": (problem(504), ApiError),
    "a proxy's 502": (says(502, b"<html>", {"content-type": "text/html"}), ApiError),
    "a connection that ends": (hangs_up, NoAnswer),
    "a connection that breaks": (resets, NoAnswer),
    "an answer that is cut off": (cuts_the_body, NoAnswer),
}
REPEATED_NEVER: dict[str, tuple[Behaviour, type[UpvestError]]] = {
    "400": (problem(400), ApiError),
    "403": (problem(403), ApiError),
    "404": (problem(404), NotFound),
    "406": (problem(406), ApiError),
    "409": (problem(409), ApiError),
    "500": (problem(500), ApiError),
    "520": (says(520), ApiError),
    "302": (says(302, headers={"location": "/elsewhere"}), ApiError),
    "an answer that cannot be read": (gives({"neither": "nor"}), MalformedAnswer),
}
FAULTS = REPEATED_ALWAYS | REPEATED_IF_IDEMPOTENT | REPEATED_NEVER


CERTAIN = {*REPEATED_ALWAYS, "400", "403", "404", "406", "409"}
"""The faults after which nothing can have been done."""


@pytest.mark.parametrize("fault", FAULTS)
def test_how_often_a_request_is_sent(
    upstream: Upstream, client: UpvestClient, waits: list[float], fault: str
) -> None:
    behaviour, kind = FAULTS[fault]
    upstream.api = always(behaviour)
    sent = {}
    for operation, call in OPERATIONS.items():
        if (fault, operation) == ("an answer that cannot be read", "DELETE /webhooks/42"):
            continue  # the answer to a deletion has no body that could be unreadable
        upstream.received.clear()
        waits.clear()
        with pytest.raises(UpvestError) as failure:
            call(client)
        about_one = " /webhooks/" in operation
        assert type(failure.value) is (ApiError if kind is NotFound and not about_one else kind)
        assert failure.value.outcome_unknown is (fault not in CERTAIN)
        assert {f"{request.method} {request.path}" for request in upstream.calls} == {operation}
        assert len({request.headers["signature"] for request in upstream.calls}) == len(upstream.calls)
        assert len(waits) == len(upstream.calls) - 1
        sent[operation] = len(upstream.calls)
    idempotent = limits.ATTEMPTS if fault not in REPEATED_NEVER else 1
    creating = limits.ATTEMPTS if fault in REPEATED_ALWAYS else 1
    assert sent == {operation: creating if operation == CREATE else idempotent for operation in sent}


def test_a_refused_connection_is_tried_again_for_every_operation(
    upstream: Upstream, client: UpvestClient, waits: list[float]
) -> None:
    client.list_webhooks()
    upstream.refuse()
    for call in OPERATIONS.values():
        waits.clear()
        with pytest.raises(Unreachable) as failure:
            call(client)
        assert len(waits) == limits.ATTEMPTS - 1
        assert not failure.value.outcome_unknown


def test_a_create_succeeds_once_the_connection_is_no_longer_refused(upstream: Upstream, connect: Connect) -> None:
    client = connect(sleep=lambda _: upstream.listen())
    client.list_webhooks()
    upstream.refuse()
    upstream.api = always(gives(webhook(), 201))
    assert client.create_webhook({"title": "t"}).id == webhook()["id"]
    assert [request.method for request in upstream.calls] == ["GET", "POST"]


def test_a_fault_that_passes_is_not_seen(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = in_turn(problem(503), hangs_up, problem(429), problem(502), page([webhook()]))
    assert len(client.list_webhooks()) == 1


def test_each_page_of_a_list_has_its_own_attempts(upstream: Upstream, client: UpvestClient) -> None:
    faults = [problem(503)] * (limits.ATTEMPTS - 1)
    upstream.api = in_turn(*faults, page([webhook(1)], 2), *faults, page([webhook(2)], 2))
    assert len(client.list_webhooks()) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_up_to_its_ceiling(
    upstream: Upstream, client: UpvestClient, waits: list[float], status: int
) -> None:
    asked = ["7", "0", "30", "31", "9" * 400]
    upstream.api = in_turn(*(problem(status, headers={"retry-after": each}) for each in asked[:4]), page([]))
    client.list_webhooks()
    upstream.api = in_turn(problem(status, headers={"retry-after": asked[4]}), page([]))
    client.list_webhooks()
    assert waits == [7, 0, 30, 30, 30]


def test_another_retry_after_is_backed_off_from(
    upstream: Upstream, client: UpvestClient, waits: list[float]
) -> None:
    random.seed(1)
    for asked in ("Mon, 21 Sep 2026 14:13:20 GMT", "-5", "1.5", "soon", "", "²"):
        upstream.api = in_turn(problem(429, headers={"retry-after": asked}), page([]))
        client.list_webhooks()
    assert len(waits) == 6
    assert all(0 < wait <= limits.BACKOFF_FIRST for wait in waits)


def test_waits_are_jittered_and_their_bound_doubles(
    upstream: Upstream, client: UpvestClient, waits: list[float]
) -> None:
    random.seed(1)
    upstream.api = always(problem(503))
    for _ in range(5):
        with pytest.raises(ApiError):
            client.get_webhook("42")
    bounds = [0.5, 1.0, 2.0, 4.0] * 5
    shares = [wait / bound for wait, bound in zip(waits, bounds, strict=True)]
    assert all(0 <= share <= 1 for share in shares)
    # Full jitter: the waits lie everywhere below their bounds.
    assert min(shares) < 0.25
    assert max(shares) > 0.75


@pytest.mark.parametrize("last", ["429", "refused"])
@pytest.mark.parametrize("operation", ["PATCH /webhooks/42", "DELETE /webhooks/42"])
def test_an_attempt_that_was_not_handled_does_not_hide_that_an_earlier_one_may_have_been(
    upstream: Upstream, connect: Connect, last: str, operation: str
) -> None:
    def sleep(_: float) -> None:
        if last == "refused" and len(upstream.calls) == 2:
            upstream.refuse()

    client = connect(sleep=sleep)
    client.list_webhooks()
    upstream.api = in_turn(hangs_up, *[problem(429)] * 4)
    with pytest.raises(NoAnswer, match=f"to {operation}:") as failure:
        OPERATIONS[operation](client)
    assert failure.value.outcome_unknown


def test_a_webhook_that_a_repeated_delete_does_not_find_is_not_found(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(hangs_up, problem(404))
    with pytest.raises(NotFound):
        client.delete_webhook("42")


def test_before_each_attempt_the_caller_is_asked(upstream: Upstream, connect: Connect) -> None:
    seen: list[int] = []
    client = connect(before_request=lambda: seen.append(len(upstream.received)))
    upstream.api = in_turn(problem(503), problem(401), hangs_up, page([]))
    client.list_webhooks()
    # The token, two attempts, the token anew, two attempts: each asked for before it was sent.
    assert [request.path for request in upstream.received] == [
        "/auth/token",
        "/webhooks",
        "/webhooks",
        "/auth/token",
        "/webhooks",
        "/webhooks",
    ]
    assert seen == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_what_is_raised_before_an_attempt_ends_the_call_with_nothing_further_sent(
    upstream: Upstream, connect: Connect, allowed: int
) -> None:
    def before_request() -> None:
        if len(upstream.received) == allowed:
            raise EngineGone("Pulumi is gone")

    upstream.api = always(problem(429))
    for call in OPERATIONS.values():
        upstream.received.clear()
        with connect(before_request=before_request) as client, pytest.raises(EngineGone) as failure:
            call(client)
        assert len(upstream.received) == allowed
        assert not failure.value.outcome_unknown


def test_an_interrupt_is_not_retried(upstream: Upstream, connect: Connect, waits: list[float]) -> None:
    def before_request() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        connect(before_request=before_request).list_webhooks()
    assert (upstream.received, waits) == ([], [])
