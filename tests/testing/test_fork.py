"""A forked process is what a new one would be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from upvest_provider.testing import process
from upvest_provider.testing.fork import Forked, can_fork

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")

TELLING = "tests.testing.process_told"
WAITING = "tests.testing.process_that_waits"

Started = tuple[int, dict[str, Any], str]


def ended(start: Callable[..., process.Process], directory: Path, code: str) -> Started:
    environment = {"ONE": "of two", "PYTHONPATH": f"{os.getcwd()}:{directory / 'more'}"}  # noqa: PTH109 - as text
    started = start(TELLING, [code, "a b"], directory, environment)
    stdout, stderr = process.pipes(started)
    with stdout, stderr:
        told, wrong = json.loads(stdout.read()), stderr.read()
    return started.wait(60), told, wrong


@pytest.mark.parametrize("code", ["0", "3"])
def test_it_is_told_what_a_new_one_is_told(tmp_path: Path, code: str) -> None:
    forked = ended(process.start, tmp_path, code)
    assert forked == ended(process.spawn, tmp_path, code)
    assert forked[0] == int(code)


def test_one_that_fails_says_why_and_ends_with_1() -> None:
    started = process.start(TELLING, [], None, {})
    stdout, stderr = process.pipes(started)
    with stdout, stderr:
        assert stderr.read().endswith("IndexError: list index out of range\n")
    assert started.wait(60) == 1


def test_it_is_waited_for_as_long_as_is_said_and_ends_by_a_signal() -> None:
    started = process.start(WAITING, [], None, {})
    assert isinstance(started, Forked)
    with pytest.raises(subprocess.TimeoutExpired):
        started.wait(0)
    assert started.stdout.readline() == "ready\n"
    started.send_signal(signal.SIGTERM)
    assert started.wait(60) == -signal.SIGTERM
    started.send_signal(signal.SIGTERM)
    with started.stdout, started.stderr:
        assert started.stderr.read() == ""


def test_it_can_be_ended_at_once() -> None:
    started = process.start(WAITING, [], None, {})
    started.kill()
    assert started.wait(60) == -signal.SIGKILL
    for stream in process.pipes(started):
        stream.close()


@pytest.mark.parametrize(
    ("variables", "is_like"),
    [({"PYTHONPATH": "/"}, True), ({"PYTHONHASHSEED": "7"}, False), ({"LC_ALL": "C"}, False)],
)
def test_one_whose_interpreter_would_start_otherwise_is_new(variables: dict[str, str], *, is_like: bool) -> None:
    assert can_fork({**os.environ, **variables}) == is_like


def test_one_that_is_changed_as_it_starts_is_new(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").touch()
    assert not can_fork({**os.environ, "PYTHONPATH": f"/:{tmp_path}"})
