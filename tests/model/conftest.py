from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def record_explored(record_property: Callable[[str, object], None]) -> Callable[[str, object], None]:
    """Has the terminal summary of the run tell how much was explored."""

    def record(name: str, found: object) -> None:
        record_property("explored", f"{name}: {found}")

    return record


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "xfailed", "failed") for report in terminalreporter.getreports(kind)]
    counts = [told for report in reports for name, told in report.user_properties if name == "explored"]
    if counts:
        terminalreporter.section("explored: the claim protocol")
        for told in counts:
            terminalreporter.line(str(told))
