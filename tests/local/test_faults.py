from __future__ import annotations

import http.client
import json
import re
import select
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from upvest_provider.errors import UpvestError
from upvest_provider.local import ControlClient, Credentials, Fault, FaultKind, LocalUpvest, break_with, mend
from upvest_provider.local.database import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.local.conftest import Caller, Clock

    MakeCaller = Callable[[Credentials, Callable[[], float]], Caller]

WEBHOOK = {"title": "User webhook", "url": "https://hooks.tenant.tld/users"}
MADE = ("POST", "/webhooks", WEBHOOK)
NOTHING_DONE = {"reset_before", "timeout_before", "hold_before", "status", "proxy"}


def fault(kind: str, **members: Any) -> Fault:  # noqa: ANN401 - those of `Fault`
    usual = {"behaviour": {"behaviour": {"type_order": "sorted"}}}
    needed: dict[str, Any] = {"status": 503} if kind.startswith(("status", "proxy")) else usual.get(kind, {})
    return Fault(FaultKind(kind), **{**needed, **members})


@contextmanager
def sent(client: Caller, method: str, target: str, document: object = None) -> Iterator[socket.socket]:
    """The connection of a request that was sent, and whose answer is not yet read."""
    request = client.signed(method, target, document)
    address = urlsplit(client.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        headers = "".join(f"{name}: {value}\r\n" for name, value in {"host": "h", **request.headers}.items())
        connection.sendall(f"{method} {target} HTTP/1.1\r\n{headers}\r\n".encode() + request.body)
        yield connection


def answer(connection: socket.socket) -> tuple[int, Any]:
    response = http.client.HTTPResponse(connection)
    try:
        response.begin()
        return response.status, json.loads(response.read())
    finally:
        response.close()


def is_silent(connection: socket.socket) -> bool:
    return not select.select([connection], [], [], 0)[0]


def titles(upvest: LocalUpvest) -> list[str]:
    return [webhook["title"] for webhook in upvest.store.webhooks()]


def done(upvest: LocalUpvest) -> list[tuple[str, int]]:
    return [(request.method, request.status) for request in upvest.requests() if request.path != "/auth/token"]


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind not in ("revoked", "lag", "slow")])
def test_the_work_is_done_or_not_as_the_kind_says(upvest: LocalUpvest, client: Caller, kind: FaultKind) -> None:
    upvest.faults.add(fault(kind))
    with sent(client, *MADE):
        met = upvest.faults.wait_until_met(1)
        assert (met.number, met.fault.kind, met.method, met.path) == (1, kind, "POST", "/webhooks")
        expected = 0 if kind in NOTHING_DONE else 1
        assert (len(titles(upvest)), done(upvest)) == (expected, [("POST", 201)] * expected)


class TestConnection:
    @pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
    def test_is_reset(self, upvest: LocalUpvest, client: Caller, kind: str) -> None:
        upvest.faults.add(fault(kind))
        with sent(client, *MADE) as connection, pytest.raises(ConnectionResetError):
            connection.recv(1)

    def test_is_closed_in_order_where_the_answer_is_lost(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("lost"))
        with sent(client, *MADE) as connection:
            assert connection.recv(1) == b""

    def test_breaks_off_in_the_middle_of_the_body(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("cut"))
        with pytest.raises(http.client.IncompleteRead) as caught:
            client.call(*MADE)
        whole = json.dumps(upvest.store.webhooks()[0], separators=(",", ":")).encode()
        assert whole.startswith(caught.value.partial)
        assert len(caught.value.partial) == len(whole) // 2
        assert caught.value.expected == len(whole) - len(whole) // 2

    def test_breaks_off_before_an_answer_without_a_body(self, upvest: LocalUpvest, client: Caller) -> None:
        webhook = client.create()
        upvest.faults.add(fault("cut"))
        with sent(client, "DELETE", f"/webhooks/{webhook['id']}") as connection:
            assert connection.recv(1) == b""
        assert titles(upvest) == []

    def test_of_the_next_request_is_whole_again(self, upvest: LocalUpvest, client: Caller) -> None:
        for kind in ("reset_before", "reset_after", "lost"):
            upvest.faults.clear()
            upvest.faults.add(fault(kind))
            with pytest.raises(ConnectionResetError):
                client.call(*MADE)
            assert client.call("GET", "/webhooks").status == 200


class TestTime:
    @pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
    def test_no_answer_comes_until_the_client_goes_away(
        self, upvest: LocalUpvest, client: Caller, kind: str
    ) -> None:
        upvest.faults.add(fault(kind))
        with sent(client, *MADE) as connection:
            upvest.faults.wait_until_met(1)
            upvest.faults.release()
            assert client.call("GET", "/webhooks").status == 200
            assert is_silent(connection)

    def test_what_is_held_before_the_work_is_handled_when_it_is_released(
        self, upvest: LocalUpvest, client: Caller
    ) -> None:
        upvest.faults.add(fault("hold_before"))
        with sent(client, *MADE) as connection:
            upvest.faults.wait_until_met(1)
            assert client.call("GET", "/webhooks").json["data"] == []
            assert is_silent(connection)
            upvest.faults.release()
            assert answer(connection) == (201, upvest.store.webhooks()[0])

    def test_what_is_held_before_the_work_is_handled_though_the_client_has_gone_away(
        self, upvest: LocalUpvest, client: Caller
    ) -> None:
        upvest.faults.add(fault("hold_before", method="POST"))
        upvest.faults.add(fault("hold_before", method="GET"))
        with sent(client, *MADE):
            upvest.faults.wait_until_met(1)
        with sent(client, "GET", "/webhooks") as connection:
            upvest.faults.wait_until_met(2)
            upvest.faults.release()
            assert answer(connection)[0] == 200
        assert titles(upvest) == ["User webhook"]

    def test_what_is_held_after_the_work_is_answered_when_it_is_released(
        self, upvest: LocalUpvest, client: Caller
    ) -> None:
        upvest.faults.add(fault("hold_after"))
        with sent(client, *MADE) as connection:
            upvest.faults.wait_until_met(1)
            [webhook] = client.call("GET", "/webhooks").json["data"]
            assert is_silent(connection)
            upvest.faults.release()
            assert answer(connection) == (201, webhook)

    def test_a_slow_answer_holds_nobody_up_and_comes(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("slow", method="POST", seconds=0.2))
        with sent(client, *MADE) as connection:
            upvest.faults.wait_until_met(1)
            [webhook] = client.call("GET", "/webhooks").json["data"]
            assert is_silent(connection)
            assert answer(connection) == (201, webhook)

    @pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "hold_before", "hold_after", "slow"])
    def test_closing_the_api_ends_what_waits(
        self, state: Path, clock: Clock, make_caller: MakeCaller, kind: str
    ) -> None:
        with LocalUpvest(state, clock=clock) as upvest:
            client = make_caller(upvest.credentials, clock).log_in()
            upvest.faults.add(fault(kind, seconds=600))
            with sent(client, *MADE) as connection:
                upvest.faults.wait_until_met(1)
                upvest.__exit__()
                if kind.startswith("timeout"):
                    assert connection.recv(1) == b""
                else:
                    assert answer(connection)[0] == 201


class TestAnswer:
    def test_half_of_the_json_is_framed_as_if_it_were_whole(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("malformed"))
        reply = client.call(*MADE)
        whole = json.dumps(upvest.store.webhooks()[0], separators=(",", ":")).encode()
        assert (reply.status, reply.body) == (201, whole[: len(whole) // 2])
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["upvest-request-id"] == upvest.requests()[-1].request_id

    @pytest.mark.parametrize(
        ("status", "slug", "title"),
        [
            (429, "too_many_requests", "Too Many Requests"),
            (503, "unavailable", "Service Unavailable"),
            (527, "unknown", ""),
        ],
    )
    @pytest.mark.parametrize("kind", ["status", "status_after"])
    def test_a_status_is_in_upvest_s_words(
        self, upvest: LocalUpvest, client: Caller, kind: str, status: int, slug: str, title: str
    ) -> None:
        upvest.faults.add(fault(kind, status=status, retry_after=7))
        reply = client.call(*MADE)
        assert reply.json == {
            "type": f"https://docs.upvest.co/errors/{slug}",
            "status": status,
            "title": title,
            "detail": f"A fault that was asked for: {status}.",
            "request_id": reply.headers["upvest-request-id"],
        }
        assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
        assert reply.headers["retry-after"] == "7"

    @pytest.mark.parametrize("kind", ["proxy", "proxy_after"])
    def test_a_proxy_s_status_is_a_page_without_a_request_id(
        self, upvest: LocalUpvest, client: Caller, kind: str
    ) -> None:
        upvest.faults.add(fault(kind, status=502))
        reply = client.call(*MADE)
        assert (reply.status, reply.body[:6]) == (502, b"<html>")
        assert reply.headers["content-type"].startswith("text/html")
        assert not {"upvest-request-id", "retry-after"} & reply.headers.keys()

    def test_the_request_id_of_a_status_after_the_work_is_the_one_in_the_log(
        self, upvest: LocalUpvest, client: Caller
    ) -> None:
        upvest.faults.add(fault("status_after", status=500))
        reply = client.call(*MADE)
        assert (upvest.requests()[-1].status, upvest.requests()[-1].request_id) == (
            201,
            reply.headers["upvest-request-id"],
        )

    def test_revoked_tokens_are_a_genuine_401_until_there_is_a_new_one(
        self, upvest: LocalUpvest, client: Caller
    ) -> None:
        upvest.faults.add(fault("revoked", method="POST"))
        for method, status in {"POST": 401, "GET": 401}.items():
            reply = client.call(method, "/webhooks", WEBHOOK if method == "POST" else None)
            assert (reply.status, "access token" in reply.json["detail"]) == (status, True)
        assert client.log_in().call("GET", "/webhooks").status == 200
        assert [met.method for met in upvest.faults.met] == ["POST"]


class TestLag:
    def names(self, client: Caller) -> list[str]:
        return [webhook["title"] for webhook in client.call("GET", "/webhooks?limit=1000").json["data"]]

    def test_without_seconds_a_list_is_as_before_the_newest_write(
        self, upvest: LocalUpvest, client: Caller
    ) -> None:
        first, second = client.create(title="a"), client.create(title="b")
        path = f"/webhooks/{first['id']}"
        upvest.faults.add(fault("lag", count=100))
        assert self.names(client) == ["a"]
        assert self.names(client) == ["a"]
        client.call("PATCH", path, {"title": "A"})
        assert self.names(client) == ["a", "b"]
        client.call("DELETE", path)
        assert self.names(client) == ["A", "b"]
        upvest.store.save_webhook({**second, "title": "B"})
        assert self.names(client) == ["b"]
        upvest.faults.clear()
        assert self.names(client) == ["B"]

    def test_with_seconds_a_list_is_as_it_was_so_long_ago(
        self, upvest: LocalUpvest, client: Caller, clock: Clock
    ) -> None:
        upvest.faults.add(fault("lag", seconds=2.5, count=100))
        path = f"/webhooks/{client.create(title='a')['id']}"
        clock.now += 1
        client.create(title="b")
        clock.now += 1
        client.call("PATCH", path, {"title": "A"})
        client.call("DELETE", path)
        seen = []
        for _ in range(4):
            seen.append(self.names(client))
            clock.now += 1
        assert seen == [[], ["a"], ["a", "b"], ["b"]]

    def test_only_lists_lag(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("lag"))
        webhook = client.create()
        assert client.call("GET", f"/webhooks/{webhook['id']}").json == webhook
        assert upvest.faults.met == []
        assert self.names(client) == []

    def test_an_account_without_a_past_is_as_it_is(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("lag", count=2))
        assert self.names(client) == []

    def test_what_a_webhook_was_is_forgotten_in_time(self, client: Caller, clock: Clock, state: Path) -> None:
        for _ in range(3):
            client.create()
        clock.now += 601
        client.log_in().create()
        [row] = read(state, "SELECT count(*) AS kept FROM replaced")
        assert row["kept"] <= 2


class TestBehaviour:
    """Of one call; what it makes of each of its answers is tested with that of the whole server."""

    @pytest.mark.parametrize(
        ("answers", "sent", "shown", "usual"),
        [
            ({"url_host": "lowered"}, {"url": "https://A.tld/B"}, "https://a.tld/B", "https://A.tld/B"),
            ({"type_order": "sorted"}, {"type": ["USER", "ORDER"]}, ["ORDER", "USER"], ["USER", "ORDER"]),
            ({"unknown_category": "accepted"}, {"type": ["NEW"]}, ["NEW"], None),
            ({"title_rule": "32"}, {"title": "t" * 33}, None, "t" * 33),
            (
                {"delay_rule": "minutes"},
                {"config": {"delay": "60s"}},
                {"delay": "1m", "max_package_size": 51200},
                None,
            ),
        ],
        ids=str,
    )
    def test_a_creation_is_answered_otherwise_and_the_next_as_usual(
        self,
        upvest: LocalUpvest,
        client: Caller,
        answers: dict[str, Any],
        sent: dict[str, Any],
        shown: object,
        usual: object,
    ) -> None:
        """None for what is refused."""
        upvest.faults.add(fault("behaviour", method="POST", behaviour=answers))
        (name,) = sent
        seen = []
        for _ in range(2):
            reply = client.call("POST", "/webhooks", {**WEBHOOK, **sent})
            assert reply.status in (201, 400)
            seen.append(reply.json[name] if reply.status == 201 else None)
        assert seen == [shown, usual]
        assert [met.fault.behaviour for met in upvest.faults.met] == [answers]

    def test_a_partial_config_replaces_and_the_next_is_merged(self, upvest: LocalUpvest, client: Caller) -> None:
        path = f"/webhooks/{client.create(config={'max_package_size': 100})['id']}"
        upvest.faults.add(fault("behaviour", method="PATCH", behaviour={"config_patch": "replaced"}))
        sizes = []
        for _ in range(2):
            config = client.call("PATCH", path, {"config": {"delay": "8s"}}).json["config"]
            sizes.append(config["max_package_size"])
            client.call("PATCH", path, {"config": {"max_package_size": 100}})
        assert sizes == [51200, 100]

    def test_unknown_fields_come_with_as_many_answers_as_it_says(
        self, upvest: LocalUpvest, client: Caller
    ) -> None:
        client.create()
        lists = fault("behaviour", path="/webhooks?", skip=1, count=2, behaviour={"unknown_fields": "added"})
        upvest.faults.add(lists)
        replies = [client.call("GET", "/webhooks?limit=1").json for _ in range(4)]
        assert ["undocumented" in reply["data"][0] for reply in replies] == [False, True, True, False]
        assert ["undocumented" in reply["meta"] for reply in replies] == [False, True, True, False]

    def test_a_probability_decides_for_each_call(self, upvest: LocalUpvest, client: Caller) -> None:
        client.create()
        added = {"unknown_fields": "added"}
        upvest.faults.add(fault("behaviour", count=20, probability=0.5, behaviour=added))
        replies = [client.call("GET", "/webhooks").json["meta"] for _ in range(20)]
        assert {"undocumented" in meta for meta in replies} == {True, False}

    def test_who_may_call_is_an_answer_of_the_call_too(self, upvest: LocalUpvest, client: Caller) -> None:
        client.scope = "webhooks:admin"
        client.log_in()
        upvest.faults.add(fault("behaviour", behaviour={"admin_reads": False}))
        assert [client.call("GET", "/webhooks").status for _ in range(2)] == [403, 200]

    def test_what_the_server_answers_otherwise_stays(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.behaviour = replace(upvest.behaviour, default_delay="5s")
        upvest.faults.add(fault("behaviour", behaviour={"default_max_package_size": 100}))
        assert client.create()["config"] == {"delay": "5s", "max_package_size": 100}
        assert (upvest.behaviour.default_delay, upvest.behaviour.default_max_package_size) == ("5s", 51200)


class TestDown:
    def test_connections_are_refused_while_it_is_down(self, upvest: LocalUpvest, client: Caller) -> None:
        for _ in range(2):
            with upvest.down(), pytest.raises(ConnectionRefusedError):
                client.call(*MADE)
            assert client.call("GET", "/webhooks").json["data"] == []

    def test_open_connections_are_dropped(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("hold_after"))
        with sent(client, *MADE) as held, sent(client, "GET", "/webhooks") as idle:
            upvest.faults.wait_until_met(1)
            assert answer(idle)[0] == 200
            with upvest.down():
                assert (held.recv(1), idle.recv(1)) == (b"", b"")
        assert titles(upvest) == ["User webhook"]

    def test_nobody_who_calls_meanwhile_is_left_waiting(self, upvest: LocalUpvest) -> None:
        outcomes, stop = list[str](), threading.Event()

        def call() -> None:
            while not stop.is_set():
                connection = http.client.HTTPConnection(urlsplit(upvest.url).netloc, timeout=5)
                try:
                    connection.request("GET", "/nowhere")
                    outcomes.append(str(connection.getresponse().status))
                except OSError as error:
                    outcomes.append(type(error).__name__)
                finally:
                    connection.close()

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        for _ in range(20):
            before = outcomes.count("404")
            while outcomes.count("404") < before + 4:
                stop.wait(0.001)
            with upvest.down():
                pass
        stop.set()
        for caller in callers:
            caller.join()
        assert set(outcomes) <= {
            "404",
            "ConnectionRefusedError",
            "ConnectionResetError",
            "RemoteDisconnected",
            "BrokenPipeError",
        }

    def test_the_port_stays_reserved_while_it_is_down(self, upvest: LocalUpvest) -> None:
        port = urlsplit(upvest.url).port or 0
        with upvest.down(), socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
            other.bind(("127.0.0.1", port))


class TestWhichRequests:
    def statuses(self, client: Caller, *calls: tuple[str, str]) -> list[int]:
        return [
            client.call(method, target, WEBHOOK if method == "POST" else None).status for method, target in calls
        ]

    def test_method_and_beginning_of_the_target(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("status", method="GET", path="/webhooks?", count=100))
        calls = [
            ("POST", "/webhooks?x"),
            ("GET", "/webhooks"),
            ("GET", "/webhooks?limit=1"),
            ("GET", "/webhooks/x"),
        ]
        assert self.statuses(client, *calls) == [201, 200, 503, 404]
        assert [(met.number, met.method, met.path) for met in upvest.faults.met] == [
            (1, "GET", "/webhooks?limit=1")
        ]

    def test_some_pass_and_then_some_meet_it(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("status", method="GET", skip=1, count=2))
        calls = [("GET", "/webhooks"), ("POST", "/webhooks"), *[("GET", "/webhooks")] * 3]
        assert self.statuses(client, *calls) == [200, 201, 503, 503, 200]

    def test_the_first_of_two_wins_and_both_count(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("status", status=500, skip=1))
        upvest.faults.add(fault("status", status=502, count=3))
        assert self.statuses(client, *[("GET", "/webhooks")] * 4) == [502, 500, 502, 200]

    def test_a_probability_can_be_repeated(self, upvest: LocalUpvest, client: Caller) -> None:
        runs = []
        for seed in (1, 1, 2):
            upvest.faults.clear(seed)
            upvest.faults.add(fault("status", probability=0.5, count=20))
            runs.append(self.statuses(client, *[("GET", "/webhooks")] * 20))
        assert runs[0] == runs[1] != runs[2]
        assert all({200, 503} == set(run) for run in runs)

    @pytest.mark.parametrize(("probability", "status"), [(0.0, 200), (1.0, 503)])
    def test_never_and_always(self, upvest: LocalUpvest, client: Caller, probability: float, status: int) -> None:
        upvest.faults.add(fault("status", probability=probability, count=20))
        assert self.statuses(client, *[("GET", "/webhooks")] * 20) == [status] * 20

    def test_token_requests(self, upvest: LocalUpvest, stranger: Caller) -> None:
        upvest.faults.add(fault("status", path="/auth/token"))
        assert [stranger.ask_token().status for _ in range(2)] == [503, 200]

    def test_control_calls_meet_none(self, upvest: LocalUpvest, control: ControlClient) -> None:
        upvest.faults.add(fault("status", count=100))
        control.put("listeners", "hooks.tenant.tld")
        assert upvest.faults.met == []

    def test_none_when_it_is_cleared(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("status", count=100))
        assert self.statuses(client, ("GET", "/webhooks")) == [503]
        upvest.faults.clear()
        assert self.statuses(client, ("GET", "/webhooks")) == [200]
        assert (upvest.faults.added, upvest.faults.met) == ([], [])

    def test_waiting_for_one_that_does_not_come_ends(self, upvest: LocalUpvest, client: Caller) -> None:
        upvest.faults.add(fault("status"))
        client.call("GET", "/webhooks")
        with pytest.raises(TimeoutError, match="1 of 2 requests met a fault within 0 s"):
            upvest.faults.wait_until_met(2, timeout=0)


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({"kind": "nonsense"}, "kind\n  Input should be 'reset_before', "),
        ({"kind": "lost", "skip": -1}, "skip\n  Input should be greater than or equal to 0"),
        ({"kind": "lost", "count": 0}, "count\n  Input should be greater than 0"),
        ({"kind": "lost", "probability": 1.1}, "probability\n  Input should be less than or equal to 1"),
        ({"kind": "slow", "seconds": -1}, "seconds\n  Input should be greater than or equal to 0"),
        ({"kind": "lag", "seconds": 601}, "seconds\n  Input should be less than or equal to 600"),
        ({"kind": "status", "status": 503, "retry_after": -1}, "retry_after\n  Input should be greater than or"),
        ({"kind": "status"}, "status\n  must be from 200 to 599 for status"),
        ({"kind": "proxy", "status": 600}, "status\n  must be from 200 to 599 for proxy"),
        ({"kind": "lost", "methods": "GET"}, "methods\n  Unexpected keyword argument"),
        ({"kind": "behaviour"}, "behaviour\n  must hold an answer at least"),
        ({"kind": "behaviour", "behaviour": ["url_host"]}, "behaviour\n  Input should be a valid dictionary"),
        (
            {"kind": "behaviour", "behaviour": {"url_host": "upper", "urls": 1}},
            "behaviour\n  url_host: Input should be 'kept' or 'lowered'; urls: Unexpected keyword argument",
        ),
    ],
    ids=str,
)
def test_a_fault_that_cannot_be_is_named(members: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wrong)):
        Fault(**members)


class TestFromOutside:
    def test_a_fault_is_added_met_and_mended(
        self, upvest: LocalUpvest, control: ControlClient, client: Caller
    ) -> None:
        added = control.fail("status", method="GET", status=429, retry_after=3)
        assert added == {
            "kind": "status",
            "method": "GET",
            "path": "",
            "skip": 0,
            "count": 1,
            "probability": 1.0,
            "status": 429,
            "seconds": 0.0,
            "retry_after": 3,
            "behaviour": {},
        }
        assert client.call("GET", "/webhooks").status == 429
        assert control.faults_met() == [{"number": 1, "fault": added, "method": "GET", "path": "/webhooks"}]
        control.mend()
        assert (control.faults_met(), upvest.faults.added) == ([], [])

    def test_a_call_is_answered_otherwise(self, control: ControlClient, client: Caller) -> None:
        added = control.fail("behaviour", method="POST", behaviour={"title_rule": "32"})
        assert added["behaviour"] == {"title_rule": "32"}
        title = "t" * 33
        assert client.call("POST", "/webhooks", {**WEBHOOK, "title": title}).status == 400
        assert client.create(title=title)["title"] == title
        assert control.behaviour()["title_rule"] == "100"
        assert [met["fault"] for met in control.faults_met()] == [added]

    def test_mending_releases_what_is_held(self, upvest: LocalUpvest, state: Path, client: Caller) -> None:
        break_with(state, "hold_before")
        with sent(client, *MADE) as connection:
            upvest.faults.wait_until_met(1)
            mend(state)
            assert answer(connection)[0] == 201

    @pytest.mark.parametrize(
        ("members", "detail"),
        [
            ({"kind": "status"}, "status: must be from 200 to 599 for status"),
            ({"kind": "lost", "skip": "many"}, "skip: Input should be a valid integer"),
            ({"kind": "lost", "methods": "GET"}, "methods: Unexpected keyword argument"),
            ({"kind": "refuse"}, "seconds: must be more than 0 for refuse"),
            ({"kind": "refuse", "seconds": "long"}, "seconds: Input should be a valid number"),
            (
                {"kind": "refuse", "seconds": 1, "path": "/webhooks", "count": 2},
                "count, path: not for refuse, which shuts the port for everybody",
            ),
            ({"kind": "behaviour"}, "behaviour: must hold an answer at least"),
            (
                {"kind": "behaviour", "behaviour": {"title_rule": 32}},
                "behaviour: title_rule: Input should be '100' or '32'",
            ),
        ],
        ids=str,
    )
    def test_what_is_wrong_with_a_fault_is_named(
        self, control: ControlClient, members: dict[str, Any], detail: str
    ) -> None:
        with pytest.raises(UpvestError, match=f"the local API refused: {detail}"):
            control.fail(**members)

    def test_what_is_not_there_is_named(self, control: ControlClient) -> None:
        with pytest.raises(UpvestError, match="the local API refused: There is no PUT of faults"):
            control.put("faults")

    def test_connections_are_refused_for_a_while(self, control: ControlClient, client: Caller) -> None:
        assert control.fail("refuse", seconds=0.3) == {"kind": "refuse", "seconds": 0.3}
        refused = 0
        while True:
            try:
                assert client.call("GET", "/webhooks").status == 200
            except ConnectionError:
                refused += 1
            else:
                if refused:
                    break

    def test_it_can_be_closed_while_connections_are_refused(self, state: Path) -> None:
        with LocalUpvest(state) as upvest:
            break_with(state, "refuse", seconds=600)
            refused = False
            while not refused:
                try:
                    ControlClient(state).faults_met()
                except UpvestError:
                    refused = True
        with LocalUpvest(state, port=urlsplit(upvest.url).port or 0) as again:
            assert again.url == upvest.url
            assert ControlClient(state).faults_met() == []
