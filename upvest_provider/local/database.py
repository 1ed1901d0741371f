"""The database of a state directory, as several threads write it and other processes read it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from upvest_provider.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATABASE = "upvest.sqlite"


class Database:
    """One connection that threads use in turn.

    Args:
        state: The state directory, which exists.
    """

    def __init__(self, state: Path) -> None:
        database = state / DATABASE
        database.touch(mode=0o600)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(database, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Closes the connection."""
        with self._lock:
            self._db.close()

    def create(self, schema: str) -> None:
        """Makes tables that are not there yet."""
        with self._lock:
            self._db.executescript(schema)

    def rows(self, query: str, *parameters: object) -> list[Any]:
        """What a query finds."""
        with self._lock:
            return self._db.execute(query, parameters).fetchall()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commits all that happens inside at once, or nothing if it raises."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def read(state: Path, query: str, *parameters: object) -> list[sqlite3.Row]:
    """What a query finds in the database of a state directory, which another process may be writing.

    Raises:
        SettingsError: No local API ever ran there.
    """
    database = (state / DATABASE).resolve()
    if not database.exists():
        raise SettingsError(
            f"no local API ever ran in {state}",
            fix="name the directory that it was started with",
        )
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(query, parameters).fetchall()
