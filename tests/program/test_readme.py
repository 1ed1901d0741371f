"""The README's commands and programs do what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from upvest_provider.local import LocalUpvest
from upvest_provider.settings import ACCOUNT_MEMBERS
from upvest_provider.testing import Rehearsal

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("console") for line in block.splitlines()]
PROGRAM, PROGRAM_WITH_A_GATE, USE_OF_THE_FIXTURES = blocks("python")


@pytest.fixture
def infra(tmp_path: Path) -> Path:
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: infra\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  upvest:api: local\n")
    (folder / "__main__.py").write_text(PROGRAM)
    return folder


def test_the_two_commands_come_first() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]


def test_every_make_target_exists() -> None:
    targets = re.findall(r"`?make ([a-z]+)", README)
    assert set(targets) == {"demo", "test", "local", "pulumi"}
    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=PROJECT, check=True, capture_output=True)


def test_the_program_does_what_is_said_of_it(infra: Path, tmp_path: Path) -> None:
    assert len(PROGRAM.splitlines()) <= 15
    with LocalUpvest(tmp_path / "upvest") as upvest:
        environment = {"UPVEST_LOCAL_STATE": str(tmp_path / "upvest")}
        stack = Rehearsal(infra, stack="dev", state=tmp_path / "state.json", environment=environment)
        assert [(step.kind, step.name) for step in stack.preview().steps] == [
            ("create", "orders"),
            ("create", "users"),
        ]
        outcome = stack.up()
        assert outcome.outputs["package_size"] == 51200
        assert {webhook["title"] for webhook in upvest.store.webhooks()} == {"User webhook", "Order webhook"}
        (infra / "__main__.py").write_text(PROGRAM.replace('"2s"', '"4s"'))
        (step,) = (step for step in stack.preview().steps if step.kind != "same")
        assert (step.kind, step.name, step.changed) == ("update", "users", ("config",))
        (infra / "__main__.py").write_text(PROGRAM.replace('"2s"', '"45s"'))
        assert blocks("text")[2].strip() in (stack.preview().error or "")


def test_the_program_with_a_gate_previews_offline(infra: Path, tmp_path: Path) -> None:
    (infra / "__main__.py").write_text(PROGRAM_WITH_A_GATE)
    outcome = Rehearsal(infra, stack="dev", state=tmp_path / "state.json").preview()
    assert outcome.error is None
    assert [(step.kind, step.name) for step in outcome.steps] == [
        ("create", "receiver-ready"),
        ("create", "users"),
    ]


def test_the_use_of_the_fixtures_runs(infra: Path) -> None:
    (infra / "test_program.py").write_text(USE_OF_THE_FIXTURES)
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider"], cwd=infra, env=alone, check=True)


def test_every_setting_is_one_that_is_read() -> None:
    # With the name of an account in the middle they are the same variables.
    told = {name.replace("_TOL_", "_") for name in re.findall(r"(?:`)(upvest:\w+|UPVEST_\w+)", README)}
    source = (PROJECT / "upvest_provider" / "settings.py").read_text()
    whole = re.findall(r'"(upvest:\w+|UPVEST_\w+)"', source)
    variables = re.findall(r'(?:_variable|_secret_if_any)\("(\w+)"', source)
    members = [f"upvest:{member}" for member in ACCOUNT_MEMBERS]
    assert told == {*whole, *members, *(f"UPVEST_{variable}" for variable in variables)}


@pytest.mark.skipif(shutil.which("pulumi") is None, reason="pulumi is not on PATH")
def test_the_commands_by_hand_run_on_the_real_engine(tmp_path: Path) -> None:
    project = tmp_path / "clone"
    project.mkdir()
    for part in ("__main__.py", "stacks", "receiver"):
        source = PROJECT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, project / part)
    # The clone's own virtual environment is the one that runs this test.
    settings = (PROJECT / "Pulumi.yaml").read_text().replace("virtualenv: .venv", f"virtualenv: {sys.prefix}")
    (project / "Pulumi.yaml").write_text(settings)
    lines = [line for line in COMMANDS if line.startswith(("export", "pulumi"))]
    assert len(lines) == 5
    with LocalUpvest(project / ".upvest-local") as upvest:
        run = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", "\n".join(lines)],
            cwd=project,
            env={
                "PATH": f"{Path(shutil.which('pulumi') or '').parent}:/usr/bin:/bin",
                "HOME": str(tmp_path),
                "PULUMI_HOME": str(tmp_path / "home"),
                "PULUMI_SKIP_UPDATE_CHECK": "true",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        seen = [request.method for request in upvest.requests() if request.path.startswith("/webhooks")]
        # One list for `up`, one for the preview of the refresh, one for the refresh; a POST to make, a POST to test.
        assert sorted(seen) == ["DELETE"] * 2 + ["GET"] * 3 + ["PATCH"] * 2 + ["POST"] * 4
    for line in blocks("text")[0].splitlines():
        assert line in run.stdout
