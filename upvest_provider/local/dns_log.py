"""What the DNS servers of the local world were asked, readable while they run and afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .database import read

if TYPE_CHECKING:
    from pathlib import Path

    from .database import Database

QUERIES_KEPT = 100_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS dns_queries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, server TEXT, name TEXT, type TEXT
);
"""


@dataclass(frozen=True)
class DnsQuery:
    """One question that reached a server.

    Attributes:
        number: Counts up from 1.
        server: The address that was asked: 127.0.0.1 is the public resolver, 127.0.0.2 and .3 are the name
            servers of all zones, 127.0.0.4 is the registry above them.
        name: Without the final dot, in lower case.
        type: As `A`.
    """

    number: int
    server: str
    name: str
    type: str


def dns_queries(state: Path, after: int = 0) -> list[DnsQuery]:
    """The DNS queries to the local world of a state directory, oldest first; at most the newest 100,000 are kept.

    Args:
        state: The directory given to `serve` or `LocalUpvest`, which may be running or not.
        after: Only those with a higher `number`.
    """
    rows = read(state, "SELECT * FROM dns_queries WHERE number > ? ORDER BY number", after)
    return [DnsQuery(*row) for row in rows]


class QueryLog:
    """Keeps the newest queries."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def add(self, server: str, name: str, kind: str) -> None:
        """Writes down a query; see `DnsQuery`."""
        with self._database.transaction() as db:
            logged = db.execute("INSERT INTO dns_queries VALUES (NULL, ?, ?, ?)", (server, name, kind))
            db.execute("DELETE FROM dns_queries WHERE number <= ?", ((logged.lastrowid or 0) - QUERIES_KEPT,))
