from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.conftest import Caller


@dataclass
class Receiver:
    """Answers every POST on `https://localhost` alike and keeps what it got."""

    status: int = 200
    body: bytes = b"thanks"
    port: int = 0
    received: list[tuple[str, str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/hooks?tenant=1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost` and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a receiver")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    file = tmp_path_factory.mktemp("receiver") / "receiver.pem"
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(key_pem + signed.public_bytes(Encoding.PEM))
    return file


@contextmanager
def running(receiver: Receiver, certificate: Path) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.received.append((self.path, self.headers["content-type"], json.loads(body)))
            self.send_response(receiver.status)
            self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver(certificate: Path) -> Iterator[Receiver]:
    receiver = Receiver()
    with running(receiver, certificate):
        yield receiver


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver's certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.mark.usefixtures("trusted")
def test_a_test_call_posts_one_event_and_reports_the_answer(client: Caller, receiver: Receiver) -> None:
    webhook = client.create(url=receiver.url)
    reply = client.call("POST", f"/webhooks/{webhook['id']}/test")
    assert reply.status == 200
    assert reply.json["url"] == receiver.url
    response = reply.json["response"]
    assert (response["status"], response["body"]) == (200, "thanks")
    assert response["headers"]["location"] == "/elsewhere"
    assert "error" not in response

    [(path, kind, document)] = receiver.received
    assert (path, kind) == ("/hooks?tenant=1", "application/json")
    [event] = document["payload"]
    assert event.keys() == {"id", "created_at", "type", "object", "webhook_id"}
    assert event["webhook_id"] == webhook["id"]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("status", [302, 404, 500])
def test_any_answer_of_the_receiver_is_reported_and_no_redirect_followed(
    client: Caller, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    webhook = client.create(url=receiver.url)
    response = client.call("POST", f"/webhooks/{webhook['id']}/test").json["response"]
    assert (response["status"], "error" in response) == (status, False)
    assert len(receiver.received) == 1


@pytest.mark.usefixtures("trusted")
def test_a_long_answer_is_cut(client: Caller, receiver: Receiver) -> None:
    receiver.body = b"x" * 100_000
    webhook = client.create(url=receiver.url)
    response = client.call("POST", f"/webhooks/{webhook['id']}/test").json["response"]
    assert response["body"] == "x" * 65_536


def test_a_certificate_that_is_not_trusted_is_an_error(client: Caller, receiver: Receiver) -> None:
    webhook = client.create(url=receiver.url)
    response = client.call("POST", f"/webhooks/{webhook['id']}/test").json["response"]
    assert response["status"] == 0
    assert response["error"].startswith("SSLCertVerificationError")
    assert receiver.received == []


def test_a_receiver_that_does_not_listen_is_an_error(client: Caller) -> None:
    webhook = client.create(url="https://localhost:1/")
    response = client.call("POST", f"/webhooks/{webhook['id']}/test").json["response"]
    error = "ConnectionRefusedError: [Errno 111] Connection refused"
    assert response == {"status": 0, "headers": {}, "body": "", "error": error}
