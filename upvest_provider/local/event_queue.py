"""The events that wait for their delivery, and the webhooks whose last delivery failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS queued_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, webhook_id TEXT, event TEXT, queued_at REAL
);
CREATE INDEX IF NOT EXISTS queued_events_by_webhook ON queued_events (webhook_id, number);
CREATE TABLE IF NOT EXISTS failed_deliveries (
    webhook_id TEXT PRIMARY KEY, events INTEGER, failures INTEGER, next_attempt REAL
);
"""


@dataclass(frozen=True)
class Failure:
    """A delivery that failed, and that nothing of its webhook may overtake.

    Attributes:
        events: How many events, from the head of the queue, it held.
        failures: How often it failed.
        next_attempt: Seconds since 1970.
    """

    events: int
    failures: int
    next_attempt: float


class EventQueue:
    """One queue for each webhook, without an end (guide to handling webhooks, 2025)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def add(self, webhook_id: str, events: Sequence[str], now: float) -> None:
        """Puts events at the end of a webhook's queue."""
        with self._database.transaction() as db:
            db.executemany(
                "INSERT INTO queued_events VALUES (NULL, ?, ?, ?)", [(webhook_id, event, now) for event in events]
            )

    def webhooks(self) -> list[str]:
        """The ids of webhooks that have events waiting."""
        return [row[0] for row in self._database.rows("SELECT DISTINCT webhook_id FROM queued_events")]

    def waiting(self, webhook_id: str) -> list[tuple[str, float]]:
        """The events of a webhook and when each was queued, oldest first."""
        return self._database.rows(
            "SELECT event, queued_at FROM queued_events WHERE webhook_id = ? ORDER BY number", webhook_id
        )

    def failure(self, webhook_id: str) -> Failure | None:
        """The failed delivery that blocks a webhook's queue."""
        rows = self._database.rows(
            "SELECT events, failures, next_attempt FROM failed_deliveries WHERE webhook_id = ?", webhook_id
        )
        return Failure(*rows[0]) if rows else None

    def block(self, webhook_id: str, failure: Failure) -> None:
        """Notes that a delivery failed."""
        with self._database.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO failed_deliveries VALUES (?, ?, ?, ?)",
                (webhook_id, failure.events, failure.failures, failure.next_attempt),
            )

    def delivered(self, webhook_id: str, events: int) -> None:
        """Takes events from the head of a queue, which nothing blocks any more."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM failed_deliveries WHERE webhook_id = ?", (webhook_id,))
            db.execute(
                "DELETE FROM queued_events WHERE number IN "
                "(SELECT number FROM queued_events WHERE webhook_id = ? ORDER BY number LIMIT ?)",
                (webhook_id, events),
            )

    def drop(self, webhook_id: str) -> None:
        """Forgets all that waits for a webhook."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM failed_deliveries WHERE webhook_id = ?", (webhook_id,))
            db.execute("DELETE FROM queued_events WHERE webhook_id = ?", (webhook_id,))
