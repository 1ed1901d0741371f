"""A question to the API, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .ground import Ground

    Ask = Callable[[Ground], "Found"]

SILENT = object()
"""What the documents say where they say nothing."""


class Unclear(Exception):
    """What came back answers a question neither way; says what was seen."""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer and what was seen for it.

    Attributes:
        answer: JSON; nothing in it differs from one run to the next, and nothing is another's.
        saw: For the reader of the report.
    """

    answer: object
    saw: str


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to know about the API.

    Attributes:
        name: As in the fact file.
        text: The question in words.
        claim: What Upvest's documents say.
        documented: The answer that they let expect; `SILENT` where they leave it open.
        ask: Finds out; raises `Unclear` where what is seen answers it neither way.
    """

    name: str
    text: str
    claim: str
    documented: object
    ask: Ask


def question(claim: str, documented: object = SILENT) -> Callable[[Ask], Question]:
    """Makes a question of a function: its name, and its docstring in words.

    Args:
        claim: See `Question`.
        documented: See `Question`.
    """
    return lambda ask: Question(ask.__name__, ask.__doc__ or "", claim, documented, ask)
