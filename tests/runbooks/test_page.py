"""The page and its tests name the same commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runbooks.book import runbooks

TESTED_IN = {
    "Move a receiver to another host": "test_move_receiver.py",
    "Rename a resource": "test_rename.py",
    "Move a webhook to another stack": "test_move_state.py",
    "Rotate credentials": "test_rotate.py",
    "Pause in an incident": "test_pause.py",
    "Take over webhooks made by hand": "test_take_over.py",
    "Remove a webhook that no stack holds": "test_remove.py",
    "Close an account": "test_close_account.py",
    "After a crash": "test_after_a_crash.py",
}

CALLS = {
    "pulumi up": (".up()",),
    "pulumi preview": (".preview()",),
    "pulumi refresh --yes": (".refresh()",),
    "pulumi preview --refresh --expect-no-changes": (".nightly_check_is_quiet()",),
}
"""What stands in a test for a command that is written often."""


def test_every_runbook_has_a_test() -> None:
    assert list(runbooks()) == list(TESTED_IN)


@pytest.mark.parametrize("title", TESTED_IN)
def test_every_command_of_a_runbook_is_taken_in_its_test(title: str) -> None:
    source = (Path(__file__).parent / TESTED_IN[title]).read_text()
    assert f'"{title}"' in source
    told = runbooks()[title]
    assert told
    assert [
        command for command in told if not any(form in source for form in CALLS.get(command, (command,)))
    ] == []
