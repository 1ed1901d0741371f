"""What a run found, beside what Upvest's documents say and what the local API assumes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from .question import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from .suite import Result

NOT_ASKED = {
    "whether a webhook belongs to a client or to the customer behind several": "needs two clients",
    "how many webhooks a client may have": "would need to make that many",
    "the live API, its rate limit and Retry-After": "only a sandbox is asked, and gently",
    "Ed25519 and P-256 keys": "Upvest registers keys by hand",
    "deliveries: payload of a test, signature, user agent, time-out; what becomes of a queue": "need a receiver",
    "whether Upvest calls a URL when it is written": "needs a receiver; whether one must answer is asked",
    "whether names are refused that lead to private addresses": "Upvest might call into its own network",
    "how often verification keys rotate": "takes longer than a run",
    "whether verification keys differ by environment": "the live API is never asked",
    "whether verification keys differ by client": "needs two clients",
    "categories that a newer version of the API has": "no document names them",
}
"""What stays open, and why."""

AS_EXPECTED = {"agrees", "as assumed", "new"}

COLOURS = {"agrees": "green", "as assumed": "green", "differs": "bold red", "unknown": "yellow", "new": "cyan"}


@dataclass(frozen=True, slots=True)
class Line:
    """A question with its answer and what was expected.

    Attributes:
        result: What came of the question.
        expected: What the local API assumes, else what the documents let expect; `SILENT` where neither does.
        verdict: `agrees` with the documents, `as assumed` by the local API, `differs` from what was expected,
            `unknown` where there is no answer, `new` where nothing was expected.
    """

    result: Result
    expected: object
    verdict: str


def compared(results: Sequence[Result], assumed: Mapping[str, object]) -> list[Line]:
    """Results beside what was expected.

    Args:
        results: Of a run.
        assumed: What the local API assumes, by question.
    """
    lines = []
    for result in results:
        documented = result.question.documented
        expected = assumed.get(result.question.name, documented)
        lines.append(Line(result, expected, _verdict(result, expected, documented)))
    return lines


def _verdict(result: Result, expected: object, documented: object) -> str:
    if result.found is None:
        return "unknown"
    if expected is SILENT:
        return "new"
    if result.found.answer != expected:
        return "differs"
    return "agrees" if expected == documented else "as assumed"


def show(lines: Sequence[Line], console: Console) -> None:
    """Print the table, then what was seen where something else was expected."""
    table = Table("question", "answer", "Upvest's documents", "verdict", show_lines=True)
    for line in lines:
        colour = COLOURS[line.verdict]
        cells = (line.result.question.name, _answer(line), _claim(line))
        table.add_row(*(escape(cell) for cell in cells), f"[{colour}]{line.verdict}[/]")
    console.print(table)
    for line in lines:
        if line.verdict not in AS_EXPECTED:
            console.print(_explained(line), highlight=False)
    for what, reason in NOT_ASKED.items():
        console.print(f"[dim]not asked: {what} ({reason})[/]", highlight=False)
    counts = [f"{sum(line.verdict == verdict for line in lines)} {verdict}" for verdict in COLOURS]
    console.print(f"{len(lines)} questions: {', '.join(counts)}")


def as_json(lines: Sequence[Line], *, against: str, checked_on: str) -> str:
    """The report for programs."""
    report = {
        "against": against,
        "checked_on": checked_on,
        "questions": [_member(line) for line in lines],
        "not_asked": NOT_ASKED,
    }
    return json.dumps(report, indent=2) + "\n"


def _member(line: Line) -> dict[str, object]:
    question, found = line.result.question, line.result.found
    return {
        "name": question.name,
        "question": question.text,
        "documents": question.claim,
        "expected": None if line.expected is SILENT else line.expected,
        "answer": found.answer if found else None,
        "saw": line.result.saw,
        "verdict": line.verdict,
        "request_ids": line.result.request_ids,
    }


def _explained(line: Line) -> str:
    ids = ", ".join(line.result.request_ids) or "none"
    what = f"{line.result.question.name}: {line.result.saw}\n  request ids: {ids}"
    return f"[{COLOURS[line.verdict]}]{line.verdict}[/] {escape(what)}"


def _answer(line: Line) -> str:
    return _shown(line.result.found.answer) if line.result.found else "-"


def _claim(line: Line) -> str:
    expected = f"\nexpected: {_shown(line.expected)}" if line.verdict == "differs" else ""
    return f"{line.result.question.claim}{expected}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_shown(inner)}" for name, inner in value.items())
    return value if isinstance(value, str) else json.dumps(value)
