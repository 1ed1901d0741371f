"""Counts what the tests of faults did, and prints it at the end; a plugin, so that it works under xdist.

Each test hands its counts over in its report; whoever prints the summary adds them up.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.soak import SOAK, is_soak

if TYPE_CHECKING:
    from collections.abc import Callable

PROPERTY = "faults"
KINDS = ("cells", "schedules", "operations", "requests", "faults met", "ends", "violations")

SEED = "UPVEST_SEED"
"""The variable that has random schedules be those of an earlier run, whose tally names it."""


def seed_base() -> int:
    """Where the seeds of random schedules begin: the same ones while somebody waits, others each time else."""
    return int(os.environ.get(SEED) or 0)


def record_seed(record_property: Callable[[str, object], None]) -> None:
    """Hand the seeds' beginning over, which repeats a run."""
    record_property(SEED, seed_base())


def record(record_property: Callable[[str, object], None], **counts: int) -> None:
    """Hand counts over; underscores stand for spaces."""
    record_property(PROPERTY, {kind.replace("_", " "): count for kind, count in counts.items()})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help=f"try everything, for minutes (also {SOAK}=1)")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--soak", default=False):
        os.environ[SOAK] = "1"
    if is_soak():  # before there are workers, which inherit it
        os.environ.setdefault(SEED, str(random.randrange(10**9)))  # noqa: S311 - no secret


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    totals: Counter[str] = Counter()
    seeds: set[object] = set()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                for name, counts in report.user_properties:
                    if name == PROPERTY and isinstance(counts, dict):
                        totals.update(counts)
                    if name == SEED:
                        seeds.add(counts)
    if totals:
        told = [f"{totals[kind]:,} {kind}" for kind in KINDS] + [f"{SEED}={seed}" for seed in seeds]
        terminalreporter.write_line(f"faults: {', '.join(told)}")
