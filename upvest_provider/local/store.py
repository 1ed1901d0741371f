"""All state of the local API, in one SQLite database."""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
import time
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from .database import DATABASE
from .request_log import loggable_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .exchange import Answer, Call
    from .signature import PublicKey
    from .webhooks import Document

ACCOUNT = ""
"""The account without a name. Undocumented is whether webhooks belong to a client or to the customer behind it:
here, to an account that clients can share."""

REQUESTS_KEPT = 100_000

PAST_KEPT = 600
"""Seconds for which it is known what a webhook was."""

TOKENS_KEPT = 86_400
"""Seconds that an expired token is still known as such."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS clients (
    client_id TEXT PRIMARY KEY, client_secret TEXT, scopes TEXT, account TEXT,
    key_id TEXT UNIQUE, public_key TEXT
);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, client_id TEXT, scopes TEXT, expires REAL);
CREATE TABLE IF NOT EXISTS nonces (key_id TEXT, nonce TEXT, expires REAL, PRIMARY KEY (key_id, nonce));
CREATE INDEX IF NOT EXISTS nonces_by_expiry ON nonces (expires);
CREATE TABLE IF NOT EXISTS verify_keys (kid TEXT PRIMARY KEY, private_key TEXT);
CREATE TABLE IF NOT EXISTS webhooks (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, account TEXT, document TEXT
);
CREATE TABLE IF NOT EXISTS replaced (
    number INTEGER PRIMARY KEY, account TEXT, webhook INTEGER, document TEXT, replaced_at REAL
);
CREATE INDEX IF NOT EXISTS replaced_by_time ON replaced (replaced_at);
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT, path TEXT, query TEXT, status INTEGER, detail TEXT,
    request_id TEXT, client_id TEXT, body TEXT
);
"""


@dataclass(frozen=True)
class Client:
    """An API client and the one key that it signs with.

    Attributes:
        client_id: A UUID.
        client_secret: For the token request.
        scopes: What its tokens may hold, separated by spaces.
        account: Whose webhooks it sees.
        key_id: A UUID.
        public_key: As PEM; an EC or Ed25519 key.
    """

    client_id: str
    client_secret: str
    scopes: str
    account: str
    key_id: str
    public_key: str


@dataclass(frozen=True)
class Token:
    """An access token that was issued; `scopes` separated by spaces, `expires` in seconds since 1970."""

    token: str
    client_id: str
    scopes: str
    expires: float


class Store:
    """One connection to the database of a state directory.

    Every method is a transaction, or part of the one that `transaction()` opened. A write that was committed
    survives the death of the process, though not that of the machine.

    Args:
        state: The state directory, which exists.
        clock: Seconds since 1970; says when a webhook was written.
    """

    def __init__(self, state: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        database = state / DATABASE
        database.touch(mode=0o600)
        self._db = sqlite3.connect(database, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Closes the connection."""
        self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits all that happens inside at once, or nothing if it raises."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def add_client(self, client: Client) -> None:
        """Registers a client, or replaces what was registered under its id."""
        self._db.execute("INSERT OR REPLACE INTO clients VALUES (?, ?, ?, ?, ?, ?)", astuple(client))

    def client(self, client_id: str) -> Client | None:
        """The client of this id."""
        row = self._db.execute("SELECT * FROM clients WHERE client_id = ?", (client_id,)).fetchone()
        return Client(*row) if row else None

    def client_of_key(self, key_id: str) -> Client | None:
        """The client that signs with this key."""
        row = self._db.execute("SELECT * FROM clients WHERE key_id = ?", (key_id,)).fetchone()
        return Client(*row) if row else None

    def public_key(self, key_id: str) -> PublicKey | None:
        """The key that is registered under this key id."""
        client = self.client_of_key(key_id)
        return _loaded(client.public_key) if client else None

    def add_token(self, client_id: str, scopes: str, now: float, lifetime: float) -> str:
        """Issues an access token; lifetime in seconds."""
        token = secrets.token_urlsafe(32)
        with self.transaction():
            self._db.execute("DELETE FROM tokens WHERE expires < ?", (now - TOKENS_KEPT,))
            self._db.execute("INSERT INTO tokens VALUES (?, ?, ?, ?)", (token, client_id, scopes, now + lifetime))
        return token

    def token(self, token: str) -> Token | None:
        """What is known of an access token."""
        row = self._db.execute("SELECT * FROM tokens WHERE token = ?", (token,)).fetchone()
        return Token(*row) if row else None

    def use_nonce(self, key_id: str, nonce: str, expires: float, now: float) -> bool:
        """Uses up a nonce, which is kept until its signature expires; false if it was used before."""
        with self.transaction():
            self._db.execute("DELETE FROM nonces WHERE expires <= ?", (now,))
            used = self._db.execute("INSERT OR IGNORE INTO nonces VALUES (?, ?, ?)", (key_id, nonce, expires))
            return used.rowcount == 1

    def add_verify_key(self, kid: str, private_key: ec.EllipticCurvePrivateKey) -> None:
        """Registers a key to sign deliveries with."""
        pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self._db.execute("INSERT INTO verify_keys VALUES (?, ?)", (kid, pem))

    def verify_keys(self) -> dict[str, ec.EllipticCurvePrivateKey]:
        """The keys that deliveries are signed with, by key id."""
        keys = {}
        for kid, pem in self._db.execute("SELECT kid, private_key FROM verify_keys"):
            key = load_pem_private_key(pem.encode(), None)
            if isinstance(key, ec.EllipticCurvePrivateKey):
                keys[kid] = key
        return keys

    def revoke_tokens(self) -> None:
        """Makes all access tokens unknown."""
        self._db.execute("DELETE FROM tokens")

    def save_webhook(self, document: Document, account: str = ACCOUNT) -> None:
        """Writes a webhook, new or not."""
        with self.transaction():
            before = self.webhook(document["id"], account)
            self._db.execute(
                "INSERT INTO webhooks (id, account, document) VALUES (?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
                (document["id"], account, json.dumps(document)),
            )
            self._keep(document["id"], account, before)

    def anybodys_webhook(self, webhook_id: str) -> Document | None:
        """One webhook, whosever it is."""
        row = self._db.execute("SELECT document FROM webhooks WHERE id = ?", (webhook_id,)).fetchone()
        return _document(row) if row else None

    def webhook(self, webhook_id: str, account: str = ACCOUNT) -> Document | None:
        """One webhook of an account."""
        row = self._db.execute(
            "SELECT document FROM webhooks WHERE id = ? AND account = ?", (webhook_id, account)
        ).fetchone()
        return _document(row) if row else None

    def webhooks(self, account: str = ACCOUNT) -> list[Document]:
        """All webhooks of an account, oldest first."""
        rows = self._db.execute("SELECT document FROM webhooks WHERE account = ? ORDER BY number", (account,))
        return [_document(row) for row in rows]

    def past_webhooks(self, account: str, moment: float | None) -> list[Document]:
        """All webhooks of an account as they were, oldest first.

        Args:
            account: Whose.
            moment: Seconds since 1970; none for before the newest write.
        """
        found: dict[int, str | None] = dict(
            self._db.execute("SELECT number, document FROM webhooks WHERE account = ?", (account,))
        )
        later, limit = (0.0, 1) if moment is None else (moment, -1)
        replaced = self._db.execute(
            "SELECT webhook, document FROM replaced WHERE account = ? AND replaced_at > ? "
            "ORDER BY number DESC LIMIT ?",
            (account, later, limit),
        )
        # Undone from the newest on, so that the oldest has the last word.
        found.update(replaced)
        return [json.loads(document) for _, document in sorted(found.items()) if document]

    def delete_webhook(self, webhook_id: str, account: str = ACCOUNT) -> bool:
        """Deletes a webhook of an account; false if there is none."""
        with self.transaction():
            before = self.webhook(webhook_id, account)
            if before is None:
                return False
            self._keep(webhook_id, account, before)
            self._db.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,))
            return True

    def _keep(self, webhook_id: str, account: str, before: Document | None) -> None:
        """Keeps what a write replaces, for those who look at the past."""
        now = self._clock()
        self._db.execute(
            "DELETE FROM replaced WHERE replaced_at < ? AND number < (SELECT max(number) FROM replaced)",
            (now - PAST_KEPT,),
        )
        self._db.execute(
            "INSERT INTO replaced SELECT NULL, ?, number, ?, ? FROM webhooks WHERE id = ?",
            (account, json.dumps(before) if before else None, now, webhook_id),
        )

    def record(self, call: Call, answer: Answer, request_id: str) -> None:
        """Writes a request to the log, which forgets the oldest."""
        client_id = call.headers.get("upvest-client-id", "")
        row = (call.method, call.path, call.query, answer.status, answer.detail, request_id, client_id)
        with self.transaction():
            logged = self._db.execute(
                "INSERT INTO requests VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, json.dumps(loggable_body(call))),
            )
            oldest = (logged.lastrowid or 0) - REQUESTS_KEPT
            self._db.execute("DELETE FROM requests WHERE number <= ?", (oldest,))


@lru_cache
def _loaded(pem: str) -> PublicKey | None:
    key = load_pem_public_key(pem.encode())
    return key if isinstance(key, (ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)) else None


def _document(row: tuple[str]) -> Document:
    document: Document = json.loads(row[0])
    return document
