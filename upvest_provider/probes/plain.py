"""Words of strangers, made fit for one line on a terminal."""

from __future__ import annotations

LONGEST = 80
"""Characters shown."""


def plain(text: str) -> str:
    """The text without control characters, cut where it is long."""
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= LONGEST else f"{printable[:LONGEST]}…"
