"""Names for resources, made from titles: each is a good Python variable too."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST = 40
"""Characters: what people can still read and type."""

TAKEN = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist, "config", "pulumi", "signal"})
"""What a variable must not hide in a program that the code is pasted into."""


def name_for(title: str, taken: Collection[str]) -> str:
    """A name for the webhook of this title that is not taken yet: `user_webhook` for 'User webhook'."""
    name = identifier(title)
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def identifier(text: str) -> str:
    """A text as a Python variable in lower case."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "_", ascii_only.lower())[:LONGEST].strip("_")
    if not words or words[0].isdigit() or words in TAKEN:
        return f"webhook_{words}".strip("_")
    return words
