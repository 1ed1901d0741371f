"""Python processes that begin with this package and its libraries loaded, which is most of what a start takes.

One process loads them once, and forks the others from itself (`multiprocessing`'s fork server). What then runs in
one is what `python -m` runs, with an environment, streams and a session of its own.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import runpy
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.forkserver import set_forkserver_preload
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

_LOADED = [
    "upvest_provider.api",
    "upvest_provider.cli.app",
    "upvest_provider.gates",
    "upvest_provider.local",
    "upvest_provider.subscription",
    "httpcore",  # which httpx loads with its first client only
]
"""With all that they import; what is not installed is left out."""

_READ_AT_THE_START = ("LANG", "LC_", "PYTHON")
"""How the names of variables begin that an interpreter reads as it starts, and never again."""


def can_fork(environment: Mapping[str, str]) -> bool:
    """Whether a process with this environment can be forked from one with ours.

    Not on macOS, whose libraries do not bear it.
    """
    return (
        sys.platform == "linux"
        and _read_at_the_start(environment) == _read_at_the_start(os.environ)
        and not any(Path(place, "sitecustomize.py").exists() for place in _told_places(environment))
    )


def _told_places(environment: Mapping[str, str]) -> list[str]:
    return [place for place in environment.get("PYTHONPATH", "").split(os.pathsep) if place]


def _read_at_the_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_READ_AT_THE_START) and name != "PYTHONPATH"
    }


class Forked:
    """A forked process, with what `subprocess.Popen` has and is used here.

    Attributes:
        stdout: Its standard output.
        stderr: Its standard error.
    """

    stdout: IO[str]
    stderr: IO[str]

    def __init__(
        self, module: str, arguments: Sequence[str], directory: Path | None, environment: Mapping[str, str]
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        set_forkserver_preload(_LOADED)
        streams = [context.Pipe(duplex=False) for _ in range(2)]
        folder = str(directory or Path.cwd())
        self._process = context.Process(
            target=_run,
            args=(
                _Run(module, arguments, folder, dict(environment), _installed()),
                [theirs for _, theirs in streams],
            ),
            daemon=True,
        )
        self._process.start()
        for _, theirs in streams:
            theirs.close()
        self.stdout, self.stderr = (os.fdopen(os.dup(ours.fileno())) for ours, _ in streams)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.ident or 0

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end, `timeout` seconds at most; its exit code."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Sends it a signal, if it runs."""
        if self._process.exitcode is None:
            with suppress(ProcessLookupError):  # it ends just now
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()


@dataclass(frozen=True)
class _Run:
    """What is to run, and in what."""

    module: str
    arguments: Sequence[str]
    directory: str
    environment: Mapping[str, str]
    installed: Sequence[str]

    @property
    def path(self) -> list[str]:
        """Where modules are found, nowhere twice (`site.removeduppaths`)."""
        return [self.directory, *dict.fromkeys([*_told_places(self.environment), *self.installed])]


def _run(told: _Run, streams: Sequence[Connection]) -> None:
    """Becomes what `python -m` would be, until the process that wanted it ends."""
    Thread(target=_end_with, args=[multiprocessing.parent_process()], daemon=True).start()
    os.setsid()
    os.chdir(told.directory)
    os.environ.clear()
    os.environ.update(told.environment)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream.fileno(), number)
        stream.close()
    unbuffered = os.fdopen(1, "wb", buffering=0, closefd=False)
    sys.stdout = io.TextIOWrapper(unbuffered, write_through=True)  # as of `python -u`, which the engine runs
    sys.argv = [told.module, *told.arguments]
    sys.path[:] = told.path
    runpy.run_module(told.module, run_name="__main__", alter_sys=True)


def _end_with(parent: BaseProcess) -> None:
    """Ends this process with another: one that is interrupted as it starts this one knows nothing of it."""
    parent.join()
    os._exit(1)


@cache
def _installed() -> Sequence[str]:
    """Where this interpreter finds modules in any case; what runs here may have added to it."""
    command = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.path[1:]))"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    found: list[str] = json.loads(subprocess.check_output(command, env=environment))  # noqa: S603 - as it stands
    return found
