"""Python processes whose output is collected line by line."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from upvest_provider.testing.fork import Forked, can_fork

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_IMPORT_ROOT = Path(__file__).parents[2]
"""Where this package lies; its processes find it there, installed or not."""

_FORKS: ContextVar[bool] = ContextVar("forks", default=False)


class Process(Protocol):
    """A process that was started, as far as it is used; `subprocess.Popen` is one."""

    @property
    def stdout(self) -> IO[str] | None:
        """Its standard output."""

    @property
    def stderr(self) -> IO[str] | None:
        """Its standard error."""

    @property
    def pid(self) -> int:
        """Its number."""

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end, `timeout` seconds at most (`subprocess.TimeoutExpired`); its exit code."""

    def send_signal(self, sig: int, /) -> None:
        """Sends it a signal, if it runs."""

    def kill(self) -> None:
        """Ends it at once."""


@contextmanager
def forking() -> Iterator[None]:
    """Has `start` fork meanwhile, where that can be done: a rehearsal takes a fraction of the time."""
    before = _FORKS.set(True)
    try:
        yield
    finally:
        _FORKS.reset(before)


def start(
    module: str, arguments: Sequence[str], directory: Path | None, environment: Mapping[str, str]
) -> Process:
    """Runs a module with the interpreter in use, in its own process group as under the engine."""
    if _FORKS.get() and can_fork(whole := environment_of_python(environment)):
        return Forked(module, arguments, directory, whole)
    return spawn(module, arguments, directory, environment)


def spawn(
    module: str, arguments: Sequence[str], directory: Path | None, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    """Does the same, and never forks."""
    return subprocess.Popen(  # noqa: S603 - our own modules and the SDK's
        [sys.executable, "-u", "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=directory,
        env=environment_of_python(environment),
        start_new_session=True,
    )


def pipes(process: Process) -> tuple[IO[str], IO[str]]:
    """Gives the process' standard output and standard error."""
    if process.stdout is None or process.stderr is None:
        raise ValueError("the process was not started with pipes")
    return process.stdout, process.stderr


def environment_of_python(environment: Mapping[str, str]) -> dict[str, str]:
    """Gives this process' environment, changed as said, in which Python finds this package."""
    merged = {**os.environ, **environment}
    paths = [str(_IMPORT_ROOT), *filter(None, [merged.get("PYTHONPATH")])]
    return {**merged, "PYTHONPATH": os.pathsep.join(paths)}


def collect(stream: IO[str], lines: list[str]) -> threading.Thread:
    """Reads a stream to its end in a thread, and closes it; blank lines are left out."""

    def read() -> None:
        with stream:
            lines.extend(line.rstrip() for line in stream if line.strip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    return reader
