"""What the pages of docs/ say can be done, or is there, as it stands there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from upvest_provider.testing import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
RECEIVERS = (PROJECT / "docs" / "receivers.md").read_text()
DEPLOY = (PROJECT / "docs" / "deploy.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def settings(block: str) -> Iterator[list[str]]:
    """Key and value of each command that sets one."""
    for line in block.splitlines():
        if line.startswith("pulumi config set "):
            yield [word for word in shlex.split(line)[3:] if word != "--path"]


def copy_of_the_project(folder: Path) -> Path:
    for part in ("Pulumi.yaml", "__main__.py", "stacks", "receiver"):
        source = PROJECT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
    return folder


def planned(project: Path, state: Path, config: dict[str, str]) -> set[str]:
    outcome = Rehearsal(project, stack="prod", state=state, config=config).preview()
    assert outcome.error is None, outcome.error
    return {f"{step.type.rpartition(':')[2]} {step.name}" for step in outcome.steps}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "clone").mkdir()
    return copy_of_the_project(tmp_path / "clone")


def test_another_receiver_is_one_file_and_one_name(clone: Path, tmp_path: Path) -> None:
    (module,) = blocks(RECEIVERS, "python")
    (change,) = blocks(RECEIVERS, "diff")
    (clone / "receiver" / "partner.py").write_text(module)
    old, new = (line[1:] for line in change.splitlines())
    stage = clone / "receiver" / "stage.py"
    assert stage.read_text().count(f"{old}\n") == 1
    stage.write_text(stage.read_text().replace(old, new))
    config = {
        "upvest:clientId": "2f1c7f3e-9d1b-4c55-8a52-5f3d0f9a6c11",
        "upvest:keyId": "9b0d8a54-31f7-4d0e-9c3b-7e2a4d5f6a22",
        "receiver": "partner",
        "partnerTarget": "lb.partner.tld",
        "verify": "require",
    }
    webhooks = {"EndpointReadiness receiver-ready", "Webhook users", "Webhook orders"}
    assert planned(clone, tmp_path / "state.json", config) == webhooks


def test_the_receivers_are_those_in_the_table() -> None:
    told = re.findall(r"^\| `(\w+)` \| `receiver/(\w+).py` \|", RECEIVERS, re.MULTILINE)
    names = re.findall(
        r"^def declare\(", "".join(p.read_text() for p in (PROJECT / "receiver").glob("*.py")), re.MULTILINE
    )
    assert [name for name, _ in told] == [module for _, module in told] == ["local", "aws", "existing"]
    assert len(names) == len(told)


def test_the_settings_of_the_page_lead_to_a_plan(tmp_path: Path) -> None:
    block = next(block for block in blocks(DEPLOY, "console") if "config set zone " in block)
    config = dict(settings(block))
    assert {"ApiMapping receiver", "Webhook users"} < planned(PROJECT, tmp_path / "state.json", config)


def test_only_settings_that_the_program_reads_are_told() -> None:
    files = [*(PROJECT / "receiver").glob("*.py"), PROJECT / "__main__.py"]
    source = "".join(file.read_text() for file in files)
    told = {key for block in blocks(DEPLOY, "console") for key, _ in settings(block)}
    assert len(told) == 13
    own = {part for key in told if ":" not in key for part in key.split(".")}
    assert {key for key in own if f'"{key}"' not in source} == set()


@pytest.mark.skipif(shutil.which("pulumi") is None, reason="pulumi is not on PATH")
def test_the_settings_are_taken_by_the_cli(clone: Path, tmp_path: Path) -> None:
    # The plugin for AWS is not here, so it is a receiver of others that is previewed with all of these settings.
    without_aws = ["pulumi config set receiver existing", "pulumi config rm aws:region", "pulumi preview"]
    lines = [line for block in blocks(DEPLOY, "console") for line in block.splitlines() if "pulumi config" in line]
    assert len(lines) == 14
    environment = (clone / "Pulumi.yaml").read_text().replace("virtualenv: .venv", f"virtualenv: {sys.prefix}")
    (clone / "Pulumi.yaml").write_text(environment)
    run = subprocess.run(
        ["bash", "-eu", "-c", "\n".join(["pulumi stack init prod", *lines, *without_aws])],
        cwd=clone,
        env={
            "PATH": f"{Path(shutil.which('pulumi') or '').parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PULUMI_BACKEND_URL": tmp_path.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
            "PULUMI_HOME": str(tmp_path / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "upvest:Webhook" in run.stdout
    assert "dualStack: true" in (clone / "stacks" / "Pulumi.prod.yaml").read_text()


def test_every_test_that_the_page_on_reliability_names_is_there() -> None:
    page = (PROJECT / "docs" / "reliability.md").read_text()
    named = set(re.findall(r"`(tests/[\w/.]+)`", page))
    assert len(named) > 20
    assert [name for name in sorted(named) if not (PROJECT / name).exists()] == []


@pytest.mark.parametrize("page", sorted((PROJECT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_every_file_that_a_page_leads_to_is_there(page: Path) -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [name for name in linked if not (page.parent / name).exists()] == []
