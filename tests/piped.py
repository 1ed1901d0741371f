"""The commands of this package, run in a pipe until they end."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from upvest_provider.testing.fork import Forked, can_fork

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def run(
    *arguments: str, folder: Path, environment: Mapping[str, str], prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run `upvest-webhooks`.

    Args:
        arguments: The command and its options.
        folder: Where it runs.
        environment: The whole of it.
        prefix: What is to run it, as another user for one; default: nothing.
    """
    command = [*prefix, sys.executable, "-m", "upvest_provider", *arguments]
    if prefix or not can_fork(environment):
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    process = Forked("upvest_provider", arguments, folder, environment)
    with process.stdout as output, process.stderr as errors, ThreadPoolExecutor(2) as readers:
        said = [readers.submit(stream.read) for stream in (output, errors)]
        return subprocess.CompletedProcess(command, process.wait(), *(each.result() for each in said))
