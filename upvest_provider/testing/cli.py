"""A stack on the Pulumi CLI that is on PATH, driven as `Rehearsal` is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml

from upvest_provider.testing.outcome import Outcome, Step, in_order
from upvest_provider.testing.process import environment_of_python
from upvest_provider.testing.project import Project
from upvest_provider.testing.urn import STACK_TYPE
from upvest_provider.testing.wire import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path


_MESSAGES = ("info", "info#out", "info#err", "warning")

_SUMMARIES = ("preview failed", "update failed")
"""What the engine adds to the errors of an operation (deployment_executor.go `reportExecResult`)."""

_MARK = "replace"
"""Marks a replacement in the plan; what is done are a `create-replacement` and a `delete-replaced`."""


class PulumiCli:
    """A stack of a project on the real engine, with state, settings and plugins of its own.

    The CLI gets a copy of the project's settings, in `backend`, that names the program where it lies. The copy
    leaves out the runtime's options, and so the virtual environment: the interpreter in use runs the program.

    Args:
        project: The directory with `Pulumi.yaml`.
        stack: The stack's name.
        backend: An empty directory for everything that the CLI keeps, or one used before.
        config: Configuration above that of the files; keys without a namespace are the project's.
        environment: Variables for the CLI, and so for program and provider, besides this process' own.
    """

    def __init__(
        self,
        project: Path,
        *,
        stack: str,
        backend: Path,
        config: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._project = Project.read(project)
        self._stack = stack
        self._workspace = backend / "workspace"
        self._events = backend / "events.json"
        for directory in (backend / "home", self._workspace):
            directory.mkdir(parents=True, exist_ok=True)
        self._environment = environment_of_python(
            {
                "PULUMI_BACKEND_URL": backend.resolve().as_uri(),
                "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
                "PULUMI_DEBUG_COMMANDS": "true",  # offers --event-log
                "PULUMI_HOME": str(backend / "home"),
                "PULUMI_PYTHON_CMD": sys.executable,
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                **(environment or {}),
            }
        )
        if not shutil.which("pulumi", path=self._environment["PATH"]):
            raise FileNotFoundError(
                "pulumi is not on PATH\ninstall it (https://www.pulumi.com/docs/install), or rehearse"
            )
        settings = {**self._project.settings, "runtime": "python", "main": str(self._project.main)}
        settings.pop("stackConfigDir", None)
        (self._workspace / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
        self._stack_file = self._workspace / f"Pulumi.{stack}.yaml"
        self._write_stack_settings({"config": {}, **self._project.stack_settings(stack)}, config or {})
        selection = self._pulumi("stack", "select", "--create", stack)
        if selection.returncode:
            raise RuntimeError(f"pulumi stack select failed\n{selection.stderr.strip()}")

    def set_config(self, key: str, value: str) -> None:
        """Sets a configuration value for what follows."""
        self._write_stack_settings({}, {key: value})

    def preview(self, *, refresh: bool = False, replace: Collection[str] = ()) -> Outcome:
        """Tells what `up` would do."""
        return self._operate("preview", *_options(refresh=refresh, replace=replace))

    def up(self, *, refresh: bool = False, replace: Collection[str] = ()) -> Outcome:
        """Makes the stack what the program says.

        Args:
            refresh: Whether to look at every object before.
            replace: The names of resources to replace in any case.
        """
        return self._operate("up", "--yes", "--skip-preview", *_options(refresh=refresh, replace=replace))

    def refresh(self) -> Outcome:
        """Makes the state what the objects are."""
        return self._operate("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Outcome:
        """Deletes everything in the state."""
        return self._operate("destroy", "--yes", "--skip-preview")

    def import_file(self, file: Path, *, protect: bool = True) -> Outcome:
        """Takes objects that exist into the state, as `pulumi import --file` does.

        Args:
            file: Names them.
            protect: Whether they are protected then.
        """
        protection = f"--protect={str(protect).lower()}"
        options = ["--file", str(file.resolve()), "--generate-code=false", protection, "--yes", "--skip-preview"]
        return self._operate("import", *options)

    def export(self) -> dict[str, Any]:
        """Gives the stack as `pulumi stack export --show-secrets` does."""
        run = self._pulumi("stack", "export", "--stack", self._stack, "--show-secrets")
        if run.returncode:
            raise RuntimeError(f"pulumi stack export failed\n{run.stderr.strip()}")
        exported: dict[str, Any] = json.loads(run.stdout)
        return exported

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs any command of the CLI on the stack's project, as `run("cancel", "--yes")`."""
        return self._pulumi(*arguments)

    def begin(self, command: str, *options: str) -> subprocess.Popen[str]:
        """Begins an operation in a session of its own, with one pipe for all that it says; the caller ends it."""
        return subprocess.Popen(  # noqa: S603 - the arguments are the caller's
            ["pulumi", command, "--stack", self._stack, *options, "--non-interactive", "--color", "never"],  # noqa: S607 - the one on PATH
            cwd=self._workspace,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _write_stack_settings(self, settings: Mapping[str, object], config: Mapping[str, str]) -> None:
        """Puts settings above those that stand in the CLI's copy, which hold the salt of its encryption, too."""
        kept = yaml.safe_load(self._stack_file.read_text()) if self._stack_file.exists() else {}
        merged = {**kept, **settings}
        given = {self._project.key(key): value for key, value in config.items()}
        merged["config"] = {**(merged.get("config") or {}), **given}
        self._stack_file.write_text(yaml.safe_dump(merged))

    def _operate(self, command: str, *options: str) -> Outcome:
        self._events.unlink(missing_ok=True)
        run = self._pulumi(command, "--stack", self._stack, "--event-log", str(self._events), *options)
        events = (
            [json.loads(line) for line in self._events.read_text().splitlines()] if self._events.exists() else []
        )
        diagnostics = [event["diagnosticEvent"] for event in events if "diagnosticEvent" in event]
        errors = [text for text in _texts(diagnostics, ["error"]) if text not in _SUMMARIES]
        error = None if run.returncode == 0 else "\n".join(errors) or run.stderr.strip()
        return Outcome(
            in_order(_steps(events)),
            tuple(line for text in _texts(diagnostics, _MESSAGES) for line in text.splitlines() if line),
            error,
            _outputs(events) if error is None else {},
        )

    def _pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - the arguments are this module's
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],  # noqa: S607 - the one on PATH
            cwd=self._workspace,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _options(*, refresh: bool, replace: Collection[str]) -> list[str]:
    return ["--refresh"] * refresh + [f"--replace=urn:**::{name}" for name in replace]


def _texts(diagnostics: Iterable[Mapping[str, str]], severities: Collection[str]) -> list[str]:
    return [each["message"].strip() for each in diagnostics if each["severity"] in severities]


def _steps(events: Iterable[Mapping[str, Any]]) -> Iterator[Step]:
    """Gives what was begun and then brought outputs; a component's come once more when it registers its own."""
    begun: dict[str, str] = {}
    for event in events:
        if "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            begun[step["urn"]] = step["op"]
        elif "resOutputsEvent" in event:
            step = event["resOutputsEvent"]["metadata"]
            kind = begun.pop(step["urn"], _MARK)
            if kind == "refresh" and not step.get("new"):
                kind = "delete"
            if kind != _MARK:
                kind = "replace" if kind == "create-replacement" else kind
                yield Step.of(kind, step["urn"], _inputs(step, "old"), _inputs(step, "new"))


def _inputs(step: Mapping[str, Any], state: str) -> dict[str, object] | None:
    return step[state]["inputs"] if step.get(state) else None


def _outputs(events: Iterable[Mapping[str, Any]]) -> dict[str, object]:
    """Gives the outputs that the stack's last event brings."""
    outputs: dict[str, object] = {}
    for event in events:
        step = event.get("resOutputsEvent", {}).get("metadata")
        if step and step["type"] == STACK_TYPE:
            outputs = (step.get("new") or {}).get("outputs", {})
    return {key: shown(value) for key, value in outputs.items()}
