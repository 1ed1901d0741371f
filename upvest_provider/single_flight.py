"""A value that several threads want at once and one of them fetches."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Fetches a value once for all threads that ask meanwhile, and keeps it while it is usable.

    No lock is held while the value is fetched.

    Args:
        fetch: Gets the value; what it raises reaches every thread that waits, and is not kept.
        clock: Seconds, monotonic.
    """

    def __init__(self, fetch: Callable[[], T], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._flight: Future[T] | None = None
        self._started = -math.inf

    def get(self, *, since: float = -math.inf, usable: Callable[[T], bool] = lambda _: True) -> T:
        """The value, fetched at or after `since` and still usable; fetched now where there is none."""
        with self._lock:
            flight = self._flight
            leads = flight is None or self._started < since or not self._serves(flight, usable)
            if leads:
                flight = self._flight = Future()
                self._started = self._clock()
        assert flight is not None  # noqa: S101 - for the type checker: set above where it was None
        if leads:
            self._fly(flight)
        return flight.result()

    def _serves(self, flight: Future[T], usable: Callable[[T], bool]) -> bool:
        return not flight.done() or usable(flight.result())

    def _fly(self, flight: Future[T]) -> None:
        try:
            flight.set_result(self._fetch())
        except BaseException as error:  # noqa: BLE001 - handed to every waiting thread by the future
            with self._lock:
                if self._flight is flight:
                    self._flight = None
            flight.set_exception(error)
