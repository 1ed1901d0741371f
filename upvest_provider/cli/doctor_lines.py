"""What `doctor` found, as lines for a terminal or a pipe."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING

from .doctor_findings import Outcome
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .doctor_findings import Finding

COLUMNS = (6, 15)
"""Of the outcome and of the check's name."""

NARROW = 80
"""Columns; below, what was found stands under the check's name instead of beside it."""

STYLES = {Outcome.OK: "green", Outcome.WARN: "yellow", Outcome.FAIL: "bold red", Outcome.SKIP: "dim"}


class Lines:
    """Prints each finding when it is there, for the API may take its time to answer."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - loaded where something is printed

        self._console = Console(highlight=False, soft_wrap=True)
        is_limited = sys.stdout.isatty() or "COLUMNS" in os.environ  # a pipe takes lines of any length
        self._width = self._console.width if is_limited else None

    def print(self, finding: Finding) -> None:
        """Print a finding, and how to mend it."""
        from rich.text import Text  # noqa: PLC0415 - as above

        first, *others = lines_of(finding, self._width)
        outcome = str(finding.outcome)
        told = Text.assemble((outcome, STYLES[finding.outcome]), first.removeprefix(outcome))
        self._console.print(Text("\n").join([told, *map(Text, others)]))


def lines_of(finding: Finding, width: int | None) -> list[str]:
    """A finding as lines of at most this width, but for words and commands that are longer: those stay whole.

    Args:
        finding: What was found.
        width: In columns; None for lines of any length.
    """
    outcome, check = COLUMNS
    head = f"{finding.outcome:<{outcome}}{finding.check}"
    if width is not None and width < NARROW:
        return [head, *(f"  {line}" for line in _told(finding, width - 2))]
    beside = outcome + check
    told = _told(finding, width - beside if width else None)
    return [f"{head:<{beside}}{told[0]}", *(f"{'':<{beside}}{line}" for line in told[1:])]


def _told(finding: Finding, width: int | None) -> list[str]:
    found = f"{finding.found}, from {finding.source}" if finding.source else finding.found
    if finding.outcome is Outcome.SKIP:
        return list(_wrapped(f"{found}. {finding.fix}", width))
    return [line for text in (found, finding.fix) if text for line in _wrapped(text, width)]


def _wrapped(text: str, width: int | None) -> Iterator[str]:
    """Lines, with commands whole: broken in two they could not be copied."""
    text = printable(text)
    if width is None:
        yield text
        return
    parts = text.split("`")
    commands = [part.replace(" ", "\xa0") if number % 2 else part for number, part in enumerate(parts)]
    for line in textwrap.wrap("`".join(commands), width, break_long_words=False, break_on_hyphens=False):
        yield line.replace("\xa0", " ")
