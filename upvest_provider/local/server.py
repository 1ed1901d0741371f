"""Runs the local API and the world around it: in this process beside other work, or as a program of its own."""

from __future__ import annotations

import fcntl
import signal
import sys
import threading
import time
import uuid
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Self

from cryptography.hazmat.primitives.asymmetric import ec

from upvest_provider.errors import SettingsError
from upvest_provider.settings import check_account_name

from . import credentials as files
from .app import create_app
from .authentication import ADMIN, READ
from .behaviour import load_behaviour
from .faults import Faults
from .port import HOST, Port
from .request_log import requests
from .service import Service
from .store import Client, Store
from .world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from .behaviour import Behaviour
    from .credentials import Credentials, Surroundings
    from .request_log import LoggedRequest


class LocalUpvest:
    """Upvest's webhook API on loopback and the world around it, for as long as the `with` block runs.

    Args:
        state: The directory that keeps everything; made if it is missing, for its owner only.
        port: Of 127.0.0.1; 0 for any free one.
        clock: Seconds since 1970; decides about signatures, tokens, timestamps, and what is in effect.
        time_scale: What a documented second lasts for deliveries: their delays and the gaps between attempts.
        dns_port: Of the DNS servers; 0 for that of the last run, or else any free one.
        behaviour: What it does where Upvest's documents are silent; that of `behaviour.json` where not given.
        accounts: Names of accounts beside the one without a name, each with a client and webhooks of its own.

    Attributes:
        state: The directory, which `UPVEST_LOCAL_STATE` names to whoever reaches it as `local`.
        url: The base URL.
        credentials: What a client needs; also in `credentials.json` in the state directory.
        accounts: The credentials of every account by its name, empty for the one without.
        surroundings: How the world is reached; also in `credentials.json`.
        store: For changes to the account behind the API's back.
        world: DNS, certificate authority, receiver and deliveries.
        faults: What breaks the API.

    Raises:
        SettingsError: On entering; a port is taken, another process uses the state directory, or an account
            cannot have the name.
    """

    url: str
    credentials: Credentials
    accounts: Mapping[str, Credentials]
    surroundings: Surroundings
    store: Store
    world: World
    faults: Faults

    def __init__(
        self,
        state: Path,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        time_scale: float = 1.0,
        dns_port: int = 0,
        behaviour: Behaviour | None = None,
        accounts: Collection[str] = (),
    ) -> None:
        self.state = state
        self._names = accounts
        self._port_number = port
        self._clock = clock
        self._time_scale = time_scale
        self._dns_port = dns_port
        self._behaviour = behaviour or load_behaviour()
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as exits:
            for name in self._names:
                check_account_name(name)
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            exits.enter_context(_lock(self.state))
            self._port = exits.enter_context(closing(Port(self._port_number)))
            self.url = f"http://{HOST}:{self._port.number}"
            # Two connections, since the server's is used by its thread alone.
            self.store = exits.enter_context(closing(Store(self.state, self._clock)))
            own_store = exits.enter_context(closing(Store(self.state, self._clock)))
            _make_verify_key(self.store)
            world = World(self.state, clock=self._clock, time_scale=self._time_scale, dns_port=self._dns_port)
            self.world = exits.enter_context(world)
            self.surroundings = self.world.surroundings
            self.accounts = files.load_or_create(self.state, self.url, self.surroundings, self._names)
            self.credentials = self.accounts[""]
            for name, credentials in self.accounts.items():
                self.store.add_client(_client(credentials, name))
            self.faults = Faults()
            self._service = Service(
                own_store, self.world, self._clock, self._behaviour, self.faults, self._port.shut_for
            )
            exits.enter_context(self._port.answered_by(create_app(self._service)))
            exits.callback(self.faults.end)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    @property
    def behaviour(self) -> Behaviour:
        """What it does where Upvest's documents are silent; may be set, for requests that arrive from then on."""
        return self._service.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._service.behaviour = behaviour

    def requests(self, after: int = 0) -> list[LoggedRequest]:
        """The requests so far, oldest first; only those with a number above `after`."""
        return requests(self.state, after)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Has nothing listen on the port inside, so that connections are refused; open ones are dropped."""
        with self._port.shut():
            yield


def serve(state: Path, port: int, accounts: Collection[str] = ()) -> int:
    """Runs the local API until SIGINT or SIGTERM; prints `ready <url>` once it takes requests.

    Args:
        state: See `LocalUpvest`.
        port: See `LocalUpvest`.
        accounts: See `LocalUpvest`.

    Returns:
        The exit status of the program: 1 if it cannot start, with the cause on stderr.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with LocalUpvest(state, port=port, accounts=accounts) as upvest:
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


def _client(credentials: Credentials, account: str) -> Client:
    """A client that the credentials file describes, which is older than the database."""
    return Client(
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        scopes=f"{READ} {ADMIN}",
        account=account,
        key_id=credentials.key_id,
        public_key=files.public_key(credentials),
    )


def _make_verify_key(store: Store) -> None:
    with store.transaction():
        if not store.verify_keys():
            store.add_verify_key(str(uuid.uuid4()), ec.generate_private_key(ec.SECP521R1()))
