"""Lines for the person at the terminal."""

from __future__ import annotations

import contextlib
import sys


def say(line: str) -> None:
    """Tell the person at the terminal; an orphaned process has nobody to tell."""
    with contextlib.suppress(BrokenPipeError):
        print(f"upvest: {line}", file=sys.stderr, flush=True)  # noqa: T201 - Pulumi shows stderr
