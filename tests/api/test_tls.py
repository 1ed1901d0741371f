"""Requests go out over TLS that is verified, and nowhere else."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
import trustme

from tests.probes.tls.servers import Server, http
from upvest_provider.api.signature import Request
from upvest_provider.api.transport import OF_PROXIES, OF_TLS, Transport
from upvest_provider.errors import Unreachable

if TYPE_CHECKING:
    import socket
    from pathlib import Path

ASKS = """
import ssl, sys
from tests.api.test_tls import ask
print(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).maximum_version.name)
ask(int(sys.argv[1]))
"""
OPENSSL_CONF = """
openssl_conf = all
[all]
ssl_conf = tls
[tls]
system_default = everywhere
[everywhere]
MaxProtocol = TLSv1.2
VerifyMode = -Peer
VerifyCAFile = {authority}
"""

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


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OF_TLS | OF_PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


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


class TestNoVariableTurnsTheVerificationOff:
    """Those that httpx, Python's ssl and OpenSSL read: here the server's own authority is nobody's."""

    @pytest.fixture
    def authority(self, tmp_path: Path) -> trustme.CA:
        """The server's; its certificate lies where a variable may lead."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        return authority

    def refused(self, authority: trustme.CA) -> None:
        requests: list[bytes] = []
        with server_of(authority, "localhost", requests) as server, pytest.raises(Unreachable) as refusal:
            ask(server.port)
        assert requests == []
        assert "certificate verify failed" in refusal.value.summary

    def test_other_authorities(
        self, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
        self.refused(authority)

    def test_a_directory_without_an_authority_by_its_hash(
        self, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        self.refused(authority)

    def test_a_log_of_keys(self, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log = tmp_path / "keys"
        monkeypatch.setenv("SSLKEYLOGFILE", str(log))
        self.refused(authority)
        assert log.exists()

    @pytest.mark.parametrize("is_trusted", [True, False])
    def test_a_proxy_which_answers_in_the_server_s_place(
        self, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_trusted: bool
    ) -> None:
        context, requests = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), list[bytes]()
        authority.issue_cert("localhost").configure_cert(context)

        def tunnel(connection: socket.socket) -> None:
            assert connection.recv(4096).startswith(b"CONNECT localhost:1 ")
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            http(context, ANSWER, requests)(connection)

        if is_trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        with Server(tunnel) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
            with nullcontext() if is_trusted else pytest.raises(Unreachable, match="certificate verify failed"):
                ask(1)
            assert proxy.met == 1
        assert len(requests) == is_trusted

    def test_openssl_s_own_settings(self, authority: trustme.CA, tmp_path: Path) -> None:
        """OpenSSL reads them when it is loaded, so in a process of its own, which says that they are in force."""
        settings = tmp_path / "openssl.cnf"
        settings.write_text(OPENSSL_CONF.format(authority=tmp_path / "ca.pem"))
        requests: list[bytes] = []
        with server_of(authority, "localhost", requests) as server:
            asking = subprocess.run(
                [sys.executable, "-c", ASKS, str(server.port)],
                env={**os.environ, "OPENSSL_CONF": str(settings), "PYTHONPATH": os.pathsep.join(sys.path)},
                capture_output=True,
                text=True,
                check=False,
            )
        assert asking.stdout == "TLSv1_2\n"
        assert "certificate verify failed" in asking.stderr
        assert requests == []
