"""Runs the suite: `make conformance`, or `python -m conformance --api sandbox --write`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from upvest_provider.environments import LOCAL
from upvest_provider.errors import SettingsError, UpvestError
from upvest_provider.local.behaviour import FILE

from .environment import environment
from .facts import facts, write
from .questions import QUESTIONS
from .report import AS_EXPECTED, as_json, compared, show
from .suite import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType


def main(argv: Sequence[str] | None = None) -> None:
    """Ask every question; exits with 1 where an answer is not as expected, 2 where it is called wrongly."""
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        as_expected = _run(arguments)
    except KeyboardInterrupt:
        sys.exit("conformance: interrupted; the webhooks of this run are deleted")
    except UpvestError as error:
        sys.exit(f"conformance: {error}")
    sys.exit(0 if as_expected else 1)


def _run(arguments: argparse.Namespace) -> bool:
    known = json.loads(FILE.read_text(encoding="utf-8"))
    today = datetime.fromtimestamp(time.time(), UTC).date().isoformat()
    with environment(arguments.api, os.environ) as (name, credentials):
        if name == LOCAL and arguments.write == FILE:
            raise SettingsError(
                "the local API's own answers are what its fact file says already",
                fix="Ask Upvest's sandbox with `--api sandbox`, or name another file.",
            )
        results = run(credentials, QUESTIONS, say=_say)
    lines = compared(results, known["answers"])
    show(lines, Console())
    if arguments.json:
        arguments.json.write_text(as_json(lines, against=name, checked_on=today), encoding="utf-8")
    if arguments.write:
        write(arguments.write, facts(results, known, against=name, checked_on=today))
    return all(line.verdict in AS_EXPECTED for line in lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conformance",
        description="Ask Upvest's API what its documents leave open, and whether it does what they say. "
        "Makes webhooks under a mark of its own, and deletes them.",
    )
    parser.add_argument(
        "--api",
        default="",
        metavar="sandbox|URL|local",
        help="which API (default: a local one of its own; `local` is the one that runs). The sandbox needs "
        "UPVEST_CLIENT_ID, UPVEST_KEY_ID, UPVEST_CLIENT_SECRET, and UPVEST_PRIVATE_KEY or UPVEST_PRIVATE_KEY_FILE",
    )
    parser.add_argument(
        "--write",
        nargs="?",
        type=Path,
        const=FILE,
        metavar="FILE",
        help="write the fact file (default: that of the local API, which then behaves so)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report for programs")
    return parser


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads it any more
        sys.stderr.write(f"conformance: {line}\n")


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
