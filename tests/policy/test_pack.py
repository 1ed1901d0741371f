"""The pack in its own process and environment, asked as the engine asks it."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policy import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = Path(rules.__file__).parent

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends for a value that a preview does not know (`UNKNOWN_STRING_VALUE` of pulumi-policy)."""

WEBHOOK = {
    "title": "Audit",
    "url": UNKNOWN,
    "type": ["ALL"],
    "enabled": True,
}
LEVELS = {analyzer_pb2.ADVISORY: "advisory", analyzer_pb2.MANDATORY: "mandatory"}


@contextmanager
def running(python: Path) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack, started as Pulumi's language host does."""
    process = subprocess.Popen(
        [python, "-u", "-m", "pulumi.policy", "127.0.0.1:1", POLICY], cwd=POLICY, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def pack(policy_python: Path) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    with running(policy_python) as stub:
        yield stub


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(values)
    return message


def violated(pack: analyzer_pb2_grpc.AnalyzerStub, props: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Level and last line of each diagnostic about a webhook of prod, by policy."""
    request = analyzer_pb2.AnalyzeRequest(
        type=rules.WEBHOOK,
        name="audit",
        urn=f"urn:pulumi:prod::upvest-webhooks::{rules.WEBHOOK}::audit",
        properties=struct(props),
        provider=analyzer_pb2.AnalyzerProviderResource(
            type=rules.PROVIDER, name="default", properties=struct({"upvest:api": "live"})
        ),
    )
    return {
        diagnostic.policyName: (LEVELS[diagnostic.enforcementLevel], diagnostic.message.splitlines()[-1])
        for diagnostic in pack.Analyze(request).diagnostics
    }


def test_three_policies_bind_and_one_advises(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    policies = pack.GetAnalyzerInfo(empty_pb2.Empty()).policies
    assert {policy.name: LEVELS[policy.enforcementLevel] for policy in policies} == {
        "stage-has-its-api": "mandatory",
        "prod-waits-for-gates": "mandatory",
        "prod-names-its-categories": "mandatory",
        "prod-tests-deliveries": "advisory",
    }


def test_a_webhook_is_judged_though_its_url_is_unknown_yet(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    assert violated(pack, WEBHOOK) == {
        "prod-waits-for-gates": ("mandatory", "Give it gate=EndpointReadiness(...), or enabled=False."),
        "prod-names-its-categories": (
            "mandatory",
            'List its categories in type=, or add "audit" to `allowed` in policy/config.json.',
        ),
        "prod-tests-deliveries": (
            "advisory",
            'Say verify="require", or verify="after_enable" where Upvest tests enabled webhooks only.',
        ),
    }


def test_what_cannot_be_judged_before_the_up_is_said_and_stops_no_preview(
    pack: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    gate = {"url": UNKNOWN, "ready": UNKNOWN, "on_timeout": "report"}
    unknown = {**WEBHOOK, "type": UNKNOWN, "verify": "require", "gate": gate}
    (name,), ((level, message),) = zip(*violated(pack, unknown).items(), strict=True)
    assert (name, level) == ("prod-names-its-categories", "advisory")
    assert message.endswith("during preview: string value at .type can't be known during preview")


def test_the_configuration_lets_all_through_by_name(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    config = analyzer_pb2.PolicyConfig(
        enforcementLevel=analyzer_pb2.MANDATORY, properties=struct({"allowed": ["audit"]})
    )
    pack.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"prod-names-its-categories": config}))
    assert "prod-names-its-categories" not in violated(pack, WEBHOOK)
