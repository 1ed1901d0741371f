"""Every state ever written must load with the code that is installed now: these strings stand in states."""

from __future__ import annotations

import base64
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from upvest_provider._pickle_v1 import load
from upvest_provider.readiness import ReadinessProvider
from upvest_provider.webhook import WebhookProvider

if TYPE_CHECKING:
    from pathlib import Path

READINESS_V1 = "gASVOQAAAAAAAACMGnVwdmVzdF9wcm92aWRlci5fcGlja2xlX3YxlIwEbG9hZJSTlIwJcmVhZGluZXNzlEsBhpRSlC4="
WEBHOOK_V1 = "gASVNwAAAAAAAACMGnVwdmVzdF9wcm92aWRlci5fcGlja2xlX3YxlIwEbG9hZJSTlIwHd2ViaG9va5RLAYaUUpQu"


def output_of(script: str, directory: Path) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout.strip()


def test_a_webhooks_provider_is_the_same_text_in_every_state() -> None:
    assert serialize_provider(WebhookProvider()) == WEBHOOK_V1


def test_a_gates_provider_is_the_same_text_in_every_state() -> None:
    provider = ReadinessProvider()
    provider.check({}, {"url": "https://a.example", "__name": "n"})

    assert serialize_provider(provider) == READINESS_V1


def test_a_provider_that_was_used_is_the_same_text_too() -> None:
    provider = WebhookProvider()
    provider.check({}, {"title": "t", "url": "https://a.example", "type": ["USER"], "__name": "n", "__claim": "c"})

    assert serialize_provider(provider) == WEBHOOK_V1


@pytest.mark.parametrize(("state", "kind"), [(WEBHOOK_V1, WebhookProvider), (READINESS_V1, ReadinessProvider)])
def test_a_state_of_version_1_loads_todays_provider(state: str, kind: type) -> None:
    provider = pickle.loads(base64.b64decode(state))  # noqa: S301 - our own text

    assert type(provider) is kind


@pytest.mark.parametrize(
    ("state", "kind"), [(WEBHOOK_V1, "webhook.WebhookProvider"), (READINESS_V1, "readiness.ReadinessProvider")]
)
def test_a_state_of_version_1_loads_in_a_process_that_imported_nothing(
    tmp_path: Path, state: str, kind: str
) -> None:
    script = f"import base64, dill; print(type(dill.loads(base64.b64decode({state!r}))))"

    assert output_of(script, tmp_path) == f"<class 'upvest_provider.{kind}'>"


@pytest.mark.parametrize("kind", ["webhook", "readiness"])
def test_each_load_gives_a_provider_of_its_own(kind: str) -> None:
    assert load(kind, 1) is not load(kind, 1)


@pytest.mark.parametrize(("kind", "version"), [("webhook", 2), ("webhook", 0), ("readiness", 2), ("gate", 1)])
def test_a_contract_that_this_version_does_not_know_is_not_guessed(kind: str, version: int) -> None:
    with pytest.raises(KeyError):
        load(kind, version)


def test_a_program_may_hold_more_webhooks_than_python_nests_calls(tmp_path: Path) -> None:
    # Pulumi's serializer wraps a function of `pickle` anew for each resource (3.272), which only a provider
    # without attributes survives.
    script = (
        "from pulumi.dynamic.dynamic import serialize_provider\n"
        "from upvest_provider.webhook import WebhookProvider\n"
        "print(*{serialize_provider(WebhookProvider()) for _ in range(1200)})"
    )

    assert output_of(script, tmp_path) == WEBHOOK_V1
