"""docs/runbooks.md: a test says whose steps it takes, and takes no other."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import pytest

from tests import piped
from tests.lifecycle.life import API
from upvest_provider.testing import Outcome, PulumiCli

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.lifecycle.life import Life
    from upvest_provider.api import Webhook

on_cli = pytest.mark.parametrize("life", ["cli"], indirect=True)
"""For what a rehearsal has not: surgery on the state, locks and targets."""

PAGE = Path(__file__).resolve().parents[2] / "docs" / "runbooks.md"


def runbooks() -> dict[str, list[str]]:
    """The commands of each runbook, by its heading."""
    sections = re.split(r"^## (.*)\n", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return {title: commands(text) for title, text in zip(sections[::2], sections[1::2], strict=True)}


def commands(text: str) -> list[str]:
    blocks = re.findall(r"^ *```console\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines()]


class Runbook:
    """The commands of one runbook, taken with a stack in place of those that the page names."""

    def __init__(self, title: str, life: Life) -> None:
        self._commands = runbooks()[title]
        self._life = life

    def up(self, command: str = "pulumi up", stack: PulumiCli | None = None) -> Outcome:
        """Take an `up`, of another stack where one is given."""
        return (stack or self._life.stack).up(refresh="--refresh" in self._words(command))

    def preview(self) -> Outcome:
        self._words("pulumi preview")
        return self._life.stack.preview()

    def refresh(self) -> Outcome:
        self._words("pulumi refresh --yes")
        return self._life.stack.refresh()

    def nightly_check_is_quiet(self) -> bool:
        _, *arguments = self._words("pulumi preview --refresh --expect-no-changes")
        if isinstance(self._life.stack, PulumiCli):
            return self._life.stack.run(*arguments).returncode == 0
        outcome = self._life.stack.preview(refresh=True)
        assert outcome.error is None, outcome.error
        return {(step.kind, step.changed) for step in outcome.steps} <= {("same", ()), ("refresh", ())}

    def configure(self, command: str, **variables: str) -> None:
        """Take a `pulumi config set`; a rehearsal takes lists whole."""
        words = self._words(command, **variables)
        if isinstance(self._life.stack, PulumiCli):
            self.run(command, **variables)
            return
        key, value = words[-2:]
        is_first = key.endswith("[0]")
        self._life.stack.set_config(key.removesuffix("[0]"), json.dumps([value]) if is_first else value)

    def run(self, command: str, **variables: str) -> CompletedProcess[str]:
        """Take a step that only the CLI knows; the page's stacks are the test's."""
        assert isinstance(self._life.stack, PulumiCli)
        _, *arguments = self._words(command, **variables)
        stacks = {"prod": "dev", "prod-eu": "other"}
        run = self._life.stack.run(*(stacks.get(word, word) for word in arguments))
        assert run.returncode == 0, run.stderr
        return run

    def _words(self, command: str, **variables: str) -> list[str]:
        assert command in self._commands
        return shlex.split(Template(command).substitute(variables))


def urn(name: str, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::life::pulumi-python:dynamic/upvest:Webhook::{name}"


def by_hand(life: Life, title: str, path: str) -> Webhook:
    with life.client() as client:
        made = client.create_webhook({"title": title, "url": f"https://tenant.tld/{path}", "type": ["USER"]})
        return client.update_webhook(made.id, {"type": ["USER"], "enabled": True})


def told(life: Life, command: str) -> str:
    """What the command line prints where the program lies; the stack's state comes as a file."""
    project, export = life.folder / "project", life.folder / "export.json"
    (project / "stacks").mkdir(exist_ok=True)
    (project / "stacks" / "Pulumi.dev.yaml").write_text(json.dumps({"config": API}))
    export.write_text(json.dumps(life.stack.export()))
    _, name, *options = command.replace("--stack prod", f"--state {export}").split()
    state = str(life.upvest.state)
    variables = {**os.environ, "UPVEST_LOCAL_STATE": state}
    run = piped.run(name, "--stack", "dev", *options, folder=project, environment=variables)
    assert run.returncode == 0, run.stderr
    life.sent()
    return run.stdout


def to_workspace(life: Life, name: str) -> None:
    """A file of the project to where the CLI works: in a copy of the project's settings."""
    (life.folder / "project" / name).rename(life.folder / "backend" / "workspace" / name)
