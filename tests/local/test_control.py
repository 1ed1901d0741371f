from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from upvest_provider.errors import SettingsError, UpvestError
from upvest_provider.local import ControlClient, LocalUpvest, make_events, received_events
from upvest_provider.local.database import read
from upvest_provider.local.things import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.conftest import Clock

HOST = "hooks.tenant.tld"


def call(
    upvest: LocalUpvest, method: str, path: str, body: bytes = b"", token: str | None = None
) -> tuple[int, Any]:
    address = urlsplit(upvest.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    token = upvest.surroundings.control_token if token is None else token
    try:
        connection.request(method, path, body, {"authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None
    finally:
        connection.close()


def test_the_file_says_how_to_reach_the_world(upvest: LocalUpvest, state: Path) -> None:
    written = json.loads((state / "credentials.json").read_text())
    assert written["resolver"] == f"127.0.0.1:{upvest.world.dns.port}"
    assert written["ca_file"] == str((state / "ca.pem").resolve())
    assert written["control_token"] == upvest.surroundings.control_token


@pytest.mark.parametrize("token", ["", "wrong", "wröng"])
@pytest.mark.parametrize(("method", "path"), [("PUT", "/_local/listeners/a.tld"), ("POST", "/_local/events")])
def test_without_the_token_nothing_can_be_changed(upvest: LocalUpvest, method: str, path: str, token: str) -> None:
    status, problem = call(upvest, method, path, b"{}", token)
    assert status == 401
    assert "credentials.json" in problem["detail"]


def test_control_calls_are_not_in_the_request_log(upvest: LocalUpvest, control: ControlClient) -> None:
    control.put("listeners", HOST)
    assert upvest.requests() == []


class TestThings:
    def test_a_record(self, control: ControlClient, clock: Clock) -> None:
        made = control.put("dns", HOST, "a", values=["127.0.0.1"], ttl=30, delay=5)
        assert made == {
            "name": f"{HOST}.",
            "type": "A",
            "values": ["127.0.0.1"],
            "ttl": 30,
            "rotate": 0,
            "effective_at": clock.now + 5,
        }
        assert control.get("dns", HOST, "A") == made
        control.delete("dns", HOST, "A")
        assert control.get("dns", HOST, "A") is None
        control.delete("dns", HOST, "A")

    def test_a_zone(self, control: ControlClient, clock: Clock) -> None:
        made = control.put("zones", "tenant.tld", minimum=5)
        assert made == {"name": "tenant.tld.", "minimum": 5, "effective_at": clock.now}
        control.put("dns", HOST, "A", values=["127.0.0.1"])
        assert control.get("zones", "tenant.tld") == made

    def test_a_certificate_without_its_key(self, control: ControlClient, clock: Clock) -> None:
        made = control.put("certificates", HOST, lifetime=3600)
        assert made["not_after"] == clock.now + 3600
        assert made["name"] == HOST
        assert "PRIVATE KEY" not in json.dumps(made)
        assert control.get("certificates", HOST) == made
        assert control.put("certificates", HOST, lifetime=3600)["certificate_id"] != made["certificate_id"]

    def test_a_listener_says_how_it_is_reached(self, control: ControlClient, upvest: LocalUpvest) -> None:
        made = control.put("listeners", HOST)
        assert (made["host"], made["port"]) == (HOST, upvest.world.receiver.port)
        assert (made["resolver"], made["ca_file"]) == (
            upvest.surroundings.resolver,
            upvest.surroundings.ca_file,
        )

    def test_what_is_removed_is_gone_at_once_in_all_its_versions(
        self, control: ControlClient, clock: Clock, upvest: LocalUpvest
    ) -> None:
        control.put("listeners", HOST)
        control.put("listeners", HOST, delay=5)
        control.delete("listeners", HOST)
        clock.now += 5
        assert upvest.world.things.effective(Kind.LISTENER, clock()) == {}

    def test_many_changes_leave_few_versions(
        self, control: ControlClient, upvest: LocalUpvest, state: Path
    ) -> None:
        for _ in range(20):
            control.put("listeners", HOST)
        assert upvest.world.things.effective(Kind.LISTENER, 2e9).keys() == {HOST}
        [row] = read(state, "SELECT count(*) AS versions FROM things")
        assert row["versions"] <= 2


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("dns/hooks.tenant.tld/A", {}, "values: must be a list of strings, at least one"),
        ("dns/hooks.tenant.tld/A", {"values": [1]}, "values: must be a list of strings, at least one"),
        ("dns/hooks.tenant.tld/A", {"values": ["x"]}, "values: 'x' is no value of a A record: "),
        ("dns/hooks.tenant.tld/NONSENSE", {"values": ["x"]}, "values: 'x' is no value of a NONSENSE record: "),
        ("dns/tld/A", {"values": ["127.0.0.1"]}, "'tld' must be a DNS name of at least two labels"),
        ("dns/a..b/A", {"values": ["127.0.0.1"]}, "'a..b' is no DNS name: "),
        ("dns/a.b/A", {"values": ["127.0.0.1"], "ttl": -1}, "ttl: must be an integer from 0 to 2147483647"),
        ("dns/a.b/A", {"values": ["127.0.0.1"], "ttl": 1.5}, "ttl: must be an integer"),
        ("dns/a.b/A", {"values": ["127.0.0.1"], "rotate": 2}, "rotate: must be an integer from 0 to 1"),
        ("listeners/a.b", {"delay": "1s"}, "delay: must be a number of seconds"),
        ("listeners/a.b", {"delay": True}, "delay: must be a number of seconds"),
        ("listeners/a.b", {"delay": -1}, "delay: must not be negative"),
        ("certificates/a.b", {"lifetime": 1e12}, "lifetime: must be a number of seconds"),
        ("zones/a.b", {"minimum": None}, "minimum: must be an integer"),
        ("receiver", {"status": 99}, "status: must be an integer from 200 to 599"),
        ("listeners/a.b", [], "The body must be a JSON object."),
    ],
)
def test_what_is_wrong_is_named(upvest: LocalUpvest, path: str, body: object, detail: str) -> None:
    status, problem = call(upvest, "PUT", f"/_local/{path}", json.dumps(body).encode())
    assert (status, problem["detail"].startswith(detail)) == (400, True), problem["detail"]


def test_a_body_that_is_not_json_is_named(upvest: LocalUpvest) -> None:
    status, problem = call(upvest, "PUT", "/_local/listeners/a.b", b"{")
    assert status == 400
    assert problem["detail"].startswith("The body is not JSON: ")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/_local/nonsense"),
        ("PUT", "/_local/dns/a.b"),
        ("GET", "/_local/dns/a.b/A/c"),
        ("GET", "/_local/events"),
        ("POST", "/_local/listeners/a.b"),
        ("DELETE", "/_local/listeners/a.b"),
    ],
)
def test_what_is_not_there_is_a_404(upvest: LocalUpvest, method: str, path: str) -> None:
    assert call(upvest, method, path)[0] == 404


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "category: must be an event category, as USER"),
        ({"category": "ALL"}, "category: must be an event category, as USER"),
        ({"category": "USER", "count": 0}, "count: must be an integer from 1 to 10000"),
        ({"category": "USER", "type": 1}, "type: must be a string, and object: a JSON object"),
        ({"category": "USER", "object": []}, "type: must be a string, and object: a JSON object"),
    ],
)
def test_what_is_wrong_with_an_event_is_named(upvest: LocalUpvest, body: object, detail: str) -> None:
    status, problem = call(upvest, "POST", "/_local/events", json.dumps(body).encode())
    assert (status, problem["detail"]) == (400, detail)


class TestFromOutside:
    def test_a_refusal_is_told(self, control: ControlClient) -> None:
        with pytest.raises(UpvestError, match="the local API refused: values: must be a list of strings"):
            control.put("dns", HOST, "A", values=[])

    def test_an_object_that_is_not_json_is_told(self, upvest: LocalUpvest, state: Path) -> None:
        assert upvest.url
        with pytest.raises(UpvestError, match="the object is not JSON"):
            make_events(state, "USER", "", "{", 1)

    def test_a_local_api_that_never_ran_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="no local API runs on"):
            ControlClient(tmp_path)
        with pytest.raises(SettingsError, match="no local API ever ran in"):
            received_events(tmp_path)

    def test_a_local_api_that_has_ended_is_told(self, state: Path) -> None:
        with LocalUpvest(state):
            client = ControlClient(state)
        with pytest.raises(UpvestError, match="the local API does not answer: ConnectionRefusedError"):
            client.get("listeners", HOST)
