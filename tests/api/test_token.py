from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from tests.api.conftest import CLIENT_ID
from tests.api.scripted import (
    always,
    gives,
    hangs_up,
    in_turn,
    page,
    problem,
    says,
    token,
    webhook,
)
from upvest_provider import limits
from upvest_provider.errors import ApiError, MalformedAnswer, NoAnswer, Unreachable, UpvestError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.api.conftest import Clock, Connect
    from tests.api.scripted import Behaviour, Received, Upstream
    from upvest_provider.api import UpvestClient
    from upvest_provider.local import LoggedRequest

THREADS = 4
"""As many as Pulumi's dynamic provider process runs."""


def bearer(request: Received) -> str:
    return request.headers["authorization"].removeprefix("Bearer ")


def test_the_token_is_asked_for_with_the_documented_form(upstream: Upstream, client: UpvestClient) -> None:
    client.list_webhooks()
    [request] = upstream.token_requests
    assert request.method == "POST"
    assert parse_qs(request.body.decode(), strict_parsing=True) == {
        "client_id": [CLIENT_ID],
        "client_secret": ["client-secret"],
        "grant_type": ["client_credentials"],
        "scope": ["webhooks:read webhooks:admin"],
    }


def test_the_token_goes_out_as_bearer_whatever_its_type_is_called(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.tokens = always(token("abc"))
    client.list_webhooks()
    assert [request.headers["authorization"] for request in upstream.calls] == ["Bearer abc"]


def test_nothing_is_asked_before_the_first_call(upstream: Upstream, connect: Connect) -> None:
    connect()
    assert upstream.received == []


def test_four_threads_that_start_at_once_fetch_one_token(upstream: Upstream, client: UpvestClient) -> None:
    asked, answer = threading.Event(), threading.Event()

    def after_all_have_started(connection: socket.socket) -> None:
        asked.set()
        answer.wait()
        token("shared")(connection)

    upstream.tokens = always(after_all_have_started)
    started = threading.Barrier(THREADS)

    def call() -> None:
        started.wait()
        client.list_webhooks()

    with ThreadPoolExecutor(THREADS) as threads:
        first = threads.submit(client.list_webhooks)
        asked.wait()
        others = [threads.submit(call) for _ in range(THREADS - 1)]
        started.wait()
        answer.set()
        first.result()
        for other in others:
            other.result()
    assert len(upstream.token_requests) == 1
    assert [bearer(request) for request in upstream.calls] == ["shared"] * THREADS


def test_a_token_is_kept_until_the_margin_before_its_end(
    asked: Callable[[], list[LoggedRequest]], customer: UpvestClient, clock: Clock
) -> None:
    def tokens() -> int:
        return sum(request.path == "/auth/token" for request in asked())

    start, lifetime = clock.now, 1800
    customer.list_webhooks()
    clock.now = start + lifetime - limits.TOKEN_MARGIN - 0.1
    customer.list_webhooks()
    assert tokens() == 1
    clock.now = start + lifetime - limits.TOKEN_MARGIN
    customer.list_webhooks()
    assert tokens() == 2
    customer.list_webhooks()
    assert tokens() == 2


def test_a_tokens_life_counts_from_when_it_was_asked_for(
    upstream: Upstream, client: UpvestClient, clock: Clock
) -> None:
    def slowly(connection: socket.socket) -> None:
        clock.now += 100
        token(expires_in=1800)(connection)

    upstream.tokens = always(slowly)
    start = clock.now
    client.list_webhooks()
    clock.now = start + 1800 - limits.TOKEN_MARGIN
    client.list_webhooks()
    assert len(upstream.token_requests) == 2


def test_a_token_that_lives_no_longer_than_the_margin_serves_one_call(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.tokens = always(token(expires_in=limits.TOKEN_MARGIN))
    client.list_webhooks()
    client.list_webhooks()
    assert [request.path for request in upstream.received] == ["/auth/token", "/webhooks"] * 2


def test_a_refused_token_is_renewed_once_and_the_call_repeated(
    upstream: Upstream, client: UpvestClient, waits: list[float]
) -> None:
    upstream.tokens = in_turn(token("old"), token("new"))
    upstream.api = in_turn(problem(401), page([webhook()]), page([]))
    assert [each.id for each in client.list_webhooks()] == [webhook()["id"]]
    client.list_webhooks()
    assert [bearer(request) for request in upstream.calls] == ["old", "new", "new"]
    assert len(upstream.token_requests) == 2
    assert waits == []


def test_a_create_is_repeated_with_a_new_token_too_for_401_means_that_nothing_was_made(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(problem(401), gives(webhook(), 201))
    assert client.create_webhook({"title": "t"}).id == webhook()["id"]
    assert len(upstream.calls) == 2


def test_a_second_401_is_the_end(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = always(problem(401, "Signature is incorrect"))
    with pytest.raises(ApiError, match="Upvest answered 401: Signature is incorrect") as failure:
        client.list_webhooks()
    assert [request.path for request in upstream.received] == ["/auth/token", "/webhooks"] * 2
    assert failure.value.status == 401
    assert not failure.value.outcome_unknown


def test_four_threads_with_one_refused_token_renew_it_once(upstream: Upstream, client: UpvestClient) -> None:
    upstream.tokens = in_turn(token("old"), token("new"))
    client.list_webhooks()
    all_refused = threading.Barrier(THREADS, timeout=30)

    def refused(connection: socket.socket) -> None:
        all_refused.wait()
        problem(401)(connection)

    upstream.api = lambda request: refused if bearer(request) == "old" else page([])
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda _: client.list_webhooks(), range(THREADS)))
    assert len(upstream.token_requests) == 2
    assert [bearer(request) for request in upstream.calls] == ["old"] * (1 + THREADS) + ["new"] * THREADS


FAILING_TOKENS: dict[str, tuple[Behaviour, int, type[UpvestError]]] = {
    "400": (problem(400), 1, ApiError),
    "401": (problem(401), 3, ApiError),  # with both scopes, then with each alone
    "401 for a signature": (problem(401, "Signature is incorrect"), 1, ApiError),
    "403": (problem(403), 1, ApiError),
    "500": (problem(500), 1, ApiError),
    "429": (problem(429), 5, ApiError),
    "503": (problem(503), 5, ApiError),
    "no answer": (hangs_up, 5, NoAnswer),
    "no JSON": (says(200, b"<html>"), 1, MalformedAnswer),
    "no token": (gives({"access_token": "", "expires_in": 1800}), 1, MalformedAnswer),
    "a token that fits into no header": (token("a\r\nb"), 1, MalformedAnswer),
    "a token beyond ASCII": (token("tökén"), 1, MalformedAnswer),
    "no lifetime": (gives({"access_token": "abc"}), 1, MalformedAnswer),
}


@pytest.mark.parametrize("fault", FAILING_TOKENS)
def test_without_a_token_the_call_is_certainly_not_made(
    upstream: Upstream, client: UpvestClient, fault: str
) -> None:
    behaviour, attempts, kind = FAILING_TOKENS[fault]
    upstream.tokens = always(behaviour)
    with pytest.raises(kind) as failure:
        client.create_webhook({"title": "t"})
    assert [request.path for request in upstream.received] == ["/auth/token"] * attempts
    assert not failure.value.outcome_unknown


def test_a_refused_connection_ends_the_token_request_after_all_attempts(
    upstream: Upstream, client: UpvestClient, waits: list[float]
) -> None:
    upstream.refuse()
    with pytest.raises(Unreachable) as failure:
        client.create_webhook({"title": "t"})
    assert len(waits) == limits.ATTEMPTS - 1
    assert not failure.value.outcome_unknown


def test_a_failed_token_request_is_not_kept(upstream: Upstream, client: UpvestClient) -> None:
    upstream.tokens = in_turn(problem(500), token())
    with pytest.raises(ApiError):
        client.list_webhooks()
    assert client.list_webhooks() == []


def test_a_renewal_that_fails_ends_the_call(upstream: Upstream, client: UpvestClient) -> None:
    upstream.tokens = in_turn(token(), problem(401, "client_secret is wrong"))
    upstream.api = always(problem(401, "The token is unknown"))
    with pytest.raises(ApiError, match="client_secret is wrong"):
        client.list_webhooks()
    assert [request.path for request in upstream.received] == ["/auth/token", "/webhooks", "/auth/token"]
