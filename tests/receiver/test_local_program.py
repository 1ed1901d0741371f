"""A receiver in a Pulumi program, rehearsed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from upvest_provider.local import ControlClient, LocalUpvest, dns_queries
from upvest_provider.testing import Rehearsal

if TYPE_CHECKING:
    from upvest_provider.testing import Outcome

PROJECT = Path(__file__).parents[2]
PROGRAM = """
import pulumi
from receiver.local import LocalReceiver
config = pulumi.Config()
receiver = LocalReceiver(
    "receiver",
    host="hooks.tenant.tld",
    certificate_lifetime=float(config.get("lifetime") or 86400),
    dns_delay=0.5,
)
for name in ("url", "host", "certificate_id", "gate"):
    pulumi.export(name, getattr(receiver, name))
"""


@pytest.fixture
def state(upvest: LocalUpvest) -> Path:
    return Path(upvest.surroundings.ca_file).parent


@pytest.fixture
def stack(state: Path, tmp_path: Path) -> Rehearsal:
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: receiver\nruntime: python\n")
    (project / "__main__.py").write_text(PROGRAM)
    shutil.copytree(PROJECT / "receiver", project / "receiver")
    environment = {"UPVEST_LOCAL_STATE": str(state)}
    return Rehearsal(project, stack="dev", state=tmp_path / "state.json", environment=environment)


def steps(outcome: Outcome) -> set[tuple[str, str]]:
    assert outcome.error is None, outcome.error
    return {(step.kind, step.type.rpartition(":")[2]) for step in outcome.steps if step.kind != "same"}


def test_a_receiver_is_made_changed_and_removed(stack: Rehearsal, upvest: LocalUpvest, state: Path) -> None:
    assert ControlClient(state).get("listeners", "hooks.tenant.tld") is None
    made = stack.up()
    assert made.error is None, made.error
    assert made.outputs["url"] == f"https://hooks.tenant.tld:{upvest.world.receiver.port}"
    assert made.outputs["host"] == "hooks.tenant.tld"
    assert made.outputs["gate"] == {
        "triggers": [made.outputs["certificate_id"]],
        "resolvers": [upvest.surroundings.resolver],
        "ca_file": upvest.surroundings.ca_file,
        "allow_private": True,
    }
    assert {kind for kind, _ in steps(stack.refresh())} == {"refresh"}
    assert steps(stack.preview()) == set()

    stack.set_config("lifetime", "-60")
    previewed = stack.preview()
    assert steps(previewed) == {("update", "Certificate")}
    changed = stack.up()
    assert changed.outputs["certificate_id"] != made.outputs["certificate_id"]
    assert changed.outputs["url"] == made.outputs["url"]

    assert stack.destroy().error is None
    assert ControlClient(state).get("listeners", "hooks.tenant.tld") is None
    assert ControlClient(state).get("dns", "hooks.tenant.tld", "A") is None
    assert dns_queries(state) == []


def test_a_new_certificate_leaves_the_url_known_in_a_preview(stack: Rehearsal) -> None:
    url = stack.up().outputs["url"]
    stack.set_config("lifetime", "-60")
    outputs = stack.preview().outputs
    assert outputs["url"] == url
    assert outputs["certificate_id"] != stack.up().outputs["certificate_id"]
