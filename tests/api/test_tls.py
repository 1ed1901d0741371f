"""Requests go out over TLS that is verified, and nowhere else."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from tests.probes.tls.servers import Server, http
from upvest_provider.api.signature import Request
from upvest_provider.api.transport import Transport
from upvest_provider.errors import Unreachable

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


def server_of(authority: trustme.CA, name: str, requests: list[bytes]) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return Server(http(context, ANSWER, requests))


def ask(port: int) -> int:
    transport = Transport(f"https://localhost:{port}")
    try:
        return transport.send(Request("GET", "/webhooks"), {"authorization": "Bearer secret"}, timeout=5).status
    finally:
        transport.close()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this machine trusts, as a company's own is."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


def test_an_authority_of_the_machine_is_trusted(trusted: trustme.CA) -> None:
    requests: list[bytes] = []
    with server_of(trusted, "localhost", requests) as server:
        assert ask(server.port) == 200
    assert len(requests) == 1


def test_nothing_is_sent_to_a_server_that_nobody_vouches_for() -> None:
    requests: list[bytes] = []
    with server_of(trustme.CA(), "localhost", requests) as server, pytest.raises(Unreachable) as refusal:
        ask(server.port)
    assert requests == []
    assert "certificate verify failed" in refusal.value.summary


def test_nothing_is_sent_to_a_server_of_another_name(trusted: trustme.CA) -> None:
    requests: list[bytes] = []
    with server_of(trusted, "other.tld", requests) as server, pytest.raises(Unreachable) as refusal:
        ask(server.port)
    assert requests == []
    assert "localhost" in refusal.value.summary


@pytest.mark.parametrize("variable", ["PYTHONHTTPSVERIFY", "SSL_VERIFY", "HTTPX_VERIFY"])
def test_no_variable_turns_the_verification_off(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "0")
    with server_of(trustme.CA(), "localhost", []) as server, pytest.raises(Unreachable):
        ask(server.port)
