"""Completion in shells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell

VARIABLE = "_UPVEST_WEBHOOKS_COMPLETE"


def completed(shell: Shell, words: str, number: int) -> list[str]:
    return shell.run(**{VARIABLE: "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(number)}).stdout.split()


def test_commands_are_completed(shell: Shell) -> None:
    assert completed(shell, "upvest-webhooks lo", 1) == ["local", "local-event", "local-fault"]


def test_options_are_completed(shell: Shell) -> None:
    assert completed(shell, "upvest-webhooks show --st", 2) == ["--stack", "--state"]


def test_completing_asks_nothing_of_upvest(shell: Shell) -> None:
    shell.hold(1)
    assert completed(shell, "upvest-webhooks show ", 2) == []
    assert shell.upvest.requests() == []


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_can_be_had(shell: Shell, name: str) -> None:
    shown = shell.run(**{VARIABLE: f"source_{name}"})
    assert shown.returncode == 0
    assert "upvest-webhooks" in shown.stdout


def test_it_is_installed_into_the_shell_of_whoever_asks(shell: Shell, tmp_path: Path) -> None:
    shown = shell.run(
        "--install-completion", "bash", HOME=str(tmp_path), _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    )
    assert shown.returncode == 0
    assert "bash completion installed" in shown.stdout
    assert VARIABLE in (tmp_path / ".bash_completions" / "upvest-webhooks.sh").read_text()
