"""What the local receiver took, and what it refused."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .database import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS received_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT UNIQUE, webhook_id TEXT, type TEXT, host TEXT,
    times INTEGER
);
CREATE TABLE IF NOT EXISTS refused_deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT, status INTEGER, reason TEXT
);
"""
_EVENTS = "SELECT * FROM received_events WHERE number > ? ORDER BY number"
_REFUSED = "SELECT * FROM refused_deliveries WHERE number > ? ORDER BY number"


@dataclass(frozen=True)
class ReceivedEvent:
    """An event that came in a delivery whose signature and digest were right.

    Attributes:
        number: Counts up from 1.
        event_id: The event's `id`.
        webhook_id: The webhook that it came through.
        type: As `USER.CREATED`.
        host: Of the receiver.
        times: How often it came; more than once are duplicates, which the receiver takes and ignores.
    """

    number: int
    event_id: str
    webhook_id: str
    type: str
    host: str
    times: int


@dataclass(frozen=True)
class RefusedDelivery:
    """A delivery that the receiver did not take.

    Attributes:
        number: Counts up from 1.
        host: Of the receiver.
        status: What it answered.
        reason: Why.
    """

    number: int
    host: str
    status: int
    reason: str


class Inbox:
    """Remembers the ids of events."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = threading.Condition()
        database.create(_SCHEMA)

    def take(self, host: str, events: Sequence[Mapping[str, object]]) -> None:
        """Notes the events of a delivery."""
        rows = [(event["id"], event["webhook_id"], event["type"], host) for event in events]
        with self._database.transaction() as db:
            db.executemany(
                "INSERT INTO received_events VALUES (NULL, ?, ?, ?, ?, 1) "
                "ON CONFLICT (event_id) DO UPDATE SET times = times + 1",
                rows,
            )
        self._tell()

    def refuse(self, host: str, status: int, reason: str) -> None:
        """Notes a delivery that is not taken."""
        with self._database.transaction() as db:
            db.execute("INSERT INTO refused_deliveries VALUES (NULL, ?, ?, ?)", (host, status, reason))
        self._tell()

    def events(self, after: int = 0) -> list[ReceivedEvent]:
        """The events so far, in the order of their first arrival; only those with a number above `after`."""
        return [ReceivedEvent(*row) for row in self._database.rows(_EVENTS, after)]

    def refused(self, after: int = 0) -> list[RefusedDelivery]:
        """The refused deliveries so far, oldest first; only those with a number above `after`."""
        return [RefusedDelivery(*row) for row in self._database.rows(_REFUSED, after)]

    def wait_for(self, *, events: int = 0, refused: int = 0, timeout: float = 10) -> bool:
        """Waits until so much has come; false if it has not within the time-out in seconds."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self.events()) >= events and len(self.refused()) >= refused, timeout
            )

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()


def received_events(state: Path, after: int = 0) -> list[ReceivedEvent]:
    """What the local receiver of a state directory took, running or not; see `Inbox.events`.

    Raises:
        SettingsError: No local API ever ran there.
    """
    return [ReceivedEvent(*row) for row in read(state, _EVENTS, after)]


def refused_deliveries(state: Path, after: int = 0) -> list[RefusedDelivery]:
    """What the local receiver of a state directory refused, running or not; see `Inbox.refused`.

    Raises:
        SettingsError: No local API ever ran there.
    """
    return [RefusedDelivery(*row) for row in read(state, _REFUSED, after)]
