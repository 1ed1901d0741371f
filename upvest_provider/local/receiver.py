"""An HTTPS receiver of deliveries on loopback: one port for all hosts, each with its listener and certificate."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, ClassVar, Self

from .delivery_signature import verify
from .exchange import Answer, Call
from .problems import Problem, invalid
from .things import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .authority import Authority
    from .inbox import Inbox
    from .things import Things

HOST = "127.0.0.1"

DEFAULT_NAME = "default.receiver.invalid"
"""Whose certificate is shown where the host has none: a load balancer's own, as in life."""

ANSWER = "answer"
"""The one thing of kind `Kind.ANSWER`: the status that is answered instead of 200."""

IDLE = 10.0
"""Seconds that a connection may stay silent."""

CONNECTIONS = 16
"""Connections that are served at the same time."""


class Receiver:
    """Takes deliveries for as long as the `with` block runs.

    Args:
        state: The state directory, which exists.
        things: Listeners and certificates.
        inbox: What was received.
        authority: Issues the default certificate.
        verify_keys: Gives what `GET /auth/verify_keys` answers.
        clock: Seconds since 1970.

    Attributes:
        port: Of 127.0.0.1; that of the last run where it is free.
    """

    port: int

    def __init__(
        self,
        state: Path,
        *,
        things: Things,
        inbox: Inbox,
        authority: Authority,
        verify_keys: Callable[[], Mapping[str, Any]],
        clock: Callable[[], float],
    ) -> None:
        self._state = state
        self._things = things
        self._inbox = inbox
        self._authority = authority
        self._verify_keys = verify_keys
        self._clock = clock
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._stopping = False
        self._connections: set[ssl.SSLSocket] = set()
        self._lock = threading.Lock()
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as exits:
            listener = exits.enter_context(_listen(self._things.port("receiver")))
            self.port = listener.getsockname()[1]
            self._things.keep_port("receiver", self.port)
            pool = exits.enter_context(ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="local-receiver"))
            acceptor = threading.Thread(target=self._accept, args=(listener, pool), name="local-receiver")
            acceptor.start()
            exits.callback(self._stop, acceptor)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def answer(self, call: Call) -> Answer:
        """The answer to a request."""
        host = call.headers.get("host", "").partition(":")[0]
        try:
            self._take(host, call)
        except Problem as problem:
            if call.method == "POST":
                self._inbox.refuse(host, problem.status, problem.detail)
            return Answer(problem.status, {"error": problem.detail}, problem.headers)
        return Answer(200, {"received": True})

    def _take(self, host: str, call: Call) -> None:
        told = self._things.declared(Kind.ANSWER, ANSWER)
        if told and told.document["status"] != 200:  # noqa: PLR2004 - the usual answer
            status = told.document["status"]
            raise Problem(status, f"The receiver was told to answer {status}.", slug="told")
        if call.method != "POST":
            raise Problem(405, "Deliveries come by POST.", headers={"allow": "POST"})
        verify(call, self._clock(), self._verify_keys())
        self._inbox.take(host, _events(call.body))

    def _accept(self, listener: socket.socket, pool: ThreadPoolExecutor) -> None:
        while True:
            connection, _ = listener.accept()
            if self._stopping:
                connection.close()
                return
            pool.submit(self._converse, connection)

    def _stop(self, acceptor: threading.Thread) -> None:
        self._stopping = True
        # A thread that accepts is woken by nothing but a connection.
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, self.port), timeout=1).close()
        acceptor.join()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(IDLE)
        with connection, contextlib.suppress(OSError):
            default = self._context(None)
            default.sni_callback = self._choose
            with default.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as secure:
                with self._lock:
                    self._connections.add(secure)
                try:
                    secure.do_handshake()
                    _Exchange(secure, self.answer)
                finally:
                    with self._lock:
                        self._connections.discard(secure)

    def _choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, host: str | None, _: ssl.SSLContext
    ) -> int | None:
        """Picks the certificate by the name that the client asks for (SNI)."""
        if host not in self._things.effective(Kind.LISTENER, self._clock()):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self._context(host)
        return None

    def _context(self, host: str | None) -> ssl.SSLContext:
        """The TLS settings of a host, with its certificate if one is in effect."""
        now = self._clock()
        issued = self._things.effective(Kind.CERTIFICATE, now).get(host or "")
        with self._lock:
            name = issued["certificate_id"] if issued else DEFAULT_NAME
            if name not in self._contexts:
                self._contexts[name] = self._loaded(issued["pem"] if issued else self._default_pem(now))
            return self._contexts[name]

    def _default_pem(self, now: float) -> str:
        year = 365 * 24 * 3600
        certificate = self._authority.issue(DEFAULT_NAME, now=now, not_after=now + year)
        return certificate.private_key + certificate.chain

    def _loaded(self, pem: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Python's ssl reads certificates from files only; this one is its owner's alone, and short-lived.
        with tempfile.NamedTemporaryFile("w", dir=self._state, suffix=".pem") as file:
            file.write(pem)
            file.flush()
            context.load_cert_chain(file.name)
        return context


class _Exchange(BaseHTTPRequestHandler):
    """Reads one request from a connection, and answers it."""

    timeout: ClassVar[float] = IDLE

    def __init__(self, connection: ssl.SSLSocket, answer: Callable[[Call], Answer]) -> None:
        self._answer = answer
        super().__init__(connection, (HOST, 0), None)  # type: ignore[arg-type] # it has no use for a server

    def do_POST(self) -> None:
        """Answers a delivery, or a look from somebody else."""
        path, _, query = self.path.partition("?")
        size = self.headers.get("content-length", "0")
        body = self.rfile.read(int(size)) if size.isdecimal() else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self._answer(Call(self.command, path, query, headers, body)))

    do_GET = do_HEAD = do_POST  # noqa: N815 - the base class's names

    def _send(self, answer: Answer) -> None:
        content = json.dumps(answer.document).encode()
        headers = {"content-type": "application/json", "content-length": str(len(content)), **answer.headers}
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """The inbox keeps what is worth knowing."""


def _listen(last: int) -> socket.socket:
    try:
        return socket.create_server((HOST, last))
    except OSError:
        return socket.create_server((HOST, 0))


def _events(body: bytes) -> list[Mapping[str, object]]:
    """The events of a delivery.

    Raises:
        Problem: 400, it is none.
    """
    try:
        events: list[Mapping[str, object]] = json.loads(body)["payload"]
        for event in events:
            _ = event["id"], event["webhook_id"], event["type"]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("The body is no delivery.") from error
    return events
