"""Runs the local API and the world around it: in this process beside other work, or as a program of its own."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import threading
import time
import uuid
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Self

import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec

from upvest_provider.errors import SettingsError

from . import credentials as files
from .app import create_app
from .authentication import ADMIN, READ
from .request_log import requests
from .store import ACCOUNT, Client, Store
from .world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

    from .credentials import Credentials, Surroundings
    from .request_log import LoggedRequest

HOST = "127.0.0.1"


class LocalUpvest:
    """Upvest's webhook API on loopback and the world around it, for as long as the `with` block runs.

    Args:
        state: The directory that keeps everything; made if it is missing, for its owner only.
        port: Of 127.0.0.1; 0 for any free one.
        clock: Seconds since 1970; decides about signatures, tokens, timestamps, and what is in effect.
        time_scale: What a documented second lasts for deliveries: their delays and the gaps between attempts.
        dns_port: Of the DNS servers; 0 for that of the last run, or else any free one.

    Attributes:
        url: The base URL.
        credentials: What a client needs; also in `credentials.json` in the state directory.
        surroundings: How the world is reached; also in `credentials.json`.
        store: For changes to the account behind the API's back.
        world: DNS, certificate authority, receiver and deliveries.

    Raises:
        SettingsError: On entering; a port is taken, or another process uses the state directory.
    """

    url: str
    credentials: Credentials
    surroundings: Surroundings
    store: Store
    world: World

    def __init__(
        self,
        state: Path,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        time_scale: float = 1.0,
        dns_port: int = 0,
    ) -> None:
        self._state = state
        self._port = port
        self._clock = clock
        self._time_scale = time_scale
        self._dns_port = dns_port
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as exits:
            self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
            exits.enter_context(_lock(self._state))
            listener = exits.enter_context(_listen(self._port))
            self.url = f"http://{HOST}:{listener.getsockname()[1]}"
            # Two connections, since the server's is used by its thread alone.
            self.store = exits.enter_context(closing(Store(self._state)))
            own_store = exits.enter_context(closing(Store(self._state)))
            _make_verify_key(self.store)
            world = World(self._state, clock=self._clock, time_scale=self._time_scale, dns_port=self._dns_port)
            self.world = exits.enter_context(world)
            self.surroundings = self.world.surroundings
            self.credentials = files.load_or_create(self._state, self.url, self.surroundings)
            self.store.add_client(_client(self.credentials))
            exits.enter_context(_running(create_app(own_store, self.world, self._clock), listener))
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def requests(self, after: int = 0) -> list[LoggedRequest]:
        """The requests so far, oldest first; only those with a number above `after`."""
        return requests(self._state, after)


def serve(state: Path, port: int) -> int:
    """Runs the local API until SIGINT or SIGTERM; prints `ready <url>` once it takes requests.

    Args:
        state: See `LocalUpvest`.
        port: See `LocalUpvest`.

    Returns:
        The exit status of the program: 1 if it cannot start, with the cause on stderr.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with LocalUpvest(state, port=port) as upvest:
            sys.stdout.write(f"ready {upvest.url}\n")
            sys.stdout.flush()
            stop.wait()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


@contextmanager
def _lock(state: Path) -> Iterator[None]:
    """Keeps a state directory to one process; the lock ends with the process, however that ends."""
    with (state / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(
                f"another local API runs on {state}", fix="stop it, or name another directory"
            ) from None
        yield


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        cause = os.strerror(error.errno or 0)
        raise SettingsError(
            f"port {port} of {HOST} cannot be used: {cause}",
            fix="name another port, or 0 for any free one",
        ) from error


def _client(credentials: Credentials) -> Client:
    """The client that the credentials file describes, which is older than the database."""
    return Client(
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        scopes=f"{READ} {ADMIN}",
        account=ACCOUNT,
        key_id=credentials.key_id,
        public_key=files.public_key(credentials),
    )


def _make_verify_key(store: Store) -> None:
    with store.transaction():
        if not store.verify_keys():
            store.add_verify_key(str(uuid.uuid4()), ec.generate_private_key(ec.SECP521R1()))


@contextmanager
def _running(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    """Answers in a thread. Connections wait in the listener's queue until it is up."""
    # What uvicorn would choose by what is installed is chosen here; the request log replaces its access log.
    config = uvicorn.Config(
        app, http="h11", ws="none", loop="asyncio", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="local-upvest")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
