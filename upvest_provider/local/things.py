"""The records, certificates and listeners of the receiver's world; each takes effect at a moment of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .database import Database

    Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS things (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, id TEXT, document TEXT, effective_at REAL
);
CREATE INDEX IF NOT EXISTS things_by_id ON things (kind, id);
CREATE TABLE IF NOT EXISTS ports (server TEXT PRIMARY KEY, port INTEGER);
"""


class Kind(StrEnum):
    """What a thing is."""

    ZONE = "zone"
    RECORD = "record"
    CERTIFICATE = "certificate"
    LISTENER = "listener"
    ANSWER = "answer"
    """What the receiver is told to answer."""


@dataclass(frozen=True)
class Declared:
    """The newest version of a thing, in effect or not.

    Attributes:
        document: What it is.
        effective_at: Seconds since 1970.
    """

    document: Mapping[str, Any]
    effective_at: float


class Things:
    """All versions of all things that are in effect or will be.

    Until a new version takes effect the one before it stands, as in life.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def put(self, kind: Kind, id_: str, document: Document, *, now: float, delay: float = 0) -> Declared:
        """Declares a thing, new or not, to take effect after a delay in seconds."""
        effective_at = now + delay
        with self._database.transaction() as db:
            # Of what was in effect before, only the newest may still be asked for.
            db.execute(
                "DELETE FROM things WHERE kind = ? AND id = ? AND number < "
                "(SELECT max(number) FROM things WHERE kind = ? AND id = ? AND effective_at <= ?)",
                (kind, id_, kind, id_, now),
            )
            db.execute(
                "INSERT INTO things VALUES (NULL, ?, ?, ?, ?)", (kind, id_, json.dumps(document), effective_at)
            )
        return Declared(document, effective_at)

    def remove(self, kind: Kind, id_: str) -> bool:
        """Takes a thing away at once; false if there is none."""
        with self._database.transaction() as db:
            removed = db.execute("DELETE FROM things WHERE kind = ? AND id = ?", (kind, id_))
            return removed.rowcount > 0

    def declared(self, kind: Kind, id_: str) -> Declared | None:
        """The newest version of a thing."""
        rows = self._database.rows(
            "SELECT document, effective_at FROM things WHERE kind = ? AND id = ? ORDER BY number DESC LIMIT 1",
            kind,
            id_,
        )
        return Declared(json.loads(rows[0][0]), rows[0][1]) if rows else None

    def effective(self, kind: Kind, now: float) -> dict[str, Document]:
        """All things of a kind that are in effect, by id."""
        rows = self._database.rows(
            "SELECT id, document FROM things WHERE kind = ? AND effective_at <= ? ORDER BY number", kind, now
        )
        return {id_: json.loads(document) for id_, document in rows}

    def version(self) -> int:
        """Grows with each declaration."""
        return int(self._database.rows("SELECT coalesce(max(number), 0) FROM things")[0][0])

    def port(self, server: str) -> int:
        """The port that a server had when it last ran; 0 where it never did."""
        rows = self._database.rows("SELECT port FROM ports WHERE server = ?", server)
        return int(rows[0][0]) if rows else 0

    def keep_port(self, server: str, port: int) -> None:
        """Remembers the port of a server: URLs and settings that name it should outlive a restart."""
        with self._database.transaction() as db:
            db.execute("INSERT OR REPLACE INTO ports VALUES (?, ?)", (server, port))
