"""Threads of which one runs at a time: each stops where somebody else decides how it goes on.

A thread runs from one stop to the next without another one in between. It stops before each request, before each
look at what the threads of its process share, and where it waits for another one's list.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from upvest_provider.limits import LIST_AGE
from upvest_provider.shared_list import SharedList

if TYPE_CHECKING:
    from collections.abc import Callable

    from upvest_provider.api import Webhook

T = TypeVar("T")


class Ended(BaseException):
    """The execution is over."""


class Look(str):
    """A stop before a look at what the threads of a process share."""

    __slots__ = ()


BEGIN = Look("begins")


class Task:
    """One thread and where it stands.

    Args:
        name: For traces.
        work: What it does.
        shares: Whether other threads see the same memory, so that it stops before each look at it.

    Attributes:
        waits_for: What it stopped for; None before its start and after its end.
        log: What it was given and what it read; as the code is deterministic, this is all that is in its memory.
        failure: What `work` raised.
    """

    def __init__(self, name: str, work: Callable[[], None], *, shares: bool) -> None:
        self.name = name
        self.shares = shares
        self.waits_for: object = None
        self.log: tuple[str, ...] = ()
        self.failure: BaseException | None = None
        self._work = work
        self._ends = False
        self._given: object = None
        self._go = threading.Lock()
        self._back = threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_over(self) -> bool:
        return self.waits_for is None

    def start(self) -> None:
        """Run to the first stop."""
        self._thread.start()
        self._back.acquire()

    def resume(self, given: object = None, told: str = "") -> None:
        """Run to the next stop.

        Args:
            given: The result of the present stop; an exception is raised there.
            told: All of it that can make a difference.
        """
        assert not self.is_over
        self.log += (told,)
        self._given = given
        self._go.release()
        self._back.acquire()

    def end(self) -> None:
        """Let it run out, wherever it stands."""
        self._ends = True
        if not self.is_over:
            self._go.release()
        if self._thread.is_alive():
            self._thread.join()

    def stop(self, what: object) -> Any:  # noqa: ANN401 - whoever resumes knows what `what` is answered with
        """Called in the thread: let others run until somebody resumes this one."""
        if self._ends:
            raise Ended
        self.waits_for = what
        self._back.release()
        self._go.acquire()
        if self._ends:
            raise Ended
        if isinstance(self._given, Exception):
            raise self._given
        return self._given

    def _run(self) -> None:
        sys.settrace(None)  # Measuring coverage takes as long again, and other tests run all of this.
        _of_this_thread.task = self
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - told to whoever runs the threads
            self.failure = error
        self.waits_for = None
        self._back.release()


class _OfThisThread(threading.local):
    task: Task | None = None


_of_this_thread = _OfThisThread()


def current() -> Task:
    """The task that runs."""
    task = _of_this_thread.task
    assert task is not None
    return task


class FlightOfTask(Future[T]):
    """A future whose waiting threads stop until it is done, so that another one can run."""

    def __init__(self) -> None:
        super().__init__()
        self._name = f"flight of {current().name} at {len(current().log)}"

    def result(self, timeout: float | None = None) -> T:
        if not self.done():
            current().stop(self)
        return super().result(timeout)

    def __str__(self) -> str:
        """Which one it is and how it ended."""
        if not self.done():
            return self._name
        return f"{self._name}: {self.exception() or super().result()}"


class ListOfTask(SharedList):
    """The shared list, with a stop before each time that it is asked, read or written."""

    def __init__(self, fetch: Callable[[], list[Webhook]], *, clock: Callable[[], float]) -> None:
        super().__init__(fetch, clock=clock)
        self._lock = _LockOfTask()  # type: ignore[assignment] # is used in `with` alone

    def all(self, *, anew: bool = False) -> list[Webhook]:
        task = current()
        if not task.shares:
            return super().all(anew=anew)
        task.stop(Look("asks for the list"))
        task.log += (str(self._listed._flight),)  # noqa: SLF001 - as in `memory`
        webhooks = super().all(anew=anew)
        task.log += (str(webhooks),)
        return webhooks

    @property
    def memory(self) -> object:
        """What the threads share."""
        flight, started = self._listed._flight, self._listed._started  # noqa: SLF001 - a model checker looks at everything
        is_old = started < self._clock() - LIST_AGE
        return str(flight), is_old, sorted(self._written.items()), sorted(self._deleted)


class _LockOfTask:
    """No thread stops while it holds the lock, so nobody ever waits for it."""

    def __enter__(self) -> None:
        if current().shares:
            current().stop(Look("looks at the list"))

    def __exit__(self, *_: object) -> None:
        pass
