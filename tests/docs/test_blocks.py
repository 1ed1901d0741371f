"""Every code block of the documentation is run, checked for its types, or compared with what there is.

One rule for each language. A block that a rule cannot take stands in a table here, with the reason.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
import yaml

from tests import piped
from tests.docs.messages import collected
from tests.docs.pages import PROJECT, Block, blocks
from upvest_provider.cli.app import app
from upvest_provider.settings import ACCOUNT_MEMBERS
from upvest_provider.testing import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BLOCKS = blocks()
LANGUAGES = {"console", "diff", "python", "text", "yaml"}

MODULES = {
    (
        "receivers.md",
        "class PartnerReceiver:",
    ): "a module of receiver/; tests/program/test_docs.py previews with it",
}
"""Python that is no Pulumi program of its own, by page and a phrase of it; its types are checked all the same."""

DIFFS = {
    ("receivers.md", '+RECEIVERS = (LOCAL, AWS, "existing", "partner")'): "tests/program/test_docs.py applies it"
}

TEXTS = {
    ("order.md", "url_at(path), ready"): "a diagram",
    ("policy.md", "[mandatory]"): "what Pulumi prints of the policy pack, which tests/policy runs",
    ("README.md", " orders create"): "what Pulumi prints; tests/program/test_readme.py compares it",
    ("README.md", "[diff: ~config]"): "what Pulumi prints of an update that tests/program/test_readme.py previews",
    ("README.md", "must have a `delay`"): "a message; tests/program/test_readme.py compares it",
}
"""Texts that are neither commands nor code."""

OTHERS_COMMANDS = {
    "cd",  # of the shell
    "export",  # of the shell
    "mkdir",
    "python3",  # makes an environment, from which the next line installs
    "source",  # of the shell
    ".venv/bin/pip",
}

PULUMI = {
    "cancel",
    "config",
    "destroy",
    "import",
    "login",
    "preview",
    "refresh",
    "stack",
    "state",
    "up",
}
"""The commands of the Pulumi CLI that pages use. tests/runbooks and tests/program run them where it is on PATH."""


def of(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


def is_among(exceptions: Mapping[tuple[str, str], str], block: Block) -> bool:
    """Whether a table names a block."""
    return any(block.page == page and phrase in block.text for page, phrase in exceptions)


def is_tests(block: Block) -> bool:
    """Whether a block holds tests, and no program; pytest can collect them, and their types are checked."""
    return re.search(r"^def test_\w+\(", block.text, re.MULTILINE) is not None


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each command of each console block, with its block's name."""
    for block in of("console"):
        for line in block.text.replace("\\\n", " ").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield str(block), shlex.split(line, comments=True)


COMMANDS = list(commands())


def test_every_block_has_a_language_that_a_rule_takes() -> None:
    assert [str(block) for block in BLOCKS if block.language not in LANGUAGES] == []


def test_every_exception_is_of_a_block_that_is_there() -> None:
    for page, phrase in (*MODULES, *DIFFS, *TEXTS):
        assert len([block for block in BLOCKS if block.page == page and phrase in block.text]) == 1, phrase


def test_every_diff_is_applied_by_a_test() -> None:
    assert [str(block) for block in of("diff") if not is_among(DIFFS, block)] == []


@pytest.mark.parametrize("block", of("python"), ids=str)
def test_a_program_previews_without_a_fault(block: Block, tmp_path: Path) -> None:
    if is_among(MODULES, block) or is_tests(block):
        compile(block.text, str(block), "exec")
        return
    (tmp_path / "Pulumi.yaml").write_text("name: pages\nruntime: python\n")
    accounts: dict[str, object] = (
        {"upvest:accounts": {name: {} for name in ("main", "tol")}} if 'account="tol"' in block.text else {}
    )
    settings = {"upvest:api": "local", **accounts}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": settings}))
    (tmp_path / "__main__.py").write_text(block.text)
    outcome = Rehearsal(tmp_path, stack="dev", state=tmp_path / "state.json").preview()
    assert outcome.error is None, outcome.error
    assert outcome.steps or "pulumi.export" in block.text


def test_every_python_block_has_right_types(tmp_path: Path) -> None:
    files = []
    for block in of("python"):
        # A module of a package finds its siblings only where it will stand.
        text = re.sub(r"^(\s*)from \.(\w+) import", r"\1from receiver.\2 import", block.text, flags=re.MULTILINE)
        files.append(tmp_path / f"{re.sub(r'[^a-z0-9]+', '_', str(block).lower())}.py")
        # As an option of the command it would have mypy read all libraries anew.
        files[-1].write_text(f"# mypy: allow-untyped-defs\n{text}")
    assert len(files) > 5
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", *map(str, files)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(("place", "words"), COMMANDS, ids=[f"{p}-{' '.join(w)[:50]}" for p, w in COMMANDS])
def test_a_command_exists(place: str, words: list[str]) -> None:
    del place
    match words:
        case ["make", *arguments]:
            _known_to_make(arguments)
        case [("upvest-webhooks" | ".venv/bin/upvest-webhooks"), command, *arguments]:
            _known_to_the_command_line(command, arguments)
        case ["pulumi", command, *_]:
            assert command in PULUMI
        case [program, *_]:
            assert program in OTHERS_COMMANDS


def _known_to_make(arguments: list[str]) -> None:
    target = arguments[0]
    assert re.search(rf"^{re.escape(target)}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    run = subprocess.run(
        ["make", "--dry-run", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def _known_to_the_command_line(name: str, arguments: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    found = command.get_command(None, name)
    assert found is not None
    known = {option for parameter in found.params for option in parameter.opts}
    assert {word.partition("=")[0] for word in arguments if word.startswith("-")} <= known


def test_the_command_that_conformance_is_asked_with_is_taken() -> None:
    (words,) = [words for place, words in COMMANDS if place.startswith("conformance.md")]
    arguments = shlex.split(words[-1].removeprefix("ARGS="))
    source = (PROJECT / "conformance" / "__main__.py").read_text()
    assert [word for word in arguments if word.startswith("--") and f'"{word}"' not in source] == []


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_settings_in_yaml_are_known(block: Block) -> None:
    read = yaml.safe_load(block.text)
    if "runtime" in read:
        assert set(read) <= set(yaml.safe_load((PROJECT / "Pulumi.yaml").read_text()))
        return
    assert set(read) == {"config"}
    of_the_program = {f"upvest-webhooks:{name}" for name in _of_the_program()}
    of_the_provider = {"upvest:accounts", *(f"upvest:{member}" for member in ACCOUNT_MEMBERS)}
    assert set(read["config"]) <= of_the_program | of_the_provider
    accounts = read["config"].get("upvest:accounts", {})
    assert {member for account in accounts.values() for member in account} <= set(ACCOUNT_MEMBERS)


def _of_the_program() -> set[str]:
    return set(yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"])


@pytest.mark.parametrize("block", of("text"), ids=str)
def test_a_text_is_a_command_s_help_or_messages_or_has_a_reason(block: Block) -> None:
    if block.page == "cli.md" or is_among(TEXTS, block):
        return
    templates = [re.compile(".*".join(map(re.escape, template.split("{}")))) for template in collected()]
    for line in block.text.splitlines():
        words = re.sub(r"^gate '[\w-]+': \[\d/\d\] (dns|tls|http): ", "", line)
        assert any(template.fullmatch(words) for template in templates), line


def test_the_page_of_settings_names_each_that_is_read() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text()
    source = (PROJECT / "upvest_provider" / "settings.py").read_text()
    variables = re.findall(r'(?:_variable|_secret_if_any)\("(\w+)"', source)
    names = {
        *re.findall(r'"(upvest:\w+|UPVEST_\w+)"', source),
        *(f"upvest:{member}" for member in ACCOUNT_MEMBERS),
        *(f"UPVEST_{variable}" for variable in variables),
        *_of_the_program(),
    }
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_the_page_of_settings_names_none_that_is_not_read() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text()
    told = {name.replace("_TOL_", "_") for name in re.findall(r"`(upvest:\w+|UPVEST_\w+)`", page)}
    source = (PROJECT / "upvest_provider" / "settings.py").read_text()
    assert {name for name in told if name.removeprefix("upvest:").removeprefix("UPVEST_") not in source} == set()


def test_the_steps_of_the_tutorial_are_what_it_says(tmp_path: Path) -> None:
    first, with_a_gate = (block.text for block in of("python") if block.page == "tutorial.md")
    project, stage = (block.text for block in of("yaml") if block.page == "tutorial.md")
    (tmp_path / "Pulumi.yaml").write_text(project)
    (tmp_path / "Pulumi.dev.yaml").write_text(stage)
    program = tmp_path / "__main__.py"
    state = tmp_path / "state.json"
    from upvest_provider.local import LocalUpvest  # noqa: PLC0415 - a server, for this test alone

    with LocalUpvest(tmp_path / "upvest") as upvest:
        environment = {"UPVEST_LOCAL_STATE": str(tmp_path / "upvest")}
        stack = Rehearsal(tmp_path, stack="dev", state=state, environment=environment)
        program.write_text(first)
        assert [step.kind for step in stack.preview().steps] == ["create", "create"]
        assert stack.up().error is None
        sent = len(upvest.requests())
        assert [step.kind for step in stack.up().steps] == ["same", "same"]
        assert len(upvest.requests()) == sent
        program.write_text(first.replace('"2s"', '"4s"'))
        changed = [step for step in stack.preview().steps if step.kind != "same"]
        assert [(step.kind, step.changed) for step in changed] == [("update", ("config",))]
        program.write_text(first.replace('"2s"', '"45s"'))
        assert "1s to 30s" in (stack.preview().error or "")
        assert len(upvest.requests()) == sent
        program.write_text(first.replace('"2s"', '"4s"'))
        assert stack.up().error is None
        program.write_text(with_a_gate)
        assert sorted((step.kind, step.name) for step in stack.preview().steps) == [
            ("create", "receiver-ready"),
            ("update", "orders"),
            ("update", "users"),
        ]


def test_the_page_of_the_command_line_is_its_help() -> None:
    page = (PROJECT / "docs" / "cli.md").read_text()
    command: Any = typer.main.get_command(app)
    told = re.findall(r"^## upvest-webhooks ?(.*)$", page, re.MULTILINE)
    assert told == ["", *command.list_commands(None)]
    environment = {**os.environ, "COLUMNS": "100"}
    for name, block in zip(told, (block for block in BLOCKS if block.page == "cli.md"), strict=True):
        run = piped.run(*filter(None, [name]), "--help", folder=PROJECT, environment=environment)
        run.check_returncode()
        assert block.text.strip() == run.stdout.strip(), f"renew docs/cli.md: {json.dumps(name)}"
