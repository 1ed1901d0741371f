"""Webhooks behind a gate: what it holds back, what it never undoes, and what a test delivery decides."""

from __future__ import annotations

import socketserver
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lifecycle.life import Life, steps
from upvest_provider.differences import FIELDS
from upvest_provider.local import ControlClient, dns_queries

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from upvest_provider.testing import Outcome

HOST = "hooks.tenant.tld"
GATE = "from upvest_provider import EndpointReadiness\n"
LAST_TEST = 'pulumi.export("last_test", users.last_test)\n'
QUICK = {"allow_private": "True", "interval": '"1s"', "timeout": '"1s"', "passes": "1"}


class Receiver:
    """What the account's events are sent to, changed as at a DNS host, a CA and a load balancer; not there at first."""

    def __init__(self, life: Life) -> None:
        self.state = Path(life.upvest.surroundings.ca_file).parent
        self.control = ControlClient(self.state)
        self.port = life.upvest.world.receiver.port
        self.world = {
            "resolvers": repr([life.upvest.surroundings.resolver]),
            "ca_file": repr(life.upvest.surroundings.ca_file),
        }

    def url(self, path: str = "") -> str:
        return f"https://{HOST}:{self.port}{path}"

    def is_ready(self) -> Receiver:
        self.control.put("dns", HOST, "A", values=["127.0.0.1"])
        self.control.put("listeners", HOST)
        self.renew()
        return self

    def wait_for_queries(self, server: str, count: int) -> None:
        """Until a DNS server was asked for its address so often; what asks is another process."""
        question, pause = (server, HOST, "A"), threading.Event()
        for _ in range(600):
            if [(query.server, query.name, query.type) for query in dns_queries(self.state)].count(
                question
            ) >= count:
                return
            pause.wait(0.05)
        raise AssertionError(f"{server} was not asked {count} times")

    def renew(self) -> None:
        self.control.put("certificates", HOST)

    def expire(self) -> None:
        self.control.put("certificates", HOST, lifetime=-60)

    def gate(self, **arguments: str) -> str:
        """A gate before it, as source text."""
        return GATE + call(
            'ready = EndpointReadiness("ready"', {"url": repr(self.url()), **self.world, **QUICK, **arguments}
        )

    def hook(self, **arguments: str) -> str:
        """A webhook that leads to it, without a gate, as source text."""
        return hook(**{"url": repr(self.url("/users")), "gate": "None", **arguments})


def hook(**arguments: str) -> str:
    """A webhook behind the gate, as source text."""
    usual = {"title": '"User webhook"', "url": 'ready.url_at("/users")', "gate": "ready", "type": '["USER"]'}
    return call('users = UpvestWebhook("users"', {**usual, **arguments})


def call(begun: str, arguments: dict[str, str]) -> str:
    return ", ".join([begun, *(f"{name}={value}" for name, value in arguments.items())]) + ")\n"


@pytest.fixture
def receiver(life: Life) -> Receiver:
    return Receiver(life)


class Door(socketserver.TCPServer):
    """Shows a certificate to whoever connects, and counts them."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.connections = 0
        self._context = context

    def get_request(self) -> tuple[socket.socket, str]:
        connection, address = super().get_request()
        self.connections += 1
        return self._context.wrap_socket(connection, server_side=True), address


@pytest.fixture
def door(life: Life, tmp_path: Path) -> Iterator[Door]:
    now = time.time()
    issued = life.upvest.world.authority.issue(HOST, now=now, not_after=now + 30 * 86_400)
    file = tmp_path / "door.pem"
    file.write_text(issued.private_key + issued.chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with Door(context) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def says(outcome: Outcome, part: str) -> bool:
    return any(part in message for message in outcome.messages)


def places(outcome: Outcome, *parts: str) -> list[int]:
    """Where its first messages with these parts stand."""
    return [next(place for place, message in enumerate(outcome.messages) if part in message) for part in parts]


def drift(refreshed: Outcome) -> set[str]:
    """The API's fields that a refresh found to be others."""
    assert refreshed.error is None, refreshed.error
    return {name for step in refreshed.steps for name in step.changed} & set(FIELDS)


def answer_to_the_test(outcome: Outcome) -> object:
    """What the receiver answered to the last test."""
    last = outcome.outputs["last_test"]
    assert isinstance(last, dict)
    assert last["time"].endswith("Z")
    return last["status"]


def test_a_gate_waits_and_opens_and_its_webhook_is_created_tested_and_enabled(
    life: Life, receiver: Receiver
) -> None:
    receiver.control.put("dns", "other.tenant.tld", "A", values=["127.0.0.1"])  # so the zone is there
    receiver.control.put("listeners", HOST)
    life.declare(
        receiver.gate(timeout='"30s"')
        + hook(verify='"require"')
        + LAST_TEST
        + 'pulumi.export("evidence", ready.evidence.apply(lambda checks: [check["status"] for check in checks]))\n'
    )
    with ThreadPoolExecutor(1) as people:
        running = people.submit(life.stack.up)
        # A name server that is asked anew has answered before; a resolver is, after a certificate was refused.
        receiver.wait_for_queries("127.0.0.2", 2)
        assert life.sent() == []
        receiver.control.put("dns", HOST, "A", values=["127.0.0.1"])
        receiver.wait_for_queries("127.0.0.1", 2)
        assert life.sent() == []
        receiver.renew()
        outcome = running.result()
    assert steps(outcome) == [("create", "ready"), ("create", "users")]
    assert life.sent() == ["token", "GET", "POST", "test", "PATCH"]
    assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)
    assert outcome.outputs["evidence"] == ["pass", "pass", "skip"]
    assert answer_to_the_test(outcome) == 200
    assert places(
        outcome,
        f"gate 'ready': [1/2] dns: name not there: {HOST} does not exist",
        f"gate 'ready': [2/2] tls: certificate is for default.receiver.invalid, not {HOST}",
        f"created webhook {life.webhook().id}",
        f"tested webhook {life.webhook().id}",
        f"updated webhook {life.webhook().id}",
    ) == [0, 1, 2, 3, 4]
    assert outcome.messages[0].endswith(
        "Waiting for up to 30 s, and Ctrl-C waits for that, too; nothing was sent to Upvest."
    )


class TestAGateThatFails:
    def test_leaves_the_api_without_a_trace(self, life: Life, receiver: Receiver) -> None:
        life.declare(receiver.gate() + hook())
        outcome = life.stack.up()
        assert outcome.error is not None
        assert f"{receiver.url()} is not ready: dns: name not there: {HOST} does not exist" in outcome.error
        assert "nothing was sent to Upvest" in outcome.error
        assert 'Or leave the check out with checks={"dns": "skip: <reason>"}.' in outcome.error
        assert life.sent() == []
        assert life.webhooks() == []

    def test_leaves_an_enabled_webhook_alone_until_it_opens_again(self, life: Life, receiver: Receiver) -> None:
        receiver.is_ready()
        life.declare(receiver.gate(triggers='["1"]') + hook())
        assert life.stack.up().ok
        live = life.webhook()
        life.sent()

        receiver.expire()
        life.declare(receiver.gate(triggers='["2"]') + hook(title='"New"'))
        outcome = life.stack.up()
        assert outcome.error is not None
        assert f"{receiver.url()} is not ready: tls: certificate expired" in outcome.error
        assert "Renew the certificate and see to it that the receiver loads it." in outcome.error
        assert life.sent() == []
        assert life.webhook() == live
        assert live.enabled

        receiver.renew()
        assert steps(life.stack.up()) == [("update", "ready", ("triggers",)), ("update", "users", ("title",))]
        assert life.sent() == ["token", "PATCH"]
        assert life.webhook().enabled


class TestAGateThatReports:
    def test_a_webhook_waits_disabled_is_enabled_once_and_never_disabled(
        self, life: Life, receiver: Receiver
    ) -> None:
        life.declare(receiver.gate(on_timeout='"report"', triggers='["1"]') + hook())
        outcome = life.stack.up()
        assert steps(outcome) == [("create", "ready"), ("create", "users")]
        assert says(outcome, f"warning: gate 'ready': {receiver.url()} is not ready: dns: name not there: {HOST}")
        assert says(outcome, f"webhook 'users' waits for its gate, {receiver.url()}")
        assert life.sent() == ["token", "GET", "POST", "PATCH"]
        assert (life.webhook().title, life.webhook().enabled) == ("User webhook", False)
        assert steps(life.stack.refresh()) == [("refresh", "ready"), ("refresh", "users")]
        life.sent()

        receiver.is_ready()
        outcome = life.stack.preview()
        assert steps(outcome) == [("update", "ready"), ("update", "users", ("gate",))]
        assert says(outcome, f"gate 'ready' still waits: dns: name not there: {HOST}")
        assert life.sent() == []
        assert steps(life.stack.up()) == [("update", "ready"), ("update", "users", ("gate",))]
        assert life.sent() == ["token", "GET", "PATCH"]
        assert life.webhook().enabled

        receiver.expire()
        life.declare(receiver.gate(on_timeout='"report"', triggers='["2"]') + hook())
        outcome = life.stack.up()
        assert steps(outcome) == [("update", "ready", ("triggers",)), ("update", "users", ("gate",))]
        assert says(outcome, f"warning: gate 'ready': {receiver.url()} is not ready: tls: certificate expired")
        assert life.sent() == []
        assert life.webhook().enabled
        assert drift(life.stack.refresh()) == set()

    def test_an_enabled_webhook_stays_at_its_url_until_the_gate_opens(
        self, life: Life, receiver: Receiver
    ) -> None:
        receiver.is_ready()
        life.declare(receiver.gate(on_timeout='"report"', triggers='["1"]') + hook())
        assert life.stack.up().ok
        receiver.expire()
        life.declare(
            receiver.gate(on_timeout='"report"', triggers='["2"]')
            + hook(url='ready.url_at("/moved")', title='"New"')
        )
        life.sent()
        outcome = life.stack.up()
        assert [step.kind for step in outcome.steps] == ["update", "update"]
        assert life.sent() == ["token", "PATCH"]
        assert (life.webhook().url, life.webhook().title) == (receiver.url("/users"), "New")
        assert life.webhook().enabled
        assert drift(life.stack.refresh()) == set()
        life.sent()

        receiver.renew()
        assert life.stack.up().ok
        assert life.sent() == ["token", "GET", "PATCH"]
        assert life.webhook().url == receiver.url("/moved")
        assert life.webhook().enabled

    def test_an_adopted_webhook_keeps_its_deliveries_until_the_gate_opens(
        self, life: Life, receiver: Receiver
    ) -> None:
        with life.client() as client:
            made = client.create_webhook({"title": "By hand", "url": "https://old.tld/x", "type": ["USER"]})
            client.update_webhook(made.id, {"type": ["USER"], "enabled": True})
        life.declare(receiver.gate(on_timeout='"report"') + hook(adopt_id=repr(made.id)))
        assert steps(life.stack.up()) == [("create", "ready"), ("create", "users")]
        assert life.upvest.requests()[-1].body == {"title": "User webhook", "type": ["USER"]}
        assert (life.webhook().url, life.webhook().enabled) == ("https://old.tld/x", True)

        receiver.is_ready()
        life.sent()
        assert life.stack.up().ok
        assert life.sent() == ["token", "GET", "PATCH"]
        assert (life.webhook().id, life.webhook().url) == (made.id, receiver.url("/users"))
        assert life.webhook().enabled

    def test_a_new_webhook_is_held_back_by_a_proof_that_no_longer_holds(
        self, life: Life, receiver: Receiver
    ) -> None:
        receiver.is_ready()
        gate = receiver.gate(on_timeout='"report"')
        life.declare(gate)
        assert life.stack.up().ok
        receiver.expire()
        life.declare(gate + hook())
        outcome = life.stack.up()
        assert steps(outcome) == [("same", "ready"), ("create", "users")]
        assert says(
            outcome, f"warning: webhook 'users' waits: {receiver.url()} is not ready: tls: certificate expired"
        )
        assert not life.webhook().enabled
        receiver.renew()
        assert life.stack.up().ok
        assert life.webhook().enabled


def test_a_changed_trigger_shows_the_gate_alone_and_only_an_up_probes(
    life: Life, receiver: Receiver, door: Door
) -> None:
    receiver.is_ready()

    def probes() -> tuple[int, int]:
        return len(dns_queries(receiver.state)), door.connections

    def program(lifetime: int) -> str:
        return (
            "from receiver.local import LocalCertificate\n"
            f'certificate = LocalCertificate("certificate", name="other.tenant.tld", lifetime={lifetime})\n'
            + receiver.gate(
                url=repr(f"https://{HOST}:{door.server_address[1]}"), triggers="[certificate.certificate_id]"
            )
            + hook()
        )

    life.declare(program(100_000))
    assert life.stack.preview().ok
    assert probes() == (0, 0)
    assert life.stack.up().ok
    queries, connections = probes()
    assert queries > 0
    assert connections > 0

    life.declare(program(200_000))
    assert steps(life.stack.preview()) == [
        ("update", "certificate", ("lifetime",)),
        ("update", "ready", ("triggers",)),
        ("same", "users"),
    ]
    assert life.stack.refresh().ok
    assert probes() == (queries, connections)
    life.sent()
    assert life.stack.up().ok
    assert probes() > (queries, connections)
    assert life.sent() == []


class TestVerify:
    def test_a_webhook_that_fails_its_first_test_is_deleted_again(self, life: Life, receiver: Receiver) -> None:
        receiver.is_ready().control.answer_with(503)
        for mode, sent in {"require": ["test"], "after_enable": ["PATCH", "test"]}.items():
            life.declare(receiver.hook(verify=repr(mode)))
            error = life.stack.up().error or ""
            assert "create of webhook 'users' failed: the test delivery failed: the receiver answered 503" in error
            assert "Nothing was left behind: webhook " in error
            assert "Mend the receiver, then run `pulumi up` again" in error
            assert life.sent() == ["token", "GET", "POST", *sent, "DELETE"]
            assert life.webhooks() == []

    def test_a_webhook_that_fails_on_enabling_is_disabled(self, life: Life, receiver: Receiver) -> None:
        receiver.is_ready().control.answer_with(503)
        life.declare(receiver.hook(enabled="False"))
        assert life.stack.up().ok
        id_ = life.webhook().id
        life.sent()
        for mode, sent in {"require": ["test"], "after_enable": ["PATCH", "test"]}.items():
            life.declare(receiver.hook(verify=repr(mode)))
            error = life.stack.up().error or ""
            assert f"update of webhook 'users' ({id_}) failed: the test delivery failed" in error
            assert f"Webhook {id_} was set back to its old values." in error
            assert life.sent() == ["token", "GET", *sent, "PATCH"]
            assert (life.webhook().title, life.webhook().enabled) == ("User webhook", False)

    def test_an_enabled_webhook_moves_with_one_patch_and_back_where_it_fails(
        self, life: Life, receiver: Receiver
    ) -> None:
        gate = receiver.is_ready().gate()
        life.declare(gate + hook())
        assert life.stack.up().ok
        life.sent()
        life.declare(gate + hook(url='ready.url_at("/moved?by=us")', verify='"require"'))
        assert steps(life.stack.up()) == [("same", "ready"), ("update", "users", ("url", "verify"))]
        assert life.sent() == ["token", "GET", "PATCH", "test"]
        moved = life.webhook()
        assert (moved.url, moved.enabled) == (receiver.url("/moved?by=us"), True)

        receiver.control.answer_with(503)
        life.declare(gate + hook(url='ready.url_at("/failing")', verify='"require"'))
        error = life.stack.up().error or ""
        assert "the test delivery failed: the receiver answered 503" in error
        assert f"Webhook {moved.id} was set back to its old values." in error
        assert life.sent() == ["token", "GET", "PATCH", "test", "PATCH"]
        assert (life.webhook().url, life.webhook().enabled) == (moved.url, True)

    def test_warn_says_what_the_receiver_answered_and_enables(self, life: Life, receiver: Receiver) -> None:
        receiver.is_ready().control.answer_with(503)
        life.declare(receiver.hook(verify='"warn"') + LAST_TEST)
        outcome = life.stack.up()
        webhook = life.webhook()
        assert says(outcome, f"warning: webhook {webhook.id}: the test delivery failed: the receiver answered 503")
        assert webhook.enabled
        assert answer_to_the_test(outcome) == 503


class TestRefusedInPreview:
    def refused(self, life: Life, program: str, *reasons: str) -> None:
        life.declare(program)
        outcome = life.stack.preview()
        assert outcome.error is not None
        for reason in reasons:
            assert f" {reason}" in outcome.error
        assert life.sent() == []

    def test_a_gate_on_an_ip_address_and_a_skip_without_a_reason(self, life: Life, receiver: Receiver) -> None:
        self.refused(
            life,
            receiver.gate(url='"https://127.0.0.1"', checks='{"http": "skip"}'),
            "must have a DNS name as its host; Upvest takes no IP address",
            'must say why http is skipped, as "skip: the receiver is behind a VPN"',
        )

    def test_a_gate_whose_inputs_contradict_each_other(self, life: Life, receiver: Receiver) -> None:
        self.refused(
            life,
            receiver.gate(interval='"5s"', reachable_from='"upvest"', checks='{"tls": "require"}'),
            "must not be longer than the timeout",
            'must not ask for tls from here with reachable_from="upvest"',
        )

    def test_a_webhook_of_another_origin_and_one_that_nobody_proves(self, life: Life, receiver: Receiver) -> None:
        self.refused(
            life,
            receiver.gate(reachable_from='"upvest"') + hook(url='"https://other.tenant.tld/users"'),
            f"must have the origin that the gate proves, {receiver.url()}",
            'must be "warn", "require" or "after_enable": the gate says reachable_from="upvest"',
        )


def test_a_secret_url_of_a_gate_is_secret_in_the_webhooks_behind_it(life: Life, receiver: Receiver) -> None:
    receiver.is_ready()
    gate = receiver.gate(url=f'pulumi.Output.secret("{receiver.url("/canary-1")}")')
    life.declare(gate + hook(url='ready.url_at("/canary-2")'))
    told = [life.stack.up(), life.stack.refresh()]
    assert all(outcome.ok for outcome in told)
    assert life.webhook().url == receiver.url("/canary-2")
    assert "canary" not in life.written() + repr(told)
