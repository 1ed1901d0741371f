"""Prints how much was explored at the end; a plugin, so that it works under xdist."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.model.explorer import Explored

PROPERTY = "explored"


def record(record_property: Callable[[str, object], None], name: str, found: Explored) -> None:
    """Hand a case's counts over."""
    record_property(PROPERTY, (name, found.executions, found.states))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = [
        cast("tuple[str, int, int]", value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    for name, executions, states in sorted(counts):
        terminalreporter.write_line(f"model: {executions:,} executions, {states:,} states: {name}")
    if counts:
        executions, states = (sum(column) for column in list(zip(*counts, strict=True))[1:])
        terminalreporter.write_line(f"model: {executions:,} executions, {states:,} states in all")
