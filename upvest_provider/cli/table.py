"""Rows for a person: a table where it fits, else a paragraph for each row. Nothing is ever cut off."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING

from .text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.text import Text

LABEL = 14
"""Columns of the names in a paragraph."""

READABLE = 60
"""Columns that the sentences of a table's last column need, to go on below themselves there."""


def print_rows(rows: Sequence[Mapping[str, str]]) -> None:
    """Print rows of the same columns."""
    from rich.cells import cell_len  # noqa: PLC0415 - loaded where something is printed
    from rich.text import Text  # noqa: PLC0415 - as above

    console = _console()
    header, *lines = _lines([_printable(row) for row in rows], _room(console))
    if max(map(cell_len, [header, *lines])) <= _room(console):
        console.print(Text("\n").join([Text(header, style="bold"), *map(Text, lines)]))
    else:
        console.print(Text("\n\n").join(_paragraph(row, console) for row in rows))


def print_fields(row: Mapping[str, str]) -> None:
    """Print one thing, each of its fields from a line of its own."""
    console = _console()
    console.print(_paragraph(row, console))


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415 - as above

    return Console(highlight=False, soft_wrap=True)


def _room(console: Console) -> int:
    """Columns of a line; a pipe takes lines of any length."""
    return console.width if sys.stdout.isatty() or "COLUMNS" in os.environ else sys.maxsize


def _printable(row: Mapping[str, str]) -> dict[str, str]:
    return {name: printable(value) for name, value in row.items()}


def _lines(rows: Sequence[Mapping[str, str]], room: int) -> list[str]:
    """A header, and one or more lines for each row."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - as above

    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    left = room - sum(width + 2 for width in widths[:-1])
    lines = [
        [*(firsts if number == 0 else [""] * len(firsts)), part]
        for *firsts, last in cells
        for number, part in enumerate(_wrapped(last, left) if left >= READABLE else [last])
    ]
    return ["  ".join(map(set_cell_size, line, widths)).rstrip() for line in lines]


def _paragraph(row: Mapping[str, str], console: Console) -> Text:
    """A line for each field; sentences go on below themselves."""
    from rich.text import Text  # noqa: PLC0415 - as above

    lines = []
    for name, value in _printable(row).items():
        first, *rest = _wrapped(value, _room(console) - LABEL)
        lines += [Text.assemble((f"{name:<{LABEL}}", "bold"), first), *(Text(" " * LABEL + line) for line in rest)]
    return Text("\n").join(lines)


def _wrapped(text: str, room: int) -> list[str]:
    """Broken between words alone: an id is copied in one piece."""
    return textwrap.wrap(text, max(room, 1), break_long_words=False, break_on_hyphens=False) or [""]
