"""What a rehearsal does by itself: its files, and what it has no providers for."""

from __future__ import annotations

import json
import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from tests.testing.toybox import PROJECT
from upvest_provider.testing import PulumiCli, Rehearsal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(PROJECT, tmp_path / "project")


def rehearse(project: Path, **config: str) -> Rehearsal:
    environment = {"TOY_BOX": str(project)}
    return Rehearsal(project, stack="dev", state=project / "state.json", config=config, environment=environment)


def test_resources_of_other_packages_echo_their_inputs(project: Path) -> None:
    bucket = {"name": "bucket", "foreign": "aws:s3/bucket:Bucket"}
    stack = rehearse(project, program=json.dumps([bucket, {"name": "tag", "of": "bucket"}]))
    assert [(step.kind, step.name) for step in stack.up().steps] == [("create", "bucket"), ("create", "tag")]
    assert [(step.kind, step.name) for step in stack.up().steps] == [("same", "bucket"), ("same", "tag")]
    kept = json.loads((project / "state.json").read_text())["rehearsal"]["resources"][0]
    assert kept["id"] == "bucket"
    assert kept["inputs"] == kept["outputs"]


def test_the_state_survives_the_object_that_wrote_it(project: Path) -> None:
    program = json.dumps([{"name": "car", "title": "red"}])
    assert rehearse(project, program=program).up().ok
    (step,) = rehearse(project, program=program).up().steps
    assert step.kind == "same"


def test_only_the_owner_can_read_the_key_of_the_state(project: Path) -> None:
    assert rehearse(project).up().ok
    assert stat.S_IMODE((project / "state.json.key").stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR


def test_a_preview_writes_no_file(project: Path) -> None:
    before = set(project.iterdir())
    assert rehearse(project, program=json.dumps([{"name": "car", "title": "red"}])).preview().ok
    assert {file.name for file in set(project.iterdir()) - before} <= {"__pycache__"}


def test_a_program_that_is_written_anew_within_a_second_is_what_runs(project: Path) -> None:
    """Python takes a file for the one that it compiled before where its time, in seconds, and its size are the same."""
    stack = rehearse(project)
    for colour in ("red", "tan"):
        (project / "__main__.py").write_text(f"import pulumi\npulumi.export('colour', '{colour}')\n")
        os.utime(project / "__main__.py", (1, 1))
        assert stack.up().outputs == {"colour": colour}


def test_an_encrypted_value_in_the_stack_file_is_refused(project: Path) -> None:
    (project / "stacks" / "Pulumi.dev.yaml").write_text("config:\n  toys:token:\n    secure: v1:abc\n")
    with pytest.raises(ValueError, match="toys:token is encrypted") as caught:
        rehearse(project).up()
    assert str(caught.value).splitlines()[-1].startswith("give the plain value")
    assert "abc" not in str(caught.value)
    assert rehearse(project, **{"toys:token": "plain", "program": "[]"}).up().ok


def test_an_option_that_is_not_played_is_refused(project: Path) -> None:
    car = {"name": "car", "title": "red", "opts": {"import_": "toy-7"}}
    outcome = rehearse(project, program=json.dumps([car])).up()
    assert outcome.error == "a rehearsal does not play the resource option `import_` of car"


def test_without_pulumi_the_cli_driver_says_what_to_do(project: Path) -> None:
    with pytest.raises(FileNotFoundError, match="pulumi is not on PATH\ninstall it"):
        PulumiCli(project, stack="dev", backend=project / "backend", environment={"PATH": str(project)})
