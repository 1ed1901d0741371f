"""The account's webhooks, listed once for all that ask meanwhile."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from . import limits
from .single_flight import SingleFlight
from .timestamps import unix_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from .api import Webhook


class SharedList:
    """A list that is at most `limits.LIST_AGE` old and knows what this process wrote since.

    Args:
        fetch: Lists the account's webhooks.
        clock: Seconds, monotonic.
    """

    def __init__(self, fetch: Callable[[], list[Webhook]], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._listed = SingleFlight(lambda: {webhook.id: webhook for webhook in fetch()}, clock=clock)
        self._lock = threading.Lock()
        self._written: dict[str, Webhook] = {}
        self._deleted: set[str] = set()

    def all(self, *, anew: bool = False) -> list[Webhook]:
        """The account's webhooks, those that this process made included; `anew` asks for the list now."""
        listed = self._listed.get(since=self._clock() if anew else self._clock() - limits.LIST_AGE)
        with self._lock:
            known = {**self._written, **listed}
            return [self._latest(webhook) for webhook in known.values() if webhook.id not in self._deleted]

    def find(self, webhook_id: str) -> Webhook | None:
        """A webhook as it is listed, or as this process left it since; None where the list lacks it."""
        listed = self._listed.get(since=self._clock() - limits.LIST_AGE).get(webhook_id)
        with self._lock:
            return None if listed is None or webhook_id in self._deleted else self._latest(listed)

    def note(self, webhook: Webhook) -> None:
        """Remember what a write of this process left."""
        with self._lock:
            self._written[webhook.id] = webhook

    def forget(self, webhook_id: str) -> None:
        """Remember that a webhook is gone."""
        with self._lock:
            self._deleted.add(webhook_id)

    def _latest(self, listed: Webhook) -> Webhook:
        own = self._written.get(listed.id)
        # Somebody else may have changed it since.
        if own is None or unix_seconds(own.updated_at) < unix_seconds(listed.updated_at):
            return listed
        return own
