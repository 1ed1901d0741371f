from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from conformance.facts import facts, write
from conformance.question import SILENT, Found, Question, Unclear
from conformance.report import NOT_ASKED, Line, as_json, compared, show
from conformance.suite import Result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.ground import Ground


def never(_: Ground) -> Found:
    raise Unclear("not asked here")


def result(name: str, answer: object = None, *, documented: object = SILENT, is_known: bool = True) -> Result:
    question = Question(name, f"What about {name}?", f"a claim about {name}", documented, never)
    found = Found(answer, f"saw {answer}") if is_known else None
    return Result(question, found, found.saw if found else "answered 500", (f"id-of-{name}",))


RESULTS = [
    result("new", "kept"),
    result("documented", [204, 404], documented=[204, 404]),
    result("undocumented", "dropped", documented="kept"),
    result("assumed", "replaced"),
    result("assumed_rightly", 0.0),
    result("unanswered", is_known=False),
    result("assumed_still", is_known=False),
]
ASSUMED = {"assumed": "merged", "assumed_rightly": 0.0, "assumed_still": "[allowed]"}


@pytest.fixture
def lines() -> Sequence[Line]:
    return compared(RESULTS, ASSUMED)


def test_an_answer_is_judged_by_what_was_assumed_or_documented(lines: Sequence[Line]) -> None:
    assert {line.result.question.name: line.verdict for line in lines} == {
        "new": "new",
        "documented": "agrees",
        "undocumented": "differs",
        "assumed": "differs",
        "assumed_rightly": "as assumed",
        "unanswered": "unknown",
        "assumed_still": "unknown",
    }


def test_the_table_shows_every_question_and_explains_what_was_not_expected(lines: Sequence[Line]) -> None:
    output = io.StringIO()

    show(lines, Console(file=output, width=200))

    text = output.getvalue()
    table, _, rest = text.rpartition("┘")
    assert [line.result.question.name for line in lines if line.result.question.name not in table] == []
    assert "expected: merged" in table
    assert "differs assumed: saw replaced\n  request ids: id-of-assumed" in rest
    assert "unknown unanswered: answered 500\n  request ids: id-of-unanswered" in rest
    assert "assumed_rightly" not in rest
    assert all(what in rest for what in NOT_ASKED)
    assert text.endswith("7 questions: 1 agrees, 1 as assumed, 2 differs, 2 unknown, 1 new\n")


def test_the_report_for_programs_has_every_question(lines: Sequence[Line]) -> None:
    report = json.loads(as_json(lines, against="sandbox", checked_on="2026-08-31"))

    assert (report["against"], report["checked_on"]) == ("sandbox", "2026-08-31")
    assert [question["name"] for question in report["questions"]] == [line.result.question.name for line in lines]
    assert report["questions"][3] == {
        "name": "assumed",
        "question": "What about assumed?",
        "documents": "a claim about assumed",
        "expected": "merged",
        "answer": "replaced",
        "saw": "saw replaced",
        "verdict": "differs",
        "request_ids": ["id-of-assumed"],
    }


def test_the_fact_file_keeps_an_assumption_that_was_not_answered_and_names_it(tmp_path: Path) -> None:
    before = {"checked_on": None, "against": "documents", "api_version": "1.132.0", "answers": ASSUMED}
    file = tmp_path / "behaviour.json"
    file.write_text("the file before")

    write(file, facts(RESULTS, before, against="sandbox", checked_on="2026-08-31"))

    assert json.loads(file.read_text()) == {
        "checked_on": "2026-08-31",
        "against": "sandbox",
        "api_version": "1.132.0",
        "answers": {"assumed": "replaced", "assumed_rightly": 0.0, "assumed_still": "[allowed]"},
        "assumed": ["assumed_still"],
        "observations": {
            "new": {"question": "What about new?", "answer": "kept"},
            "documented": {"question": "What about documented?", "answer": [204, 404]},
            "undocumented": {"question": "What about undocumented?", "answer": "dropped"},
        },
    }
    assert list(tmp_path.iterdir()) == [file]
