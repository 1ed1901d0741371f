from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA512

from upvest_provider.local import ControlClient, LocalUpvest, received_events, refused_deliveries
from upvest_provider.local.delivery_signature import DeliverySigner, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.local.conftest import Caller, Clock, Reply

    Post = Callable[..., Reply]

HOST = "hooks.tenant.tld"
EVENT = {"id": "1", "created_at": "2026-01-01T00:00:00Z", "type": "USER.CREATED", "object": {}, "webhook_id": "w"}
BODY = json.dumps({"payload": [EVENT]}).encode()


@pytest.fixture
def clock(clock_of_today: Clock) -> Clock:
    return clock_of_today


@pytest.fixture
def signer(upvest: LocalUpvest) -> DeliverySigner:
    [(kid, key)] = upvest.store.verify_keys().items()
    return DeliverySigner(kid, key)


@pytest.fixture
def host(control: ControlClient) -> str:
    """A host that is ready."""
    control.put("listeners", HOST)
    control.put("certificates", HOST)
    return HOST


def connected(upvest: LocalUpvest, host: str, **versions: ssl.TLSVersion) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=upvest.surroundings.ca_file)
    context.hostname_checks_common_name = False
    for name, version in versions.items():
        setattr(context, name, version)
    raw = socket.create_connection(("127.0.0.1", upvest.world.receiver.port), timeout=10)
    return context.wrap_socket(raw, server_hostname=host)


def presented(upvest: LocalUpvest, host: str) -> str:
    """What is wrong with the certificate, or its name."""
    try:
        with connected(upvest, host) as connection:
            certificate = connection.getpeercert() or {}
            return str(certificate["subjectAltName"])
    except ssl.SSLError as error:
        return str(error.reason) + str(getattr(error, "verify_message", ""))


def send(
    upvest: LocalUpvest, method: str, target: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, Any]:
    connection = http.client.HTTPSConnection(HOST, upvest.world.receiver.port)
    connection.sock = connected(upvest, HOST)
    try:
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


class TestTls:
    def test_a_host_without_a_listener_is_turned_away(self, upvest: LocalUpvest, control: ControlClient) -> None:
        control.put("certificates", HOST)
        assert presented(upvest, HOST).endswith("UNRECOGNIZED_NAME")

    def test_listener_and_certificate_take_effect_after_their_delays(
        self, upvest: LocalUpvest, control: ControlClient, clock: Clock
    ) -> None:
        control.put("listeners", HOST, delay=5)
        control.put("certificates", HOST, delay=10)
        assert presented(upvest, HOST).endswith("UNRECOGNIZED_NAME")
        clock.now += 5
        assert "Hostname mismatch" in presented(upvest, HOST)
        clock.now += 5
        assert "hooks.tenant.tld" in presented(upvest, HOST)

    def test_a_new_certificate_replaces_the_old_after_its_delay(
        self, upvest: LocalUpvest, control: ControlClient, host: str, clock: Clock
    ) -> None:
        control.put("certificates", host, lifetime=-60, delay=5)
        assert "hooks.tenant.tld" in presented(upvest, host)
        clock.now += 5
        assert "certificate has expired" in presented(upvest, host)

    def test_each_host_has_its_own(self, upvest: LocalUpvest, control: ControlClient, host: str) -> None:
        control.put("listeners", "other.tenant.tld")
        control.put("certificates", "other.tenant.tld")
        assert "other.tenant.tld" in presented(upvest, "other.tenant.tld")
        assert "hooks.tenant.tld" in presented(upvest, host)

    def test_tls_1_2_is_taken(self, upvest: LocalUpvest, host: str) -> None:
        with connected(upvest, host, maximum_version=ssl.TLSVersion.TLSv1_2) as connection:
            assert connection.version() == "TLSv1.2"

    def test_the_port_outlives_a_restart(self, state: Path) -> None:
        with LocalUpvest(state) as upvest:
            port = upvest.world.receiver.port
        with LocalUpvest(state) as upvest:
            assert upvest.world.receiver.port == port

    def test_a_port_that_was_taken_meanwhile_is_replaced(self, state: Path) -> None:
        with LocalUpvest(state) as upvest:
            port = upvest.world.receiver.port
        with socket.create_server(("127.0.0.1", port)), LocalUpvest(state) as upvest:
            assert upvest.world.receiver.port != port

    def test_a_connection_that_stays_silent_holds_up_nobody(self, upvest: LocalUpvest, host: str) -> None:
        address = ("127.0.0.1", upvest.world.receiver.port)
        with socket.create_connection(address), socket.create_connection(address) as second:
            second.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert "hooks.tenant.tld" in presented(upvest, host)


class TestSignature:
    def test_digests_are_those_of_upvests_examples(self) -> None:
        assert digest(b'{"hello": "world"}') == "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="
        assert digest(b'{"key": "value"}') == "SHA-256=lyTB4g5uPk1/V+0l+dTvsAblCFkNUoyQ2ll/andcE+U="

    def test_names_stand_without_quotes_in_what_is_signed(self) -> None:
        key = ec.generate_private_key(ec.SECP521R1())
        headers = DeliverySigner("kid", key).headers("/hooks?tenant=1", BODY, 1_790_000_000.9)
        label, _, parameters = headers["signature-input"].partition("=")
        nonce = re.search(r'nonce="([0-9a-f]{16})"', parameters)
        assert nonce
        assert parameters == (
            '("@method" "@path" "@query" "content-length" "content-type" "digest")'
            f';keyid="kid";created=1790000000;expires=1790000060;nonce="{nonce[1]}"'
        )
        signed = "\n".join(
            [
                "@method: POST",
                "@path: /hooks",
                "@query: ?tenant=1",
                f"content-length: {len(BODY)}",
                "content-type: application/json",
                f"digest: SHA-256={base64.b64encode(hashlib.sha256(BODY).digest()).decode()}",
                f"@signature-params: {parameters}",
            ]
        )
        signature = base64.b64decode(headers["signature"].removeprefix(f"{label}=:").removesuffix(":"))
        key.public_key().verify(signature, signed.encode(), ec.ECDSA(SHA512()))


@pytest.mark.usefixtures("host")
class TestDeliveries:
    def test_a_signed_delivery_is_taken_and_its_event_remembered(
        self, upvest: LocalUpvest, signer: DeliverySigner, clock: Clock, state: Path
    ) -> None:
        assert send(upvest, "POST", "/hooks?a=1", BODY, signer.headers("/hooks?a=1", BODY, clock())) == (
            200,
            {"received": True},
        )
        [event] = received_events(state)
        assert (event.event_id, event.webhook_id, event.type, event.host, event.times) == (
            "1",
            "w",
            "USER.CREATED",
            HOST,
            1,
        )

    def test_an_event_that_comes_again_is_taken_and_counted(
        self, upvest: LocalUpvest, signer: DeliverySigner, clock: Clock, state: Path
    ) -> None:
        for _ in range(3):
            assert send(upvest, "POST", "/", BODY, signer.headers("/", BODY, clock()))[0] == 200
        assert [(event.event_id, event.times) for event in received_events(state)] == [("1", 3)]

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"digest": "SHA-256=AAAA"}, "Signature: digest is not the digest of this body."),
            ({"signature": "sig1=:AAAA:"}, "Signature is incorrect."),
            (
                {"signature-input": 'sig1=("@method" "@path");keyid="k";created=1;expires=9999999999;nonce="n"'},
                'Signature: "digest" must be covered.',
            ),
            (
                {
                    "signature-input": 'sig1=("@method" "@path" "digest" "date");keyid="k";created=1;'
                    'expires=9999999999;nonce="n"'
                },
                'Signature: "date" is covered, but this delivery has no such component.',
            ),
            (
                {
                    "signature-input": 'sig1=("@method" "@path" "digest");keyid="k";created=1;'
                    'expires=9999999999;nonce="n"'
                },
                'Signature: Upvest has no key "k" to verify with.',
            ),
        ],
    )
    def test_a_wrong_signature_is_refused(
        self,
        upvest: LocalUpvest,
        signer: DeliverySigner,
        clock: Clock,
        state: Path,
        change: dict[str, str],
        reason: str,
    ) -> None:
        headers = {**signer.headers("/", BODY, clock()), **change}
        assert send(upvest, "POST", "/", BODY, headers) == (401, {"error": reason})
        assert received_events(state) == []
        assert [(refused.status, refused.reason) for refused in refused_deliveries(state)] == [(401, reason)]

    def test_a_delivery_to_another_path_or_query_is_refused(
        self, upvest: LocalUpvest, signer: DeliverySigner, clock: Clock
    ) -> None:
        for target in ("/other", "/?a=1"):
            assert send(upvest, "POST", target, BODY, signer.headers("/", BODY, clock()))[0] == 401

    def test_an_expired_delivery_is_refused(
        self, upvest: LocalUpvest, signer: DeliverySigner, clock: Clock
    ) -> None:
        clock.now = int(clock.now)
        headers = signer.headers("/", BODY, clock())
        clock.now += 60
        assert send(upvest, "POST", "/", BODY, headers) == (401, {"error": "Signature: it expired 0 s ago."})

    def test_a_key_that_upvest_does_not_show_is_refused(self, upvest: LocalUpvest, clock: Clock) -> None:
        [kid] = upvest.store.verify_keys()
        impostor = DeliverySigner(kid, ec.generate_private_key(ec.SECP521R1()))
        assert send(upvest, "POST", "/", BODY, impostor.headers("/", BODY, clock()))[0] == 401

    @pytest.mark.parametrize("body", [b"", b"{}", b'{"payload": [{"id": "1"}]}', b'{"payload": 5}'])
    def test_what_is_no_delivery_is_refused(
        self, upvest: LocalUpvest, signer: DeliverySigner, clock: Clock, body: bytes
    ) -> None:
        answer = send(upvest, "POST", "/", body, signer.headers("/", body, clock()))
        assert answer == (400, {"error": "The body is no delivery."})

    def test_a_look_is_no_delivery(self, upvest: LocalUpvest, state: Path) -> None:
        assert send(upvest, "GET", "/", b"", {}) == (405, {"error": "Deliveries come by POST."})
        assert send(upvest, "HEAD", "/", b"", {})[0] == 405
        assert refused_deliveries(state) == []

    def test_it_fails_when_it_is_told_to(
        self, upvest: LocalUpvest, control: ControlClient, signer: DeliverySigner, clock: Clock
    ) -> None:
        control.answer_with(503)
        assert send(upvest, "POST", "/", BODY, signer.headers("/", BODY, clock()))[0] == 503
        control.answer_with(200)
        assert send(upvest, "POST", "/", BODY, signer.headers("/", BODY, clock()))[0] == 200

    def test_waiting_for_events_ends_with_them_or_with_the_time_out(
        self, upvest: LocalUpvest, signer: DeliverySigner, clock: Clock
    ) -> None:
        assert not upvest.world.inbox.wait_for(events=1, timeout=0.01)
        sending = threading.Thread(
            target=send, args=(upvest, "POST", "/", BODY, signer.headers("/", BODY, clock()))
        )
        sending.start()
        assert upvest.world.inbox.wait_for(events=1)
        sending.join()


@pytest.mark.usefixtures("host")
def test_a_test_call_finds_the_host_by_local_dns_and_is_taken(
    upvest: LocalUpvest, control: ControlClient, client: Caller, state: Path
) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    webhook = client.create(url=f"https://{HOST}:{upvest.world.receiver.port}/users")
    response = client.call("POST", f"/webhooks/{webhook['id']}/test").json["response"]
    assert (response["status"], response["body"]) == (200, '{"received": true}')
    [event] = received_events(state)
    assert (event.type, event.webhook_id) == ("WEBHOOK.TEST", webhook["id"])


@pytest.mark.parametrize(
    ("values", "error"),
    [([], "NXDOMAIN"), (["::1"], "no address")],
)
def test_a_host_that_local_dns_does_not_know_is_never_asked_of_another(
    client: Caller, control: ControlClient, values: list[str], error: str
) -> None:
    if values:
        control.put("dns", HOST, "AAAA", values=values)
    webhook = client.create(url=f"https://{HOST}/users")
    response = client.call("POST", f"/webhooks/{webhook['id']}/test").json["response"]
    assert response["error"] == f"NameNotResolved: {HOST}: {error}"


@pytest.mark.usefixtures("host")
def test_the_first_address_that_answers_is_used(
    upvest: LocalUpvest, control: ControlClient, client: Caller
) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.9", "127.0.0.1"])
    webhook = client.create(url=f"https://{HOST}:{upvest.world.receiver.port}/users")
    assert client.call("POST", f"/webhooks/{webhook['id']}/test").json["response"]["status"] == 200
