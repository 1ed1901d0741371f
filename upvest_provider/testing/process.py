"""Python processes whose output is collected line by line."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_IMPORT_ROOT = Path(__file__).parents[2]
"""Where this package lies; its processes find it there, installed or not."""


def start(
    module: str, arguments: Sequence[str], directory: Path | None, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    """Runs a module with the interpreter in use, in its own process group as under the engine."""
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


def pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
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
