"""The rules, on webhooks as Pulumi shows them to a policy."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from policy import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Rule = Callable[[rules.Resource, rules.Report], None]

GATE = {"url": "https://hooks.tenant.tld", "ready": True, "on_timeout": "fail"}


@dataclass
class Settings:
    props: Mapping[str, Any]


@dataclass
class Resource:
    """What `pulumi_policy.ResourceValidationArgs` gives, as seen on Pulumi 3.260."""

    resource_type: str
    name: str
    urn: str
    props: Mapping[str, Any]
    provider: Settings | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    def get_config(self) -> Mapping[str, Any]:
        return self.config


FAULTY = {"gate": None, "type": ["ALL"], "verify": "off"}


def webhook(
    changes: Mapping[str, object], stack: str = "prod", *, allowed: list[str] | None = None, stage: str = ""
) -> Resource:
    declared = {
        "title": "Order webhook",
        "url": "https://hooks.tenant.tld/webhooks/orders",
        "type": ["ORDER", "EXECUTION"],
        "config": {"delay": "1s", "max_package_size": 102400.0},
        "enabled": True,
        "verify": "require",
        "gate": GATE,
    }
    props = {name: value for name, value in {**declared, **changes}.items() if value is not None}
    settings = {"upvest:api": "live"} | ({"upvest-webhooks:stage": stage} if stage else {})
    urn = f"urn:pulumi:{stack}::upvest-webhooks::receiver:aws:Receiver${rules.WEBHOOK}::orders"
    config = {} if allowed is None else {"allowed": allowed}
    return Resource(rules.WEBHOOK, "orders", urn, props, Settings(settings), config)


def provider(stack: str, settings: Mapping[str, str]) -> Resource:
    urn = f"urn:pulumi:{stack}::upvest-webhooks::{rules.PROVIDER}::default"
    return Resource(rules.PROVIDER, "default", urn, settings)


def violations(rule: Rule, resource: Resource) -> list[str]:
    reported: list[str] = []
    rule(resource, reported.append)
    return reported


@pytest.mark.parametrize("rule", [rules.has_a_gate, rules.names_its_categories, rules.is_tested])
class TestEveryRuleOfProd:
    def test_passes_what_is_right(self, rule: Rule) -> None:
        assert violations(rule, webhook({})) == []

    def test_says_the_webhook_and_what_to_do(self, rule: Rule) -> None:
        (message,) = violations(rule, webhook(FAULTY))
        first, last = message.splitlines()
        assert first.startswith("orders ")
        assert last.endswith(".")

    def test_repeats_no_url(self, rule: Rule) -> None:
        (message,) = violations(rule, webhook(FAULTY))
        assert "tenant" not in message

    @pytest.mark.parametrize("stack", ["dev", "staging", "alice"])
    def test_leaves_other_stages_alone(self, rule: Rule, stack: str) -> None:
        assert violations(rule, webhook(FAULTY, stack)) == []

    def test_knows_prod_by_its_setting_too(self, rule: Rule) -> None:
        assert len(violations(rule, webhook(FAULTY, "acme-eu", stage="prod"))) == 1

    def test_leaves_other_resources_alone(self, rule: Rule) -> None:
        other = webhook(FAULTY)
        other.resource_type = "pulumi-python:dynamic/upvest:EndpointReadiness"
        assert violations(rule, other) == []


@pytest.mark.parametrize("rule", [rules.has_a_gate, rules.is_tested])
def test_a_webhook_that_is_not_enabled_needs_neither_gate_nor_test(
    rule: Rule,
) -> None:
    assert violations(rule, webhook({**FAULTY, "enabled": False})) == []


def test_a_gate_whose_state_is_unknown_yet_is_a_gate() -> None:
    assert violations(rules.has_a_gate, webhook({"gate": {"on_timeout": "report"}})) == []


def test_all_is_let_through_by_name() -> None:
    assert violations(rules.names_its_categories, webhook({"type": ["ALL"]}, allowed=["orders"])) == []
    assert len(violations(rules.names_its_categories, webhook({"type": ["ALL"]}, allowed=["users"]))) == 1


@pytest.mark.parametrize("verify", [None, "off"])
def test_verify_off_is_what_an_absent_verify_means(verify: str | None) -> None:
    assert len(violations(rules.is_tested, webhook({"verify": verify}))) == 1


@pytest.mark.parametrize("verify", ["warn", "require", "after_enable"])
def test_each_kind_of_test_delivery_will_do(verify: str) -> None:
    assert violations(rules.is_tested, webhook({"verify": verify})) == []


class TestTheApiOfAStage:
    @pytest.mark.parametrize(
        ("stack", "api"),
        [("dev", "local"), ("staging", "sandbox"), ("prod", "live"), ("alice", "local"), ("alice", "sandbox")],
    )
    def test_its_own_is_right(self, stack: str, api: str) -> None:
        assert violations(rules.has_the_api_of_its_stage, provider(stack, {"upvest:api": api})) == []

    @pytest.mark.parametrize(
        ("stack", "api"),
        [("dev", "live"), ("staging", "live"), ("alice", "live"), ("prod", "sandbox"), ("prod", "local")],
    )
    def test_another_is_a_violation(self, stack: str, api: str) -> None:
        (message,) = violations(rules.has_the_api_of_its_stage, provider(stack, {"upvest:api": api}))
        assert message.startswith("upvest:api is not ")
        assert message.splitlines()[-1].startswith("Set it with `pulumi config set ")

    def test_live_by_its_url_is_not_let_through_under_another_name(self) -> None:
        url = "https://nobody:hunter2@api.upvest.co"
        (message,) = violations(rules.has_the_api_of_its_stage, provider("alice", {"upvest:api": url}))
        assert "hunter2" not in message

    def test_no_api_is_a_violation(self) -> None:
        assert len(violations(rules.has_the_api_of_its_stage, provider("prod", {}))) == 1

    def test_the_setting_stage_goes_before_the_name_of_the_stack(self) -> None:
        settings = {"upvest-webhooks:stage": "prod", "upvest:api": "live"}
        assert violations(rules.has_the_api_of_its_stage, provider("acme-eu", settings)) == []
        settings = {"upvest-webhooks:stage": "staging", "upvest:api": "live"}
        assert len(violations(rules.has_the_api_of_its_stage, provider("prod", settings))) == 1

    def test_each_account_is_looked_at(self) -> None:
        accounts = {"tol": {"clientId": "c"}, "athens": {"api": "sandbox"}, "york": {"api": "live"}}
        settings = {"upvest:api": "live", "upvest:accounts": json.dumps(accounts)}
        (message,) = violations(rules.has_the_api_of_its_stage, provider("prod", settings))
        assert message.startswith("upvest:accounts.athens.api is not ")

    def test_accounts_that_all_say_their_own_need_no_common_one(self) -> None:
        settings = {"upvest:accounts": json.dumps({"tol": {"api": "live"}, "york": {"api": "live"}})}
        assert violations(rules.has_the_api_of_its_stage, provider("prod", settings)) == []

    def test_it_is_told_once_not_for_each_webhook(self) -> None:
        assert violations(rules.has_the_api_of_its_stage, webhook({}, "staging")) == []
