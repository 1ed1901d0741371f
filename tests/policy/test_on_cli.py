"""The pack on Pulumi's engine."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from upvest_provider.testing import PulumiCli

PROJECT = Path(__file__).resolve().parents[2]
POLICIES = (
    "--policy-pack",
    str(PROJECT / "policy"),
    "--policy-pack-config",
    str(PROJECT / "policy" / "config.json"),
)

IDS = {
    "upvest:clientId": "2f1c7f3e-9d1b-4c55-8a52-5f3d0f9a6c11",
    "upvest:keyId": "9b0d8a54-31f7-4d0e-9c3b-7e2a4d5f6a22",
}

FAULTY = """
import signal
from upvest_provider import UpvestWebhook
signal.signal(signal.SIGINT, signal.SIG_DFL)
UpvestWebhook("audit", title="Audit", url="https://hooks.tenant.tld/audit", type=["ALL"])
"""


@pytest.fixture(autouse=True)
def _needs_the_cli_and_the_pack(policy_python: Path) -> None:
    del policy_python
    if not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")


def verdicts(output: str) -> set[tuple[str, str, str]]:
    """Level, policy and resource of each violation."""
    return set(re.findall(r"^ +- \[(\w+)\] +([\w-]+) +\(.*: ([\w-]+)\)$", output, re.MULTILINE))


def test_the_program_keeps_the_rules_at_prod(tmp_path: Path) -> None:
    prod = PulumiCli(
        PROJECT, stack="prod", backend=tmp_path, config={**IDS, "receiver": "existing", "verify": "require"}
    )
    run = prod.run("preview", "--stack", "prod", *POLICIES)
    assert run.returncode == 0, run.stdout
    assert "upvest-webhooks@v1.0.0" in run.stdout
    assert verdicts(run.stdout) == set()


@pytest.fixture
def faulty(tmp_path: Path) -> PulumiCli:
    """Prod with a program that breaks each rule, and no credentials."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: faulty\nruntime: python\n")
    (project / "__main__.py").write_text(FAULTY)
    return PulumiCli(project, stack="prod", backend=tmp_path / "backend", config={**IDS, "upvest:api": "sandbox"})


def test_a_preview_fails_and_tells_each_violation(faulty: PulumiCli) -> None:
    run = faulty.run("preview", "--stack", "prod", *POLICIES)
    assert run.returncode != 0
    assert verdicts(run.stdout) == {
        ("mandatory", "stage-has-its-api", "default"),
        ("mandatory", "prod-waits-for-gates", "audit"),
        ("mandatory", "prod-names-its-categories", "audit"),
        ("advisory", "prod-tests-deliveries", "audit"),
    }


def test_an_up_ends_before_the_webhook_is_touched(faulty: PulumiCli) -> None:
    faulty.set_config("upvest:api", "live")
    run = faulty.run("up", "--yes", "--skip-preview", "--stack", "prod", *POLICIES)
    assert run.returncode != 0
    assert ("mandatory", "prod-waits-for-gates", "audit") in verdicts(run.stdout)
    assert "create of webhook" not in run.stdout  # which fails without credentials, and would say so
    assert "audit" not in str(faulty.export())
