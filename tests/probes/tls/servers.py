"""Servers on loopback that meet a client as they are told to."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from typing import TYPE_CHECKING, Self

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    Behaviour = Callable[[socket.socket], None]
    """Meets one connection, which is closed afterwards."""

HOST = "hooks.tenant.example"


class Server:
    """A listener whose connections are met one after the other."""

    def __init__(self, behaviour: Behaviour, *, address: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family)
        self._behaviour = behaviour
        self._ends = False
        self._thread = threading.Thread(target=self._run)
        self.address = address
        self.port: int = self._listener.getsockname()[1]
        self.met = 0
        """Connections so far."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        socket.create_connection((self.address, self.port)).close()
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._ends:
                    return
                self.met += 1
                with contextlib.suppress(OSError):  # clients that turn a server down hang up
                    self._behaviour(connection)


def unused_port(address: str = "127.0.0.1") -> int:
    with socket.create_server((address, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def tls(context: ssl.SSLContext) -> Behaviour:
    """Speaks TLS until the client hangs up."""

    def meet(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    return meet


def http(context: ssl.SSLContext, answer: bytes, requests: list[bytes]) -> Behaviour:
    """Answers a request over TLS; notes each."""

    def meet(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            requests.append(_head(secured))
            secured.sendall(answer)

    return meet


def _head(secured: ssl.SSLSocket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n") and (more := secured.recv(4096)):
        head += more
    return head


def silent(connection: socket.socket) -> None:
    """Says nothing until the client hangs up."""
    while connection.recv(4096):
        pass


def resets(connection: socket.socket) -> None:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs_up(connection: socket.socket) -> None:
    connection.recv(4096)


def speaks_plain_http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def context_of(
    authority: trustme.CA,
    *names: str,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    common_name: str | None = None,
) -> ssl.SSLContext:
    """A server's context with a certificate that the authority issues, and the intermediates."""
    certificate = authority.issue_cert(*names, not_before=not_before, not_after=not_after, common_name=common_name)
    return context_with(certificate.private_key_pem, *certificate.cert_chain_pems)


def context_with(*pems: trustme.Blob) -> ssl.SSLContext:
    """A server's context with a private key and certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trustme.Blob(b"".join(pem.bytes() for pem in pems)).tempfile() as file:
        context.load_cert_chain(file)
    return context


def wants_client_certificates(context: ssl.SSLContext, authority: trustme.CA) -> ssl.SSLContext:
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return context
