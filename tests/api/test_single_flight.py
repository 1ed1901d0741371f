from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from upvest_provider.single_flight import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Fetch:
    """Counts up, and waits in each fetch until the test lets it go on."""

    def __init__(self) -> None:
        self.count = 0
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.error: BaseException | None = None

    def __call__(self) -> int:
        self.count += 1
        mine = self.count
        self.begun.release()
        self.go_on.acquire()
        if self.error:
            raise self.error
        return mine


class Since(float):
    """Tells when it was compared, which a `get` does once it knows the flight that it may join."""

    compared: threading.Event

    def __gt__(self, other: float) -> bool:
        self.compared.set()
        return float(self) > other


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.fixture
def fetch() -> Fetch:
    return Fetch()


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def flight(fetch: Fetch, clock: Seconds) -> SingleFlight[int]:
    return SingleFlight(fetch, clock=clock)


def joined(threads: ThreadPoolExecutor, flight: SingleFlight[int]) -> Future[int]:
    """A `get` of another thread that has certainly joined the fetch under way."""
    since = Since(0)
    since.compared = threading.Event()
    result = threads.submit(flight.get, since=since)
    since.compared.wait()
    return result


def numbered() -> Callable[[], int]:
    numbers = iter(range(1, 100))
    return lambda: next(numbers)


def test_threads_that_ask_during_a_fetch_share_its_value(
    threads: ThreadPoolExecutor, flight: SingleFlight[int], fetch: Fetch
) -> None:
    leader = threads.submit(flight.get)
    fetch.begun.acquire()
    others = [joined(threads, flight) for _ in range(3)]
    fetch.go_on.release()
    assert [each.result() for each in [leader, *others]] == [1, 1, 1, 1]
    assert fetch.count == 1


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_a_failed_fetch_reaches_all_that_wait_and_is_not_kept(
    threads: ThreadPoolExecutor, flight: SingleFlight[int], fetch: Fetch, error: BaseException
) -> None:
    fetch.error = error
    leader = threads.submit(flight.get)
    fetch.begun.acquire()
    others = [joined(threads, flight) for _ in range(3)]
    fetch.go_on.release()
    assert [each.exception() for each in [leader, *others]] == [error] * 4
    assert fetch.count == 1
    fetch.error = None
    fetch.go_on.release()
    assert flight.get() == 2


def test_a_value_is_kept() -> None:
    flight = SingleFlight(numbered())
    assert [flight.get(), flight.get()] == [1, 1]


def test_a_value_that_is_no_longer_usable_is_fetched_anew() -> None:
    flight = SingleFlight(numbered())
    assert flight.get() == 1
    assert flight.get(usable=lambda value: value > 1) == 2
    assert flight.get(usable=lambda value: value > 1) == 2


def test_a_fresh_value_is_given_even_where_it_is_not_usable() -> None:
    """The caller decides what to do then; fetching again and again would not help."""
    assert SingleFlight(numbered()).get(usable=lambda _: False) == 1


def test_a_value_fetched_at_since_serves_and_an_older_one_does_not(clock: Seconds) -> None:
    flight = SingleFlight(numbered(), clock=clock)
    assert flight.get() == 1
    assert flight.get(since=100.0) == 1
    clock.now = 100.5
    assert flight.get(since=100.1) == 2
    assert flight.get(since=100.5) == 2


def test_a_value_counts_from_when_its_fetch_began(
    threads: ThreadPoolExecutor, flight: SingleFlight[int], fetch: Fetch, clock: Seconds
) -> None:
    leader = threads.submit(flight.get)
    fetch.begun.acquire()
    clock.now = 101.0
    fetch.go_on.release(2)
    assert leader.result() == 1
    assert flight.get(since=100.5) == 2


def test_a_fetch_that_began_too_early_is_not_waited_for_and_its_value_not_kept(
    threads: ThreadPoolExecutor, flight: SingleFlight[int], fetch: Fetch, clock: Seconds
) -> None:
    first = threads.submit(flight.get)
    fetch.begun.acquire()
    clock.now = 101.0
    # That this one begins while the first is under way also shows that no lock is held meanwhile.
    second = threads.submit(flight.get, since=100.5)
    fetch.begun.acquire()
    fetch.go_on.release(2)
    assert {first.result(), second.result()} == {1, 2}
    assert flight.get() == second.result()


def test_a_fetch_that_began_too_early_and_fails_does_not_take_the_newer_value_along(
    threads: ThreadPoolExecutor, clock: Seconds
) -> None:
    begun, fail = threading.Event(), threading.Event()
    calls = iter([1, 2, 3])

    def fetch() -> int:
        number = next(calls)
        if number == 1:
            begun.set()
            fail.wait()
            raise ValueError("too late")
        return number

    flight = SingleFlight(fetch, clock=clock)
    first = threads.submit(flight.get)
    begun.wait()
    clock.now = 101.0
    assert flight.get(since=100.5) == 2
    fail.set()
    assert isinstance(first.exception(), ValueError)
    assert flight.get() == 2
