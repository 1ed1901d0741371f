"""Previews the stages on copies of their settings and states that hold no secret.

The code of a pull request is trusted with none, nor with what decrypts one. In both copies one word stands for
each secret, so what is made of the same secret is still the same. A program that checks a secret's form may refuse
that word.

    python .github/without_secrets.py states states      # export from the backend, with no more than read access
    python .github/without_secrets.py previews states previews           # no backend, no credentials
"""
# ruff: noqa: INP001 - a script

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
POLICIES = ("--policy-pack", f"{PROJECT}/policy", "--policy-pack-config", f"{PROJECT}/policy/config.json")

WORD = "secret"
"""Stands for every secret; it may be a part of a host name or a path."""

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""How a state marks a secret (Pulumi's `sdk/go/common/resource/sig/sig.go`)."""

HISTORY = ("__declared", "__written")
"""Hidden outputs of a webhook, each a secret as a whole; without them its fields are compared plainly."""

OFFLINE_AWS = {
    "aws:skipCredentialsValidation": "true",
    "aws:skipMetadataApiCheck": "true",
    "aws:skipRequestingAccountId": "true",
}
"""Settings with which pulumi-aws asks AWS nothing before it has to."""


def main() -> None:
    """Run one of the two commands; exits with 1 where any stage failed."""
    parser = argparse.ArgumentParser(description="Preview the stages without any secret.")
    commands = parser.add_subparsers(dest="command", required=True)
    states = commands.add_parser("states", help="copy the stages' states, without secrets")
    states.add_argument("states", type=Path, help="folder for the copies; stages without a stack get none")
    previews = commands.add_parser("previews", help="preview each stage; one without a state is new")
    previews.add_argument("states", type=Path, help="folder with the copies")
    previews.add_argument("previews", type=Path, help="folder for the previews' events, a JSON document a line")
    arguments = parser.parse_args()
    if arguments.command == "states":
        copy_states(arguments.states)
        return
    arguments.previews.mkdir(exist_ok=True)
    failed = [stage for stage in stages() if preview(stage, arguments.states, arguments.previews)]
    sys.exit(f"the preview of {', '.join(failed)} failed" if failed else 0)


def stages() -> list[str]:
    """Each that has a file in `stacks/`."""
    return sorted(file.name.split(".")[1] for file in (PROJECT / "stacks").glob("Pulumi.*.yaml"))


def copy_states(folder: Path) -> None:
    """Export each stage's stack that the backend has, without secrets."""
    folder.mkdir(exist_ok=True)
    known = {stack["name"] for stack in json.loads(_asked("stack", "ls", "--json"))}
    for stage in known.intersection(stages()):
        exported = json.loads(_asked("stack", "export", "--stack", stage))
        (folder / f"{stage}.json").write_text(json.dumps(plain_state(exported)))


def plain_state(exported: dict[str, Any]) -> dict[str, Any]:
    """An exported stack without secrets, and without what would decrypt them."""
    plain: dict[str, Any] = _without_secrets(exported)
    plain["deployment"].pop("secrets_providers", None)
    return plain


def plain_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """A stack's file without secrets, without what would decrypt them, and without a need for AWS."""
    return {"config": _without_secure(settings.get("config") or {}) | OFFLINE_AWS}


def preview(stage: str, states: Path, previews: Path) -> int:
    """Preview a stage in a workspace of its own, and give Pulumi's exit code."""
    state = states.resolve() / f"{stage}.json"
    with tempfile.TemporaryDirectory() as name, (previews / f"{stage}.json").open("w") as events:
        workspace = Path(name)
        _fill(workspace, stage)
        environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "PULUMI_BACKEND_URL": workspace.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "nothing here is a secret",
            # The usual document leaves out which policies are violated.
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
        }

        def pulumi(*arguments: str, output: IO[str] = sys.stderr) -> int:
            command = ["pulumi", *arguments, "--stack", stage, "--non-interactive"]
            return subprocess.run(command, cwd=workspace, env=environment, stdout=output, check=False).returncode  # noqa: S603 - ours

        return (
            pulumi("stack", "init")
            or (pulumi("stack", "import", "--file", str(state)) if state.exists() else 0)
            or pulumi("preview", "--json", *POLICIES, output=events)
        )


def _fill(workspace: Path, stage: str) -> None:
    """Settings that name the program and its environment where they are."""
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())
    folder = project.pop("stackConfigDir")
    project["main"] = str(PROJECT)
    project["runtime"]["options"]["virtualenv"] = str(PROJECT / project["runtime"]["options"]["virtualenv"])
    settings = yaml.safe_load((PROJECT / folder / f"Pulumi.{stage}.yaml").read_text())
    (workspace / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (workspace / f"Pulumi.{stage}.yaml").write_text(yaml.safe_dump(plain_settings(settings)))


def _asked(*arguments: str) -> str:
    command = ["pulumi", *arguments, "--non-interactive"]
    return subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603 - ours


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same with the word for each secret, and without the history."""
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(SIGNATURE) == SECRET:
        return WORD
    return {key: _without_secrets(item) for key, item in value.items() if key not in HISTORY}


def _without_secure(value: Any) -> Any:  # noqa: ANN401 - any YAML
    """The same with the word for each value that a stack's file holds encrypted."""
    if isinstance(value, list):
        return [_without_secure(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"secure"}:
        return WORD
    return {key: _without_secure(item) for key, item in value.items()}


if __name__ == "__main__":
    main()
