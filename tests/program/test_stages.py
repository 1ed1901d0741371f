"""The stages of the program at the top of this repository, on both engines: what is planned, refused and sent."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import yaml

from upvest_provider.testing import Outcome, PulumiCli, Rehearsal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upvest_provider.local import LocalUpvest

PROJECT = Path(__file__).resolve().parents[2]
ID = "7f3c1a52-0000-4000-8000-000000000001"
IDS = {"upvest:clientId": ID, "upvest:keyId": ID}
API = {**IDS, "zoneId": "Z0123456789ABCDEFGHIJ", "apiId": "a1b2c3d4e5"}
BALANCER = '{"dnsName": "lb.elb.amazonaws.com", "zoneId": "Z215JYRZR1TBD5", "listenerArn": "arn", "securityGroupId": "sg-1"}'
EXISTING = {**IDS, "receiver": "existing"}

COUNTER = """
import os, sys
def count(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"):
        with open(os.environ["OPENED"], "a") as file:
            file.write(f"{event} {arguments[1:]}\\n")
sys.addaudithook(count)
if "WITHOUT" in os.environ:
    sys.modules[os.environ["WITHOUT"]] = None
"""
"""Notes what program and provider do with sockets of Python's; gRPC's own, which lead to the engine, are no such.
A package that they are to do without cannot be imported."""


class Stage:
    """A stack of the program, and what its processes open."""

    def __init__(self, engine: str, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._opened = folder / "opened"
        (folder / "hooks").mkdir()
        (folder / "hooks" / "sitecustomize.py").write_text(COUNTER)

    def stack(
        self, name: str, config: Mapping[str, str] | None = None, **environment: str
    ) -> Rehearsal | PulumiCli:
        environment = {
            **environment,
            "OPENED": str(self._opened),
            "PYTHONPATH": str(self._folder / "hooks"),
            "UPVEST_LOCAL_STATE": str(self._folder / "upvest"),
        }
        if self._engine == "cli":
            backend = self._folder / "backend"
            return PulumiCli(PROJECT, stack=name, backend=backend, config=config, environment=environment)
        state = self._folder / "state.json"
        return Rehearsal(PROJECT, stack=name, state=state, config=config, environment=environment)

    def opened(self) -> list[str]:
        return self._opened.read_text().splitlines() if self._opened.exists() else []


@pytest.fixture(params=["rehearsal", "cli"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    if request.param == "cli" and not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    return Stage(request.param, tmp_path)


@pytest.fixture
def rehearsed(tmp_path: Path) -> Stage:
    return Stage("rehearsal", tmp_path)


def created(outcome: Outcome) -> list[str]:
    assert outcome.error is None, outcome.error
    assert {step.kind for step in outcome.steps} == {"create"}
    return sorted(f"{step.type.rpartition(':')[2]} {step.name}" for step in outcome.steps)


GATED = ["EndpointReadiness receiver-ready", "Webhook orders", "Webhook users"]


@pytest.mark.parametrize(
    ("name", "config", "receiver"),
    [
        ("dev", {}, ["Certificate receiver", "Listener receiver", "Receiver receiver", "Record receiver"]),
        ("staging", EXISTING, []),
        ("prod", EXISTING, []),
        ("acme-prod", {**EXISTING, "stage": "prod", "upvest:api": "live", "host": "a.tld", "zone": "a.tld"}, []),
    ],
)
def test_a_preview_needs_no_credentials_and_opens_no_connection(
    stage: Stage, name: str, config: dict[str, str], receiver: list[str]
) -> None:
    assert created(stage.stack(name, config).preview()) == sorted([*receiver, *GATED])
    assert stage.opened() == []


@pytest.mark.parametrize(
    ("name", "config", "front"),
    [
        ("staging", API, ["ApiMapping receiver", "DomainName receiver"]),
        ("prod", API, ["ApiMapping receiver", "DomainName receiver"]),
        (
            "prod",
            {**API, "apiId": "", "loadBalancer": BALANCER, "verify": "require"},
            ["ListenerCertificate receiver", *["SecurityGroupIngressRule"] * 8],
        ),
    ],
)
def test_a_receiver_on_aws_previews_without_credentials_of_aws_too(
    rehearsed: Stage, name: str, config: dict[str, str], front: list[str]
) -> None:
    common = [
        "Certificate receiver",
        "CertificateValidation receiver",
        "Receiver receiver",
        "Record receiver-a",
        "Record receiver-validation",
    ]
    planned = created(rehearsed.stack(name, config).preview())
    without_addresses = [
        "SecurityGroupIngressRule" if step.startswith("SecurityGroup") else step for step in planned
    ]
    assert without_addresses == sorted([*common, *front, *GATED])
    assert rehearsed.opened() == []


def test_what_an_up_opens_is_counted(stage: Stage, upvest: LocalUpvest) -> None:
    """Else the tests above could not fail."""
    assert stage.stack("dev").up().error is None
    port = urlsplit(upvest.credentials.api).port
    assert f"socket.connect (('127.0.0.1', {port}),)" in stage.opened()


def test_pulumi_aws_is_needed_only_where_the_receiver_runs_on_aws(rehearsed: Stage) -> None:
    assert rehearsed.stack("prod", EXISTING, WITHOUT="pulumi_aws").preview().ok
    assert rehearsed.stack("prod", API, WITHOUT="pulumi_aws").preview().error == (
        "receiver is aws, and the package pulumi_aws is not installed\n"
        "Install it with `.venv/bin/pip install -r requirements-aws.txt`."
    )


def test_webhooks_behind_an_allow_list_have_to_be_verified(rehearsed: Stage) -> None:
    config = {**API, "apiId": "", "loadBalancer": BALANCER}
    error = rehearsed.stack("prod", config).preview().error or ""
    assert 'must be "warn", "require" or "after_enable": the gate says reachable_from="upvest"' in error


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_the_stack_files_as_they_come_are_planned_and_refused_until_they_are_filled_in(
    stage: Stage, name: str
) -> None:
    stack = stage.stack(name, {"receiver": "existing"})
    planned = stack.preview()
    assert planned.ok
    assert any(
        "`pulumi up` will refuse: upvest:clientId is still the placeholder" in line for line in planned.messages
    )
    outcome = stack.up()
    first, second, *_ = (outcome.error or "").splitlines()
    assert first == "upvest:clientId is still the placeholder 00000000-0000-0000-0000-000000000000"
    assert second == f"Set it with `pulumi config set upvest:clientId UUID -s {name}`."
    assert [step.kind for step in outcome.steps] == []
    assert stage.opened() == []


@pytest.mark.parametrize(
    ("name", "config", "told"),
    [
        ("prod", {**EXISTING, "upvest:api": "sandbox"}, "upvest:api is sandbox, and stage prod is for live"),
        ("prod", {**IDS, "receiver": "local"}, "receiver is local, and Upvest's live cannot reach it"),
        ("dev", {"upvest:api": "live"}, "upvest:api is live, and stage dev is for local"),
        (
            "prod",
            {**EXISTING, "host": "hooks.staging.tenant.tld"},
            "host is hooks.staging.tenant.tld, which names",
        ),
    ],
)
def test_nonsense_ends_an_up_before_anything_is_done_and_without_a_traceback(
    stage: Stage, name: str, config: dict[str, str], told: str
) -> None:
    outcome = stage.stack(name, config).up()
    assert (outcome.error or "").startswith(told)
    assert "Set it with `pulumi config set " in (outcome.error or "")
    assert "Traceback" not in f"{outcome.error} {outcome.messages}"
    assert outcome.steps == ()
    assert stage.opened() == []


def test_the_stages_are_three_environments() -> None:
    files = {path.name: yaml.safe_load(path.read_text())["config"] for path in (PROJECT / "stacks").iterdir()}
    assert {name: config["upvest:api"] for name, config in files.items()} == {
        "Pulumi.dev.yaml": "local",
        "Pulumi.staging.yaml": "sandbox",
        "Pulumi.prod.yaml": "live",
    }
