"""What the webhooks of each stage must be like.

A policy sees each webhook in each preview and before each write, changed or not: its inputs as the program
declares them, with the defaults that its provider's check adds, without the hidden ones. The stack's settings are
the properties of the dynamic provider. Both hold secrets in plain text, so messages repeat names and keys alone.

To ask for a value that a preview does not know yet raises, and pulumi-policy then says which policy could not run;
the `up` decides.
"""
# ruff: noqa: INP001 - Pulumi runs this folder as a script

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WEBHOOK = "pulumi-python:dynamic/upvest:Webhook"
PROVIDER = "pulumi:providers:pulumi-python"

PROD = "prod"
API_OF = {"dev": "local", "staging": "sandbox", PROD: "live"}
"""The Upvest environment of each stage; what is no stage is somebody's own stack, and never `live`."""
APIS_OF_OTHERS = ("local", "sandbox")

Report = Callable[[str], None]
"""Takes a violation: its first line says what is wrong, its last what to do."""


class Provider(Protocol):
    """What the rules use of `pulumi_policy.PolicyProviderResource`."""

    props: Mapping[str, Any]


class Resource(Protocol):
    """What the rules use of `pulumi_policy.ResourceValidationArgs`."""

    resource_type: str
    name: str
    urn: str
    props: Mapping[str, Any]

    @property
    def provider(self) -> Provider | None:
        """What holds the stack's settings; none for a provider itself."""

    def get_config(self) -> Mapping[str, Any]:
        """The policy's configuration."""


def has_the_api_of_its_stage(resource: Resource, report: Report) -> None:
    """Prod talks to `live`, staging to `sandbox`, dev to `local`, and nothing but prod to `live`."""
    if resource.resource_type != PROVIDER:
        return
    stage = _stage(resource.urn, resource.props)
    allowed = (API_OF[stage],) if stage in API_OF else APIS_OF_OTHERS
    for key, api in _apis(resource.props):
        if api not in allowed:
            report(
                f"{key} is not `{'` or `'.join(allowed)}`, as it must be in the stage {stage}\n"
                f"Set it with `pulumi config set --path '{key}' {allowed[0]}`."
            )


def has_a_gate(resource: Resource, report: Report) -> None:
    """No webhook of prod is enabled without a gate."""
    if _is_of_prod(resource) and resource.props.get("enabled") and "gate" not in resource.props:
        report(
            f"{resource.name} is enabled, and nothing proves that its receiver is ready\n"
            "Give it gate=EndpointReadiness(...), or enabled=False."
        )


def names_its_categories(resource: Resource, report: Report) -> None:
    """No webhook of prod takes `ALL`, but for those that the policy's configuration allows by name."""
    allowed = resource.get_config().get("allowed", ())
    if _is_of_prod(resource) and resource.name not in allowed and "ALL" in resource.props["type"]:
        report(
            f"{resource.name} takes ALL, so whatever category Upvest adds starts to flow by itself\n"
            f'List its categories in type=, or add "{resource.name}" to `allowed` in policy/config.json.'
        )


def is_tested(resource: Resource, report: Report) -> None:
    """Each webhook of prod that is enabled was proven by a test delivery."""
    if _is_of_prod(resource) and resource.props.get("enabled") and resource.props.get("verify", "off") == "off":
        report(
            f"{resource.name} is enabled without a test delivery of Upvest's\n"
            'Say verify="require", or verify="after_enable" where Upvest tests enabled webhooks only.'
        )


def _is_of_prod(resource: Resource) -> bool:
    settings = resource.provider.props if resource.provider else {}
    return resource.resource_type == WEBHOOK and _stage(resource.urn, settings) == PROD


def _stage(urn: str, settings: Mapping[str, Any]) -> str:
    """The project's setting `stage`, else the stack's name, out of `urn:pulumi:STACK::PROJECT::TYPE::NAME`."""
    stack, project, *_ = urn.removeprefix("urn:pulumi:").split("::")
    return str(settings.get(f"{project}:stage") or stack)


def _apis(settings: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Each setting that names an Upvest environment, and what it says; accounts without one share the stack's."""
    accounts: dict[str, dict[str, str]] = json.loads(settings.get("upvest:accounts") or "{}")
    for name, account in accounts.items():
        if "api" in account:
            yield f"upvest:accounts.{name}.api", account["api"]
    if not accounts or any("api" not in account for account in accounts.values()):
        yield "upvest:api", settings.get("upvest:api")
