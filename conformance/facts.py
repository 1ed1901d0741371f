"""The fact file: the answers that the local API takes its behaviour from, and the rest of what was seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .suite import Result


def facts(
    results: Sequence[Result], before: Mapping[str, Any], *, against: str, checked_on: str
) -> dict[str, object]:
    """The content of a fact file after a run.

    Args:
        results: Of all questions.
        before: The fact file so far; its answers stay where a question found none, and are named then.
        against: The environment that was asked.
        checked_on: The date, as `2026-08-31`.
    """
    found = {result.question.name: result for result in results if result.found}
    answers = {name: _answer(found[name]) if name in found else kept for name, kept in before["answers"].items()}
    observations = {
        name: {"question": result.question.text, "answer": _answer(result)}
        for name, result in found.items()
        if name not in answers
    }
    return {
        **before,
        "checked_on": checked_on,
        "against": against,
        "answers": answers,
        "assumed": [name for name in answers if name not in found],
        "observations": observations,
    }


def write(file: Path, content: Mapping[str, object]) -> None:
    """Replace a fact file at once."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    new.replace(file)


def _answer(result: Result) -> object:
    return result.found.answer if result.found else None
