"""One local Upvest for all tests of a worker, and the accounts on it."""

from __future__ import annotations

import logging
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from pulumi.dynamic import Config

from upvest_provider.local import FaultKind, LocalUpvest
from upvest_provider.local.database import read
from upvest_provider.local.exchange import Call
from upvest_provider.local.faults import Faults
from upvest_provider.local.sender import Reply
from upvest_provider.local.store import Client
from upvest_provider.timestamps import rfc3339

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.around import Clock
    from upvest_provider.local import Fault, LoggedRequest

    Document = dict[str, Any]

PATIENCE = 0.05
"""Seconds in place of the provider's time-outs, where a fault is that no answer comes."""

HOST = "hooks.tenant.tld"
SCOPES = "webhooks:read webhooks:admin"
CANARY_PATH = "canary-7c1d0e5b"
"""In the path of every URL: who knows the path can post to the receiver."""


class Wire:
    """The HTTP clients of all providers: closed by the tests, and no more patient than they are.

    Attributes:
        silences: Which requests are waited for `PATIENCE` only. All others wait as long as the provider wants, for a busy
            machine answers those too late.
        tokens: The access tokens that went out.
        begun: How many requests were begun, whatever became of them.
    """

    def __init__(self) -> None:
        self.silences = Faults()
        self.tokens: set[str] = set()
        self.begun = 0
        self._open: list[httpx.Client] = []
        self._make = httpx.Client

    def client(self, **arguments: Any) -> httpx.Client:  # noqa: ANN401 - httpx's own
        """In place of `httpx.Client`."""
        client = self._make(event_hooks={"request": [self._meet]}, **arguments)
        self._open.append(client)
        return client

    def close(self) -> None:
        """Close what is open, as the end of a process does."""
        while self._open:
            self._open.pop().close()

    def _meet(self, request: httpx.Request) -> None:
        self.begun += 1
        self.tokens.update(request.headers.get("authorization", "").split()[1:])
        url = request.url
        call = Call(request.method, url.path, url.query.decode(), request.headers, b"")
        if self.silences.firing(call):
            request.extensions["timeout"] = httpx.Timeout(PATIENCE).as_dict()


class Receiver:
    """Answers test deliveries in place of the world's network, which other tests cross."""

    def __init__(self) -> None:
        self.status = 200

    def post(self, _url: str, _body: bytes) -> Reply:
        """As `Sender.post`."""
        return Reply(self.status, {}, "")


class Records(logging.Handler):
    """What is logged anywhere in this process, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._texts.append(self.format(record))

    def taken(self) -> str:
        """All since it was last asked for."""
        texts, self._texts = self._texts, []
        return "\n".join(texts)


@dataclass
class Site:
    """The local Upvest, its clock and its receiver.

    Attributes:
        met: How many requests met a fault, up to the last time that faults were cleared.
    """

    upvest: LocalUpvest
    state: Path
    clock: Clock
    wire: Wire
    receiver: Receiver = field(default_factory=Receiver)
    records: Records = field(default_factory=Records)
    met: int = 0
    _held: list[str] = field(default_factory=list)
    _arrived: int = 0

    def account(self) -> Account:
        """A new, empty one."""
        client_id, key_id = str(uuid.uuid4()), str(uuid.uuid4())
        secret = f"canary-secret-{secrets.token_hex(8)}"
        passphrase = f"canary-passphrase-{secrets.token_hex(8)}"
        key = Ed25519PrivateKey.generate()
        encryption = BestAvailableEncryption(passphrase.encode())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self.upvest.store.add_client(Client(client_id, secret, SCOPES, client_id, key_id, public))
        return Account(self, client_id, key_id, secret, passphrase, pem)

    def requests(self, after: int = 0) -> list[LoggedRequest]:
        """What the API did since the request with this number."""
        return self.upvest.requests(after)

    @property
    def last_request(self) -> int:
        """The number of the last request."""
        (newest,) = read(self.state, "SELECT max(number) AS number FROM requests")
        return newest["number"] or 0

    @staticmethod
    def kind_of(request: LoggedRequest) -> str:
        """What is asked for: `token`, `list`, `test`, or the method."""
        if request.path == "/auth/token":
            return "token"
        if request.path.endswith("/test"):
            return "test"
        return "list" if (request.method, request.path) == ("GET", "/webhooks") else request.method

    def silence(self, fault: Fault) -> None:
        """The API does not answer some requests, or much too late, and providers wait a moment only for these."""
        self.wire.silences.add(fault)
        self.upvest.faults.add(fault)

    def clear(self) -> None:
        """Break nothing any more; what is held stays so."""
        self._held = self.held
        self.met += len(self.upvest.faults.met)
        self.upvest.faults.clear()
        self._arrived = 0
        self.wire.silences.clear()

    def mend(self) -> None:
        """Break nothing any more; what was held is handled when this returns."""
        self.clear()
        self.arrive()

    @property
    def list_lags(self) -> bool:
        """Whether a list did not show, since faults were cleared, what was written before it was asked for."""
        return bool(self.upvest.behaviour.list_lag) or any(
            met.fault.kind == FaultKind.LAG for met in self.upvest.faults.met
        )

    @property
    def reads_lag(self) -> bool:
        """The same for the reading of one webhook."""
        return bool(self.upvest.behaviour.get_lag) or any(
            met.fault.behaviour.get("get_lag") for met in self.upvest.faults.met
        )

    @property
    def held(self) -> list[str]:
        """The methods of the requests that are still on their way."""
        return self._held + [
            met.method
            for met in self.upvest.faults.met[self._arrived :]
            if met.fault.kind == FaultKind.HOLD_BEFORE
        ]

    def arrive(self) -> None:
        """Have all that is held arrive; it is handled when this returns."""
        expected = self.last_request + len(self.held)
        self._held, self._arrived = [], len(self.upvest.faults.met)
        self.upvest.faults.release()
        self._wait_for_request(expected)

    def _wait_for_request(self, number: int) -> None:
        """Wait for the server's thread, which tells nobody what it does without a client."""
        deadline = time.monotonic() + 10
        while self.last_request < number:
            assert time.monotonic() < deadline, "what was held is not handled"
            time.sleep(0.001)


@dataclass
class Account:
    """A client of Upvest's and the webhooks that it alone sees.

    Attributes:
        foreign: The ids of the webhooks that somebody else made in it.
    """

    site: Site
    client_id: str
    key_id: str
    secret: str
    passphrase: str
    pem: str
    foreign: set[str] = field(default_factory=set)

    @property
    def config(self) -> Config:
        """The stack's configuration."""
        settings = {"api": self.site.upvest.url, "clientId": self.client_id, "keyId": self.key_id}
        return Config({f"upvest:{key}": value for key, value in settings.items()}, "hooks")

    @property
    def environ(self) -> dict[str, str]:
        """The secrets."""
        return {
            "UPVEST_CLIENT_SECRET": self.secret,
            "UPVEST_PRIVATE_KEY": self.pem,
            "UPVEST_PRIVATE_KEY_PASSPHRASE": self.passphrase,
        }

    @property
    def canaries(self) -> dict[str, str]:
        """What nobody may read anywhere, by what it is."""
        body = [line for line in self.pem.splitlines() if not line.startswith("-----")]
        found = {
            "the client secret": self.secret,
            "the passphrase": self.passphrase,
            "a webhook's path": CANARY_PATH,
            **{f"line {number} of the private key": line for number, line in enumerate(body, 1)},
        }
        issued = read(self.site.state, "SELECT * FROM tokens WHERE client_id = ?", self.client_id)
        tokens = self.site.wire.tokens | {row["token"] for row in issued}
        return found | {f"access token {number}": token for number, token in enumerate(sorted(tokens), 1)}

    @property
    def webhooks(self) -> dict[str, Document]:
        """What the account holds, by id."""
        return {webhook["id"]: webhook for webhook in self.site.upvest.store.webhooks(self.client_id)}

    def plant(self, *, foreign: bool = True, **fields: object) -> str:
        """Have somebody make a webhook by hand; returns its id."""
        moment = "2026-09-01T00:00:00.00Z"
        document = {
            "id": str(uuid.uuid4()),
            "created_at": moment,
            "updated_at": moment,
            "title": "Made by hand",
            "url": url_of("planted"),
            "enabled": True,
            "type": ["USER"],
            "config": {"delay": "1s", "max_package_size": 51200},
            **fields,
        }
        self.site.upvest.store.save_webhook(document, self.client_id)
        if foreign:
            self.foreign.add(str(document["id"]))
        return str(document["id"])

    def change(self, webhook_id: str, **fields: object) -> None:
        """Have somebody change a webhook by hand."""
        self.site.clock.pass_by(1)
        moment = rfc3339(self.site.clock())
        document = self.webhooks[webhook_id] | fields | {"updated_at": moment}
        self.site.upvest.store.save_webhook(document, self.client_id)

    def remove(self, webhook_id: str) -> None:
        """Have somebody delete a webhook by hand."""
        self.site.upvest.store.delete_webhook(webhook_id, self.client_id)

    def wipe(self) -> None:
        """Leave nothing to those that come after."""
        for webhook_id in self.webhooks:
            self.remove(webhook_id)


def url_of(name: str) -> str:
    """A URL whose path is secret."""
    return f"https://{HOST}/{CANARY_PATH}/{name}"
