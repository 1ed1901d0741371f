from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.api.scripted import Upstream
from upvest_provider.api import Credentials, SigningKey, UpvestClient, Write, load_signing_key
from upvest_provider.local import LocalUpvest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from upvest_provider.local import LoggedRequest

CLIENT_ID = "8e6bb6f0-6a2f-4b0c-9d1e-3d1f0a3f7c55"
NOW = 1_790_000_000.0
KEY_ID = "0c1d3a52-7a74-4a3f-8f4e-1b7a2d9e6f10"


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Connect(Protocol):
    """Makes a client of the scripted server."""

    def __call__(self, **arguments: Any) -> UpvestClient: ...  # noqa: ANN401 - those of `UpvestClient`


@pytest.fixture(scope="session")
def the_clock() -> Clock:
    return Clock()


@pytest.fixture
def clock(the_clock: Clock) -> Clock:
    """Of the clients and of the local API."""
    the_clock.now = NOW
    return the_clock


@pytest.fixture
def waits() -> list[float]:
    """How long the clients would have slept, in seconds."""
    return []


@pytest.fixture
def writes() -> list[Write]:
    """What the clients told of."""
    return []


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP521R1())


@pytest.fixture
def credentials(upstream: Upstream, private_key: ec.EllipticCurvePrivateKey) -> Credentials:
    return Credentials(upstream.url, CLIENT_ID, "client-secret", KEY_ID, SigningKey(private_key))


@pytest.fixture
def connect(credentials: Credentials, clock: Clock, waits: list[float], writes: list[Write]) -> Iterator[Connect]:
    usual = {"clock": clock, "sleep": waits.append, "on_write": writes.append}
    with ExitStack() as clients:

        def connect(**arguments: Any) -> UpvestClient:  # noqa: ANN401 - those of `UpvestClient`
            return clients.enter_context(UpvestClient(**{"credentials": credentials, **usual, **arguments}))

        yield connect


@pytest.fixture
def client(connect: Connect) -> UpvestClient:
    """A client of the scripted server."""
    return connect()


@pytest.fixture(scope="session")
def the_upvest(tmp_path_factory: pytest.TempPathFactory, the_clock: Clock) -> Iterator[LocalUpvest]:
    """One for all tests, for it takes a while to start and to stop."""
    with LocalUpvest(tmp_path_factory.mktemp("upvest"), clock=the_clock) as upvest:
        yield upvest


@pytest.fixture
def upvest(the_upvest: LocalUpvest) -> LocalUpvest:
    """The local API, without any webhook."""
    for webhook in the_upvest.store.webhooks():
        the_upvest.store.delete_webhook(webhook["id"])
    return the_upvest


@pytest.fixture
def asked(upvest: LocalUpvest) -> Callable[[], list[LoggedRequest]]:
    """What the local API was asked since the test began."""
    before = len(upvest.requests())
    return lambda: upvest.requests(before)


@pytest.fixture
def customer(upvest: LocalUpvest, connect: Connect) -> UpvestClient:
    """A client of the local API."""
    return connect(credentials=credentials_of(upvest))


def credentials_of(upvest: LocalUpvest) -> Credentials:
    given = upvest.credentials
    key = load_signing_key(Path(given.private_key_file).read_bytes(), given.private_key_passphrase)
    return Credentials(given.api, given.client_id, given.client_secret, given.key_id, key)
