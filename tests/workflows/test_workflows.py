"""The rules that every workflow keeps, and what each is trusted with."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").iterdir())
PAGE = PROJECT / "docs" / "workflows.md"

Job = dict[str, Any]


def jobs(workflow: Path) -> dict[str, Job]:
    parsed: dict[str, Job] = yaml.safe_load(workflow.read_text())["jobs"]
    return parsed


def all_jobs() -> Iterator[tuple[str, Job]]:
    for workflow in WORKFLOWS:
        for name, job in jobs(workflow).items():
            yield f"{workflow.stem}/{name}", job


def all_steps() -> Iterator[tuple[str, Job]]:
    for name, job in all_jobs():
        for step in job.get("steps", []):
            yield name, step


def texts(value: object) -> Iterator[str]:
    """All that is written below a job or a step."""
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        yield str(value)


def writes(job: Job) -> set[str]:
    return {scope for scope, right in job.get("permissions", {}).items() if right == "write"} - {"id-token"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
class TestEveryWorkflow:
    def test_pins_each_action_to_a_commit_and_says_its_version(self, workflow: Path) -> None:
        uses = re.findall(r"^ *(?:- )?uses: (.*)$", workflow.read_text(), re.MULTILINE)
        ours = [line for line in uses if not line.startswith("./")]
        assert ours or uses
        assert [
            line for line in ours if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
        ] == []

    def test_runs_for_no_event_that_gives_strangers_the_rights_of_main(self, workflow: Path) -> None:
        document = yaml.safe_load(workflow.read_text())
        events = set(document[True])  # YAML 1.1 reads `on` so
        assert events <= {"pull_request", "push", "schedule", "workflow_call", "workflow_dispatch"}

    def test_has_no_rights_but_those_that_a_job_asks_for(self, workflow: Path) -> None:
        assert yaml.safe_load(workflow.read_text())["permissions"] == {}
        assert [name for name, job in jobs(workflow).items() if "permissions" not in job] == []


def test_no_expression_is_pasted_into_a_script() -> None:
    assert [name for name, step in all_steps() if "${{" in step.get("run", "")] == []


def test_no_checkout_leaves_the_token_behind() -> None:
    checkouts = [step for _, step in all_steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_nothing_is_kept_between_runs_that_a_pull_request_could_have_written() -> None:
    assert [name for name, step in all_steps() if "cache" in step.get("with", {})] == []
    assert [name for name, step in all_steps() if step.get("uses", "").startswith("actions/cache")] == []


def test_one_action_has_one_commit() -> None:
    used = {step["uses"] for _, step in all_steps() if "uses" in step}
    assert len(used) == len({action.partition("@")[0] for action in used})


def test_every_job_ends_within_the_hour() -> None:
    assert [name for name, job in all_jobs() if "steps" in job and not 0 < job["timeout-minutes"] <= 60] == []


def test_a_job_that_may_write_runs_nothing_of_the_repository_and_has_no_secret() -> None:
    writers = {name: job for name, job in all_jobs() if writes(job)}
    assert {name: writes(job) for name, job in writers.items()} == {
        "preview/comment": {"pull-requests"},
        "drift/report": {"issues"},
    }
    for job in writers.values():
        assert not any("actions/checkout@" in text or "secrets." in text for text in texts(job))


def test_what_runs_the_code_of_a_pull_request_has_a_token_that_reads_and_nothing_else() -> None:
    preview = jobs(PROJECT / ".github" / "workflows" / "preview.yml")["preview"]
    assert preview["permissions"] == {"contents": "read"}
    assert not any(re.search(r"secrets\.|vars\.|github\.token|role-to-assume", text) for text in texts(preview))


def test_nothing_that_a_pull_request_starts_reads_a_secret() -> None:
    for name in ("ci.yml", "preview.yml"):
        assert not any("secrets." in text for text in texts(jobs(PROJECT / ".github" / "workflows" / name)))


def test_a_secret_is_there_for_the_one_step_that_needs_it() -> None:
    holders = {step.get("run") for _, step in all_steps() if any("secrets." in text for text in texts(step))}
    assert holders == {"make up", "make preview", "make drift"}
    assert [
        name for name, job in all_jobs() if any("secrets." in text for text in texts(job.get("env", {})))
    ] == []


def test_what_writes_to_a_stage_waits_for_its_environment_and_the_stage_before() -> None:
    deploy = jobs(PROJECT / ".github" / "workflows" / "deploy.yml")
    assert {name: (job.get("needs"), job.get("environment")) for name, job in deploy.items()} == {
        "ci": (None, None),
        "dev": ("ci", None),
        "staging": ("dev", "staging"),
        "prod-preview": ("staging", "prod-read"),
        "prod": ("prod-preview", "prod"),
    }
    changing = {name for name, job in all_jobs() if any(text == "make up" for text in texts(job))}
    assert changing == {"deploy/staging", "deploy/prod"}


def test_every_command_is_one_that_can_be_run_by_hand() -> None:
    called = {
        target
        for _, step in all_steps()
        for line in re.findall(r"^\s*make ([^&\n]+)", step.get("run", ""), re.MULTILINE)
        for target in line.split()
    }
    rules = set(re.findall(r"^([\w./-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert called - rules == set()


def test_nothing_is_installed_beside_a_secret() -> None:
    for _, job in all_jobs():
        steps = [step.get("run", "") for step in job.get("steps", [])]
        for run in {"make up", "make preview", "make drift"}.intersection(steps):
            assert "make pulumi policy/.venv/installed" in steps[: steps.index(run)]


def test_the_page_names_each_setting() -> None:
    text = "".join(workflow.read_text() for workflow in WORKFLOWS)
    settings = set(re.findall(r"\b(?:vars|secrets)\.([A-Z_]+)", text))
    named = set(re.findall(r"^ *\| `([A-Z_]+)` \|", PAGE.read_text(), re.MULTILINE))
    assert named == settings


def test_zizmor_finds_nothing() -> None:
    zizmor = shutil.which("zizmor", path=str(Path(sys.executable).parent))
    if not zizmor:
        pytest.skip("zizmor is not in this environment")
    run = subprocess.run(
        [zizmor, "--offline", "--no-progress", ".github"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
