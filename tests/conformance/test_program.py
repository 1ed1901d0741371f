"""`python -m conformance`, as `make conformance` runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.questions import QUESTIONS
from upvest_provider.local import LocalUpvest
from upvest_provider.local.behaviour import FILE, load_behaviour
from upvest_provider.local.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def upvest(tmp_path: Path) -> Iterator[LocalUpvest]:
    """In the time of the machine, in which programs run."""
    with LocalUpvest(tmp_path / "state") as upvest:
        yield upvest


def start(*arguments: str, state: Path | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, "UPVEST_LOCAL_STATE": str(state), "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_run_without_arguments_asks_an_api_of_its_own_everything(tmp_path: Path) -> None:
    report, file = tmp_path / "report.json", tmp_path / "behaviour.json"

    with start("--json", str(report), "--write", str(file)) as program:
        output, errors = program.communicate(timeout=120)

    assert (program.returncode, errors.count("\n")) == (0, 1 + len(QUESTIONS))
    assert output.rstrip().rpartition("\n")[2].startswith(f"{len(QUESTIONS)} questions: ")
    assert [each["name"] for each in json.loads(report.read_text())["questions"]] == [
        each.name for each in QUESTIONS
    ]
    assert load_behaviour(file) == load_behaviour()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_deletes_what_it_made(upvest: LocalUpvest, tmp_path: Path, number: int) -> None:
    upvest.faults.add(Fault(FaultKind.HOLD_AFTER, method="PATCH"))

    with start("--api", "local", state=tmp_path / "state") as program:
        upvest.faults.wait_until_met(1, timeout=60)
        made = upvest.store.webhooks()
        program.send_signal(number)
        _, errors = program.communicate(timeout=60)

    assert len(made) == 1
    assert (program.returncode, errors.splitlines()[-1]) == (
        1,
        "conformance: interrupted; the webhooks of this run are deleted",
    )
    assert upvest.store.webhooks() == []


def test_an_answer_that_is_not_the_assumed_one_shows_in_the_exit_status(
    upvest: LocalUpvest, tmp_path: Path
) -> None:
    upvest.behaviour = replace(upvest.behaviour, type_order="sorted")

    with start("--api", "local", state=tmp_path / "state") as program:
        output, _ = program.communicate(timeout=120)

    assert program.returncode == 1
    assert "differs type_order: USER, ACCOUNT, ORDER became ACCOUNT, ORDER, USER" in output
    assert upvest.store.webhooks() == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["--api", "live"],
            "conformance: the live API is never asked: the questions make webhooks, and enable some",
        ),
        (["--write"], "conformance: the local API's own answers are what its fact file says already"),
        (["--api", "sandbox"], "conformance: UPVEST_CLIENT_ID and UPVEST_KEY_ID not set"),
    ],
)
def test_what_must_not_or_cannot_be_asked_is_an_error(arguments: list[str], error: str) -> None:
    before = FILE.read_bytes()

    with start(*arguments) as program:
        output, errors = program.communicate(timeout=60)

    assert (program.returncode, output, errors.splitlines()[0]) == (1, "", error)
    assert FILE.read_bytes() == before
