from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from upvest_provider.errors import SettingsError
from upvest_provider.local import LocalUpvest, LoggedRequest, requests
from upvest_provider.local import store as store_module
from upvest_provider.local.exchange import Answer, Call

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.conftest import Caller

WEBHOOK = {"title": "User webhook", "url": "https://hooks.tenant.tld/users"}


def test_each_request_is_logged_with_its_outcome(upvest: LocalUpvest, client: Caller) -> None:
    created = client.call("POST", "/webhooks", WEBHOOK)
    refused = client.call("PATCH", "/webhooks/unknown?x=y", {"enabled": True})
    token, first, second = upvest.requests()
    assert (token.number, token.method, token.path, token.status) == (1, "POST", "/auth/token", 200)
    assert first == LoggedRequest(
        number=2,
        method="POST",
        path="/webhooks",
        query="",
        status=201,
        detail="",
        request_id=created.headers["upvest-request-id"],
        client_id=client.client_id,
        body=WEBHOOK,
    )
    assert second == LoggedRequest(
        number=3,
        method="PATCH",
        path="/webhooks/unknown",
        query="x=y",
        status=404,
        detail="There is no webhook unknown.",
        request_id=refused.headers["upvest-request-id"],
        client_id=client.client_id,
        body={"enabled": True},
    )


def test_requests_that_do_not_get_far_are_logged_too(upvest: LocalUpvest, stranger: Caller) -> None:
    stranger.call("GET", "/nowhere")
    stranger.call("PUT", "/webhooks")
    stranger.call("GET", "/webhooks")
    assert [(each.path, each.status) for each in upvest.requests()] == [
        ("/nowhere", 404),
        ("/webhooks", 405),
        ("/webhooks", 401),
    ]


def test_a_request_that_breaks_off_is_not_a_request(upvest: LocalUpvest, client: Caller) -> None:
    before = upvest.requests()
    with socket.create_connection(("127.0.0.1", urlsplit(upvest.url).port)) as connection:
        connection.sendall(b"POST /webhooks HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\n{")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert upvest.requests() == before
    assert client.call("GET", "/webhooks").status == 200


def test_nothing_secret_is_logged(upvest: LocalUpvest, client: Caller) -> None:
    client.call("GET", "/webhooks")
    text = repr(upvest.requests())
    assert client.client_secret not in text
    assert client.token not in text
    assert [each.body for each in upvest.requests()] == [None, None]


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b"5"])
def test_only_json_objects_are_logged(upvest: LocalUpvest, client: Caller, body: bytes) -> None:
    client.call("POST", "/webhooks", body=body)
    assert upvest.requests()[-1].body is None


def test_the_log_can_be_read_from_a_number_on(upvest: LocalUpvest, client: Caller) -> None:
    for _ in range(3):
        client.call("GET", "/webhooks")
    assert [each.number for each in upvest.requests(after=2)] == [3, 4]


def test_the_log_can_be_read_from_outside_while_and_after_it_runs(state: Path) -> None:
    with LocalUpvest(state) as upvest:
        upvest.store.record(Call("GET", "/x", "", {}, b""), Answer(404), "an id")
        running = requests(state)
    assert [each.path for each in running] == ["/x"]
    assert requests(state) == running


def test_the_oldest_requests_are_forgotten(upvest: LocalUpvest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "REQUESTS_KEPT", 3)
    for _ in range(5):
        upvest.store.record(Call("GET", "/x", "", {}, b""), Answer(200), "an id")
    assert [each.number for each in upvest.requests()] == [3, 4, 5]


def test_a_directory_without_a_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"no local API ever ran in {tmp_path}"):
        requests(tmp_path)
