"""The port that the API is answered on, which can be shut for a while."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from upvest_provider.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from starlette.types import ASGIApp

HOST = "127.0.0.1"

_CLOSING = 0.001
"""Seconds between two looks whether the last answers are sent and their connections closed."""


class Port:
    """Listens from the start; answers in a thread of its own while the `with` block of `answered_by` runs.

    Args:
        number: Of 127.0.0.1; 0 for any free one.

    Attributes:
        number: The port that it is.

    Raises:
        SettingsError: The port is taken.
    """

    def __init__(self, number: int) -> None:
        self._socket = _bound(number)
        self.number: int = self._socket.getsockname()[1]
        # Connections wait in its queue until the server is up.
        self._socket.listen()
        self._loop = asyncio.new_event_loop()
        self._one_shutter = asyncio.Lock()

    def close(self) -> None:
        """Gives the port up."""
        self._socket.close()
        self._loop.close()

    @contextmanager
    def answered_by(self, app: ASGIApp) -> Iterator[None]:
        """Has an application answer."""
        # What uvicorn would choose by what is installed is chosen here; the request log replaces its access log.
        config = uvicorn.Config(
            app,
            http=_Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
        )
        self._server = _Server(config)
        thread = threading.Thread(target=self._run, name="local-upvest")
        thread.start()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._server.end.set)
            thread.join()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Refuses connections inside, and drops those that there are."""
        self._wait_for(self._shut())
        try:
            yield
        finally:
            self._wait_for(self._open())

    def shut_for(self, seconds: float) -> None:
        """Refuses connections for so many seconds from now on."""
        asyncio.run_coroutine_threadsafe(self._shut_and_open(seconds), self._loop)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._server.serve([self._socket]))

    def _wait_for(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _shut_and_open(self, seconds: float) -> None:
        await self._shut()
        await asyncio.sleep(seconds)
        await self._open()

    async def _shut(self) -> None:
        await self._one_shutter.acquire()
        await self._server.up.wait()
        for server in self._server.servers:
            for listener in server.sockets:
                self._loop.remove_reader(listener)
        # What was accepted becomes a connection in two steps; closed before, asyncio would forget it open.
        for _ in range(2):
            await asyncio.sleep(0)
        for server in self._server.servers:
            server.close()
        # Bound but not listening, it refuses connections and keeps the port from others.
        self._socket = _bound(self.number)
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()

    async def _open(self) -> None:
        await self._server.startup([self._socket])
        self._one_shutter.release()


class _Server(uvicorn.Server):
    """Says when it is up, and ends when it is told to; uvicorn's own looks ten times a second whether it is to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.end = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - `servers` own them
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(_CLOSING)


class _Connection(H11Protocol):
    """Hands its transport on to the application, as `scope["state"]["transport"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self.app_state = {"transport": transport}


def _bound(number: int) -> socket.socket:
    # With the protocol named asyncio turns Nagle's algorithm off, which would hold each answer back for 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, number))
    except OSError as error:
        bound.close()
        cause = os.strerror(error.errno or 0)
        raise SettingsError(
            f"port {number} of {HOST} cannot be used: {cause}",
            fix="name another port, or 0 for any free one",
        ) from error
    return bound
