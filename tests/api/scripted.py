"""An HTTP server that does with each request what a test tells it, faults of the wire included."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Behaviour = Callable[[socket.socket], None]
    """What is done with a connection after its request was read; then it is closed."""
    Decide = Callable[["Received"], Behaviour]

TOKEN_PATH = "/auth/token"
REQUEST_ID = "1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11"


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


def says(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Behaviour:
    lines = [f"HTTP/1.1 {status} Said", "connection: close", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    message = "\r\n".join([*lines, "", ""]).encode() + body
    return lambda connection: connection.sendall(message)


def gives(document: object, status: int = 200) -> Behaviour:
    """An answer of Upvest's own."""
    headers = {"content-type": "application/json", "upvest-request-id": REQUEST_ID}
    return says(status, json.dumps(document).encode(), headers)


def takes(status: int = 202) -> Behaviour:
    """An answer of Upvest's own without a body."""
    return says(status, headers={"upvest-request-id": REQUEST_ID})


def problem(status: int, detail: str = "Some detail.", headers: Mapping[str, str] | None = None) -> Behaviour:
    """An error of Upvest's own."""
    document = {
        "type": "https://docs.upvest.co/errors/some",
        "status": status,
        "title": "Some title",
        "detail": detail,
        "request_id": REQUEST_ID,
    }
    own = {"content-type": "application/problem+json", "upvest-request-id": REQUEST_ID}
    return says(status, json.dumps(document).encode(), own | dict(headers or {}))


def token(value: str = "token", expires_in: float = 1800) -> Behaviour:
    document = {"access_token": value, "expires_in": expires_in, "token_type": "bearer", "scope": "webhooks:admin"}
    return gives(document)


def webhook(number: int = 1, **changes: object) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "created_at": "2026-09-21T14:13:20.00Z",
        "updated_at": "2026-09-21T14:13:20.00Z",
        "title": "User webhook",
        "url": "https://hooks.tenant.tld/users",
        "enabled": False,
        "type": ["USER"],
        "config": {"delay": "1s", "max_package_size": 51200},
        **changes,
    }


def page(webhooks: list[dict[str, Any]], total_count: int | None = None) -> Behaviour:
    total = len(webhooks) if total_count is None else total_count
    meta = {"offset": 0, "limit": 1000, "count": len(webhooks), "total_count": total}
    return gives({"meta": meta, "data": webhooks})


def hangs_up(_: socket.socket) -> None:
    """The connection ends in good order, without an answer."""


def resets(connection: socket.socket) -> None:
    """The connection breaks, without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cuts_the_body(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 Said\r\ncontent-length: 100\r\n\r\n{"meta"')


def stays_silent(connection: socket.socket) -> None:
    """Waits for the client to give up."""
    with contextlib.suppress(ConnectionError):
        connection.recv(1)


def pours(connection: socket.socket) -> None:
    """A body without an end."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(b"HTTP/1.1 200 Said\r\nconnection: close\r\n\r\n")
        while True:
            connection.sendall(bytes(65_536))


def always(behaviour: Behaviour) -> Decide:
    return lambda _: behaviour


def in_turn(*behaviours: Behaviour) -> Decide:
    """One after the other; a request too many is answered by status 599."""
    rest = iter(behaviours)
    lock = threading.Lock()

    def decide(_: Received) -> Behaviour:
        with lock:
            return next(rest, says(599))

    return decide


class Upstream:
    """A scripted Upvest on loopback, for as long as the `with` block runs.

    Attributes:
        url: Its origin.
        received: Every request so far, in the order of their arrival.
        tokens: Decides about requests for a token.
        api: Decides about all others.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.tokens: Decide = always(token())
        self.api: Decide = always(page([]))
        self._faults: list[BaseException] = []
        self._server = _Server(self, 0)
        self._thread = threading.Thread()
        self.url = f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()
        self._server.server_close()
        assert self._faults == []

    def listen(self) -> None:
        self._server.server_activate()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.002,), name="upstream")
        self._thread.start()

    def refuse(self) -> None:
        """Refuses connections from now on, until `listen`; the port stays taken."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server = _Server(self, self._server.port)

    @property
    def token_requests(self) -> list[Received]:
        return [request for request in self.received if request.path == TOKEN_PATH]

    @property
    def calls(self) -> list[Received]:
        """The requests for anything but a token."""
        return [request for request in self.received if request.path != TOKEN_PATH]

    def take(self, request: Received) -> Behaviour:
        self.received.append(request)
        return self.tokens(request) if request.path == TOKEN_PATH else self.api(request)

    def fault(self, error: BaseException) -> None:
        """A fault of a test's own script, which must not go unseen."""
        self._faults.append(error)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 16

    def __init__(self, upstream: Upstream, port: int) -> None:
        self.upstream = upstream
        super().__init__(("127.0.0.1", port), _Handler, bind_and_activate=False)
        self.server_bind()

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        if request := self._read():
            try:
                self.server.upstream.take(request)(self.request)
            except Exception as error:  # noqa: BLE001 - raised again where the upstream ends
                self.server.upstream.fault(error)

    def _read(self) -> Received | None:
        line = self.rfile.readline().decode("ascii")
        if not line:
            return None  # a connection that was opened and not used
        method, target, _ = line.split(" ")
        headers: dict[str, str] = {}
        while (header := self.rfile.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = header.partition(":")
            assert name.lower() not in headers, f"{name} came twice"
            headers[name.lower()] = value.strip()
        return Received(method, target, headers, self.rfile.read(int(headers.get("content-length", "0"))))
