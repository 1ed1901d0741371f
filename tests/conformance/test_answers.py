"""The suite finds what the local API does, whatever that is."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import pytest

from conformance.facts import facts, write
from conformance.questions import QUESTIONS
from conformance.report import AS_EXPECTED, compared
from conformance.waiting import LONGEST, PAUSE
from upvest_provider.local.behaviour import FILE, Behaviour, load_behaviour
from upvest_provider.local.faults import Fault, FaultKind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.conftest import Asking
    from upvest_provider.local import LocalUpvest

QUESTION = {question.name: question for question in QUESTIONS}

FIGURES: dict[str, list[object]] = {
    "default_delay": ["5s", "1m"],
    "default_max_package_size": [100, 10240],
    "list_lag": [0.25, 2.0, 10.0],
    "get_lag": [0.25, 2.0, 10.0],
    "created_skew": [0, 5, 30, 300, 3600],
}
"""Values of the answers that are no choice between words."""


def _values(name: str) -> list[object]:
    hint = get_type_hints(Behaviour)[name]
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [True, False] if hint is bool else FIGURES[name]


EVERY_VALUE = [(name, value) for name in asdict(load_behaviour()) for value in _values(name)]


def _changed(behaviour: Behaviour, answers: dict[str, Any]) -> Behaviour:
    return replace(behaviour, **answers)


@pytest.mark.parametrize(("name", "value"), EVERY_VALUE, ids=[f"{name}={value}" for name, value in EVERY_VALUE])
def test_the_suite_finds_every_behaviour_that_the_local_api_can_have(
    upvest: LocalUpvest, ask: Asking, name: str, value: object
) -> None:
    upvest.behaviour = _changed(upvest.behaviour, {name: value})

    result = ask(QUESTION[name])[name]

    assert result.found, result.saw
    assert result.found.answer == value


def test_the_suite_finds_all_behaviours_where_each_is_another_than_usual(upvest: LocalUpvest, ask: Asking) -> None:
    usual = asdict(upvest.behaviour)
    other = {name: next(value for value in _values(name) if value != usual[name]) for name in usual}
    upvest.behaviour = _changed(upvest.behaviour, other)

    results = ask(*QUESTIONS)

    unknown = {name: result.saw for name, result in results.items() if not result.found}
    assert not unknown
    assert {name: found.answer for name in usual if (found := results[name].found)} == other
    assert upvest.store.webhooks() == []


def test_the_local_api_behaves_as_its_fact_file_says_and_as_the_documents_do(
    upvest: LocalUpvest, ask: Asking, tmp_path: Path
) -> None:
    shipped = json.loads(FILE.read_text())
    file = tmp_path / "behaviour.json"

    results = list(ask(*QUESTIONS).values())
    write(file, facts(results, shipped, against="local", checked_on="2026-08-31"))

    written = json.loads(file.read_text())
    dated = {
        "checked_on": "2026-08-31",
        "against": "local",
        "assumed": [],
        "observations": written["observations"],
    }
    assert written == shipped | dated
    assert load_behaviour(file) == upvest.behaviour
    lines = compared(results, shipped["answers"])
    assert {line.result.question.name: line.result.saw for line in lines if line.verdict not in AS_EXPECTED} == {}
    assert [line.result.question.name for line in lines] == [question.name for question in QUESTIONS]


@pytest.mark.parametrize(
    ("refused", "answer"),
    [
        (None, {"creation": "taken", "change": "taken"}),
        ("PATCH", {"creation": "taken", "change": "refused"}),
        ("POST", {"creation": "refused"}),
    ],
)
def test_the_suite_finds_where_a_receiver_must_answer(
    upvest: LocalUpvest, ask: Asking, refused: str | None, answer: dict[str, str]
) -> None:
    if refused:
        upvest.faults.add(Fault(FaultKind.STATUS, method=refused, path="/webhooks", status=400))

    found = ask(QUESTION["url_of_no_receiver"])["url_of_no_receiver"].found

    assert found
    assert found.answer == answer


def test_everything_that_is_asked_is_in_the_fact_file_under_one_name() -> None:
    names = [question.name for question in QUESTIONS]

    assert len(set(names)) == len(names)
    assert set(asdict(load_behaviour())) <= set(names)


def test_every_question_says_what_it_asks_and_what_the_documents_say() -> None:
    assert [question.name for question in QUESTIONS if not question.text.endswith("?")] == []
    assert [question.name for question in QUESTIONS if not question.claim] == []


@pytest.mark.parametrize("name", ["list_lag", "get_lag"])
def test_a_lag_that_does_not_end_is_no_answer(upvest: LocalUpvest, ask: Asking, name: str) -> None:
    upvest.behaviour = _changed(upvest.behaviour, {name: LONGEST + 2 * PAUSE})

    result = ask(QUESTION[name])[name]

    assert (result.found, result.saw) == (None, "a write did not show within 15 s")
