"""What the preview of a pull request is made from."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from upvest_provider.local import LocalUpvest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / ".github" / "without_secrets.py"

SECRET = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    "ciphertext": "v1:MYZX38yZnFnOLwYt:qqVqHjVSn1eqh6Q9",
}

PROGRAM = """
import signal
import pulumi
from upvest_provider import UpvestWebhook
signal.signal(signal.SIGINT, signal.SIG_DFL)
path = pulumi.Config().require_secret("path")
UpvestWebhook("users", title="Users", url="https://tenant.tld/users", type=["USER"], config={"delay": "2s"})
UpvestWebhook("orders", title="Orders", url=pulumi.Output.concat("https://tenant.tld/", path), type=["ORDER"])
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("without_secrets", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_state_keeps_all_but_its_secrets(script: ModuleType) -> None:
    resource = {
        "urn": "urn:pulumi:prod::p::t::users",
        "inputs": {"url": SECRET, "config": {"delay": "2s"}, "headers": [SECRET, "plain"]},
        "outputs": {"title": "Users", "__declared": "title", "__written": {"url": "https://tenant.tld/token"}},
    }
    providers = {"type": "passphrase", "state": {"salt": "v1:0UC47R4G"}}
    exported = {"version": 3, "deployment": {"secrets_providers": providers, "resources": [resource]}}
    plain = {
        "urn": "urn:pulumi:prod::p::t::users",
        "inputs": {"url": "secret", "config": {"delay": "2s"}, "headers": ["secret", "plain"]},
        "outputs": {"title": "Users"},
    }
    assert script.plain_state(exported) == {"version": 3, "deployment": {"resources": [plain]}}


def test_the_state_of_a_new_stack_has_nothing_to_lose(script: ModuleType) -> None:
    assert script.plain_state({"version": 3, "deployment": {}}) == {"version": 3, "deployment": {}}


def test_settings_keep_all_but_their_secrets_and_what_decrypts_them(script: ModuleType) -> None:
    settings = {
        "secretsprovider": "awskms://alias/pulumi",
        "encryptedkey": "AQICAHg",
        "encryptionsalt": "v1:0UC47R4G",
        "config": {
            "upvest:api": "live",
            "upvest:clientSecret": {"secure": "v1:MYZX38y"},
            "upvest:accounts": {"tol": {"clientId": "c", "clientSecret": {"secure": "v1:qqVqHj"}}},
        },
    }
    plain = script.plain_settings(settings)
    assert list(plain) == ["config"]
    assert {key: value for key, value in plain["config"].items() if not key.startswith("aws:")} == {
        "upvest:api": "live",
        "upvest:clientSecret": "secret",
        "upvest:accounts": {"tol": {"clientId": "c", "clientSecret": "secret"}},
    }


class Stage:
    """A stage `dev` that is deployed, and a pull request's clone of its project."""

    def __init__(self, folder: Path, upvest: LocalUpvest) -> None:
        self.clone = folder / "clone"
        (self.clone / ".github").mkdir(parents=True)
        shutil.copy(SCRIPT, self.clone / ".github")
        shutil.copytree(PROJECT / "policy", self.clone / "policy", ignore=shutil.ignore_patterns(".venv"))
        (self.clone / "policy" / ".venv").symlink_to(PROJECT / "policy" / ".venv")
        (self.clone / ".venv").symlink_to(sys.prefix)
        runtime = {"name": "python", "options": {"virtualenv": ".venv"}}
        project = {"name": "hooks", "runtime": runtime, "stackConfigDir": "stacks"}
        (self.clone / "Pulumi.yaml").write_text(json.dumps(project))
        (self.clone / "stacks").mkdir()
        (self.clone / "stacks" / "Pulumi.dev.yaml").write_text('{"config": {"upvest:api": "local"}}')
        self.declare(PROGRAM)
        (folder / "backend").mkdir()
        self._home = {"PULUMI_HOME": str(folder / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        self.backend = {"PULUMI_BACKEND_URL": (folder / "backend").as_uri()}
        self.trusted = {
            **self.backend,
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
            "UPVEST_LOCAL_STATE": str(upvest.state),
        }

    def declare(self, program: str) -> None:
        (self.clone / "__main__.py").write_text(program)

    def run(self, *command: str, **environment: str) -> str:
        run = subprocess.run(
            command,
            cwd=self.clone,
            env={**os.environ, **self._home, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def steps(self) -> dict[str, str]:
        """What the preview of the pull request would do to each webhook."""
        self.run(sys.executable, ".github/without_secrets.py", "previews", "states", "previews")
        events: list[dict[str, Any]] = [
            json.loads(line) for line in (self.clone / "previews" / "dev.json").read_text().splitlines()
        ]
        steps = [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
        return {
            step["urn"].rpartition("::")[2]: step["op"]
            for step in steps
            if step["type"].endswith("upvest:Webhook")
        }


@pytest.fixture
def stage(tmp_path: Path, upvest: LocalUpvest) -> Stage:
    if not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    if not (PROJECT / "policy" / ".venv").exists():
        pytest.skip("the policies' environment is not there: run `make policy/.venv/installed`")
    return Stage(tmp_path, upvest)


def test_a_pull_request_is_previewed_against_the_state_without_a_secret(stage: Stage) -> None:
    stage.run("pulumi", "stack", "init", "dev", **stage.trusted)
    stage.run("pulumi", "config", "set", "--secret", "path", "hunter2", **stage.trusted)
    assert stage.steps() == {"users": "create", "orders": "create"}

    stage.run("pulumi", "up", "--yes", "--skip-preview", **stage.trusted)
    stage.run(sys.executable, ".github/without_secrets.py", "states", "states", **stage.backend)
    copy = (stage.clone / "states" / "dev.json").read_text()
    assert "hunter2" not in copy
    assert "ciphertext" not in copy
    # What is made from a secret is a secret as a whole, and the program makes it anew.
    assert stage.steps() == {"users": "same", "orders": "update"}

    stage.declare(PROGRAM.replace('"2s"', '"4s"'))
    assert stage.steps() == {"users": "update", "orders": "update"}
    assert "hunter2" not in (stage.clone / "previews" / "dev.json").read_text()
