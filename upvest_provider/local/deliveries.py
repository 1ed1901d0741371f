"""Delivers events: gathered by delay and size, retried with growing gaps, one failure blocking its webhook."""

from __future__ import annotations

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from .event_queue import Failure
from .events import event, package, wants
from .webhooks import delay_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .event_queue import EventQueue
    from .sender import Sender
    from .store import Store

LONGEST_GAP = 600
"""Seconds; the gaps grow 1, 2, 3, 5, 8 and so on up to this (guide to handling webhooks, 2025)."""

PARALLEL = 4
"""Webhooks that are delivered to at the same time. Undocumented."""


@dataclass(frozen=True)
class Package:
    """What is posted at once.

    Attributes:
        webhook_id: The webhook that it is for.
        url: Where it goes.
        events: How many events it holds, from the head of the queue.
        body: The JSON.
        failures: How often it failed so far.
    """

    webhook_id: str
    url: str
    events: int
    body: bytes
    failures: int


class Deliveries:
    """Delivers in a thread of its own, which starts with the first event, as long as the `with` block runs.

    Args:
        queue: Events that wait.
        store: Webhooks; used by this class alone.
        sender: Posts.
        clock: Seconds since 1970.
        time_scale: What a documented second lasts here, for delays and gaps.
    """

    def __init__(
        self,
        queue: EventQueue,
        store: Store,
        sender: Sender,
        *,
        clock: Callable[[], float],
        time_scale: float = 1.0,
    ) -> None:
        self._queue = queue
        self._store = store
        self._sender = sender
        self._clock = clock
        self._scale = time_scale
        self._woken = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._queue.webhooks():
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._woken.set()
        if self._thread:
            self._thread.join()

    def accept(
        self, webhooks: list[dict[str, object]], category: str, kind: str, about: Mapping[str, object], count: int
    ) -> int:
        """Takes events that happened, for those of the webhooks that want them; gives how many those are."""
        now = self._clock()
        takers = [str(webhook["id"]) for webhook in webhooks if wants(webhook, category)]
        for webhook_id in takers:
            self._queue.add(webhook_id, [event(kind, about, webhook_id, now) for _ in range(count)], now)
        if takers:
            self._start()
        self.wake()
        return len(takers)

    def wake(self) -> None:
        """Looks at the queues now: a webhook, or the time of the clock, has changed."""
        self._woken.set()

    def deliver_due(self) -> float | None:
        """Delivers all that is due; gives the seconds until more is, none where nothing waits."""
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="local-delivery") as pool:
            # What is due and what is later come from one look: between two, a package may become due unseen.
            due, later = self._due()
            while due and not self._stopped:
                list(pool.map(self._deliver, due))
                due, later = self._due()
        return max(0.0, min(later) - self._clock()) if later else None

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="local-deliveries")
            self._thread.start()

    def _run(self) -> None:
        while not self._stopped:
            self._woken.clear()
            self._woken.wait(self.deliver_due())

    def _due(self) -> tuple[list[Package], list[float]]:
        """The packages to send now, and the moments of those to send later."""
        now, packages, later = self._clock(), list[Package](), list[float]()
        for webhook_id in self._queue.webhooks():
            webhook = self._store.anybodys_webhook(webhook_id)
            if webhook is None:
                self._queue.drop(webhook_id)
            elif webhook["enabled"]:
                moment, found = self._next(webhook)
                if moment <= now:
                    packages.append(found)
                else:
                    later.append(moment)
        return packages, later

    def _next(self, webhook: dict[str, object]) -> tuple[float, Package]:
        """A webhook's next package, and when it is to be sent."""
        webhook_id, url = str(webhook["id"]), str(webhook["url"])
        waiting = self._queue.waiting(webhook_id)
        events = [text for text, _ in waiting]
        failure = self._queue.failure(webhook_id)
        if failure:
            body = package(events[: failure.events])
            return failure.next_attempt, Package(webhook_id, url, failure.events, body, failure.failures)
        config = webhook["config"]
        if not isinstance(config, dict):
            raise TypeError(f"the config of webhook {webhook_id} is no object")
        count, full = _fitting(events, config["max_package_size"])
        delay = delay_seconds(config["delay"]) * self._scale
        moment = waiting[0][1] + (0 if full else delay)
        return moment, Package(webhook_id, url, count, package(events[:count]), 0)

    def _deliver(self, parcel: Package) -> None:
        try:
            status = self._sender.post(parcel.url, parcel.body).status
        except (OSError, http.client.HTTPException):
            status = 0
        # The guides name 200, or any of its class.
        if status // 100 == 2:  # noqa: PLR2004 - the class of successes
            self._queue.delivered(parcel.webhook_id, parcel.events)
        else:
            failures = parcel.failures + 1
            next_attempt = self._clock() + gap(failures) * self._scale
            self._queue.block(parcel.webhook_id, Failure(parcel.events, failures, next_attempt))


def gap(failures: int) -> int:
    """Seconds from a delivery's last failure to its next attempt."""
    shorter, longer = 1, 1
    for _ in range(failures - 1):
        shorter, longer = longer, shorter + longer
    return min(longer, LONGEST_GAP)


def _fitting(events: list[str], size: int) -> tuple[int, bool]:
    """How many events one package holds, and whether it is full; one event goes, however big it is."""
    used = len(package([]))
    for count, text in enumerate(events):
        used += len(text.encode()) + (1 if count else 0)
        if used > size:
            return max(1, count), True
    return len(events), used == size
