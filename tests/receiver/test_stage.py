"""What a stack's configuration may say of its stage: told offline, with the command that mends it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from receiver.stage import Stage, StageError, stage_of

ID = "7f3c1a52-0000-4000-8000-000000000001"
ZEROS = "00000000-0000-0000-0000-000000000000"
AWS = {"zoneId": "Z0123456789ABCDEFGHIJ", "apiId": "a1b2c3d4e5"}
BALANCER = {"dnsName": "lb.elb.amazonaws.com", "zoneId": "Z215JYRZR1TBD5", "listenerArn": "arn:aws:listener"}
UPVEST = {"upvest:clientId": ID, "upvest:keyId": ID}
CONFIG: dict[str, dict[str, Any]] = {
    "dev": {"upvest:api": "local", "receiver": "local", "host": "hooks.tenant.tld", "zone": "tenant.tld"},
    "staging": {
        **UPVEST,
        **AWS,
        "upvest:api": "sandbox",
        "receiver": "aws",
        "host": "hooks.staging.tenant.tld",
        "zone": "staging.tenant.tld",
    },
    "prod": {
        **UPVEST,
        **AWS,
        "upvest:api": "live",
        "receiver": "aws",
        "host": "hooks.tenant.tld",
        "zone": "tenant.tld",
    },
}


def read(stack: str, config: dict[str, Any]) -> Stage:
    said = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items() if value}
    return stage_of(stack, said.get, lambda key: said.get(f"upvest:{key}"))


def refusal(stack: str, config: dict[str, Any]) -> list[str]:
    with pytest.raises(StageError) as error:
        read(stack, config)
    return str(error.value).splitlines()


@pytest.mark.parametrize(
    ("stack", "api", "receiver"),
    [("dev", "local", "local"), ("staging", "sandbox", "aws"), ("prod", "live", "aws")],
)
def test_a_stack_with_the_name_of_a_stage_is_that_stage(stack: str, api: str, receiver: str) -> None:
    assert read(stack, CONFIG[stack]) == Stage(stack, api, receiver, CONFIG[stack]["host"])


@pytest.mark.parametrize(
    ("stack", "stage", "changes"),
    [
        ("acme-prod", "prod", {"stage": "prod"}),
        ("prod", "prod", {"stage": "prod"}),
        ("prod", "prod", {"upvest:api": "https://api.upvest.co"}),
        ("prod", "prod", {"receiver": "existing", "zoneId": "", "apiId": ""}),
        ("prod", "prod", {"host": "tenant.tld"}),
        ("prod", "prod", {"host": "hooks.acme.dev", "zone": "acme.dev"}),
        ("prod", "prod", {"zone": "tenant.tld."}),
        ("prod", "prod", {"apiId": "", "loadBalancer": BALANCER}),
        (
            "prod",
            "prod",
            {"apiId": "", "loadBalancer": {**BALANCER, "dualStack": True, "securityGroupId": "sg-1"}},
        ),
        (
            "prod",
            "prod",
            {"upvest:clientId": "", "upvest:keyId": "", "upvest:accounts": {"tol": {"clientId": ID, "keyId": ID}}},
        ),
    ],
)
def test_what_fits_the_stage_is_taken(stack: str, stage: str, changes: dict[str, Any]) -> None:
    assert read(stack, {**CONFIG[stage], **changes}).name == stage


def set_(key: str, value: str, stack: str = "prod") -> str:
    return f"Set it with `pulumi config set {key} {value} -s {stack}`."


def remove(key: str, stack: str = "prod") -> str:
    return f"Remove it with `pulumi config rm {key} -s {stack}`."


@pytest.mark.parametrize(
    ("stack", "changes", "summary", "fix"),
    [
        (
            "prod",
            {"upvest:api": "sandbox"},
            "upvest:api is sandbox, and stage prod is for live",
            set_("upvest:api", "live"),
        ),
        (
            "prod",
            {"upvest:api": "https://somebody:secret@sandbox.upvest.co/"},
            "upvest:api is https://…, and stage prod is for live",
            set_("upvest:api", "live"),
        ),
        (
            "staging",
            {"upvest:api": "live"},
            "upvest:api is live, and stage staging is for sandbox",
            set_("upvest:api", "sandbox", "staging"),
        ),
        (
            "staging",
            {"upvest:api": "https://api.upvest.co:443/"},
            "upvest:api is https://api.upvest.co:443, and stage staging is for sandbox",
            set_("upvest:api", "sandbox", "staging"),
        ),
        *[
            (
                "dev",
                {"upvest:api": api},
                f"upvest:api is {api}, and stage dev is for local",
                set_("upvest:api", "local", "dev"),
            )
            for api in ("sandbox", "live")
        ],
        (
            "prod",
            {"upvest:api": ""},
            "upvest:api is not set, and stage prod is for live",
            set_("upvest:api", "live"),
        ),
        ("prod", {"upvest:clientId": ""}, "upvest:clientId is not set", set_("upvest:clientId", "UUID")),
        ("prod", {"upvest:keyId": ""}, "upvest:keyId is not set", set_("upvest:keyId", "UUID")),
        *[
            ("prod", {key: ZEROS}, f"{key} is still the placeholder {ZEROS}", set_(key, "UUID"))
            for key in ("upvest:clientId", "upvest:keyId")
        ],
        (
            "prod",
            {"zoneId": "Z00000000000000000000"},
            "zoneId is still the placeholder Z00000000000000000000",
            set_("zoneId", "Z0123456789ABCDEFGHIJ"),
        ),
        ("prod", {"zoneId": ""}, "zoneId is not set", set_("zoneId", "Z0123456789ABCDEFGHIJ")),
        ("prod", {"apiId": ""}, "apiId is not set", set_("apiId", "a1b2c3d4e5")),
        (
            "prod",
            {"apiId": "0000000000"},
            "apiId is still the placeholder 0000000000",
            set_("apiId", "a1b2c3d4e5"),
        ),
        (
            "prod",
            {"loadBalancer": BALANCER},
            "apiId and loadBalancer are both set, and deliveries go to one of them",
            remove("apiId"),
        ),
        *[
            (
                "prod",
                {"apiId": "", "loadBalancer": {**BALANCER, member: ""}},
                f"loadBalancer.{member} is not set",
                set_(f"--path 'loadBalancer.{member}'", "VALUE"),
            )
            for member in BALANCER
        ],
        (
            "prod",
            {"apiId": "", "loadBalancer": {**BALANCER, "securityGroupID": "sg-1"}},
            "loadBalancer has 'securityGroupID', and there are dnsName, zoneId, listenerArn, dualStack, securityGroupId",
            remove("--path 'loadBalancer.securityGroupID'"),
        ),
        *[
            (
                stack,
                {"receiver": "local"},
                f"receiver is local, and Upvest's {api} cannot reach it from stage {stack}",
                set_("receiver", "aws", stack),
            )
            for stack, api in (("staging", "sandbox"), ("prod", "live"))
        ],
        *[
            (
                "dev",
                {"receiver": receiver},
                f"receiver is {receiver}, and the local API of stage dev cannot reach it",
                set_("receiver", "local", "dev"),
            )
            for receiver in ("aws", "existing")
        ],
        (
            "prod",
            {"receiver": "azure"},
            "receiver is 'azure', and there are local, aws, existing",
            set_("receiver", "aws"),
        ),
        (
            "dev",
            {"receiver": ""},
            "receiver is not set, and there are local, aws, existing",
            set_("receiver", "local", "dev"),
        ),
        *[
            (
                "prod",
                {"host": host},
                f"host is {host}, which is outside this stage's zone tenant.tld",
                set_("host", "hooks.tenant.tld"),
            )
            for host in ("hooks.other.tld", "hooks.nottenant.tld", "tenant.tld.other.tld")
        ],
        *[
            (
                "prod",
                {"host": host},
                f"host is {host}, which names stage {other}, and this is stage prod",
                set_("host", "hooks.tenant.tld"),
            )
            for host, other in (("hooks.staging.tenant.tld", "staging"), ("hooks-dev.tenant.tld", "dev"))
        ],
        *[
            (
                "prod",
                {"host": host},
                f"host is {host!r}, which is no DNS name in lower case",
                set_("host", "hooks.tenant.tld"),
            )
            for host in ("https://hooks.tenant.tld", "Hooks.tenant.tld", "192.0.2.1")
        ],
        ("prod", {"host": ""}, "host is not set", set_("host", "hooks.tenant.tld")),
        (
            "prod",
            {"zone": ""},
            "zone is not set, so no host can be told from one of another stage",
            set_("zone", "tenant.tld"),
        ),
        (
            "acme-prod",
            {},
            "stack 'acme-prod' does not say which stage it is: dev, staging, prod",
            set_("stage", "prod", "acme-prod"),
        ),
        (
            "acme-prod",
            {"stage": "production"},
            "stage is 'production', and the stages are dev, staging, prod",
            set_("stage", "prod", "acme-prod"),
        ),
        ("prod", {"stage": "staging"}, "stack 'prod' says that it is stage staging", remove("stage")),
        (
            "prod",
            {"upvest:accounts": {"tol": {"api": "sandbox", "clientId": ID, "keyId": ID}}, **dict.fromkeys(UPVEST)},
            "upvest:accounts.tol.api is sandbox, and stage prod is for live",
            set_("--path 'upvest:accounts.tol.api'", "live"),
        ),
        (
            "prod",
            {"upvest:accounts": {"tol": {"clientId": ZEROS, "keyId": ID}}, **dict.fromkeys(UPVEST)},
            f"upvest:accounts.tol.clientId is still the placeholder {ZEROS}",
            set_("--path 'upvest:accounts.tol.clientId'", "UUID"),
        ),
        (
            "prod",
            {"upvest:accounts": ["tol"], **dict.fromkeys(UPVEST)},
            "upvest:accounts is no mapping of names to accounts",
            "Set it with `pulumi config set --path 'upvest:accounts.NAME.clientId' UUID`.",
        ),
    ],
)
def test_nonsense_is_refused_with_the_command_that_mends_it(
    stack: str, changes: dict[str, Any], summary: str, fix: str
) -> None:
    config = CONFIG.get(stack, CONFIG["prod"])
    assert refusal(stack, {**config, **changes}) == [summary, fix]


def test_a_plan_can_be_made_of_placeholders_and_names_each() -> None:
    config = CONFIG["prod"] | {"upvest:clientId": ZEROS, "upvest:keyId": ZEROS, "zoneId": "Z00000000000000000000"}
    said = {key: str(value) for key, value in config.items()}
    doubts: list[str] = []
    stage = stage_of(
        "prod", said.get, lambda key: said.get(f"upvest:{key}"), doubt=lambda error: doubts.append(error.summary)
    )
    assert stage.name == "prod"
    assert [doubt.partition(" ")[0] for doubt in doubts] == ["upvest:clientId", "upvest:keyId", "zoneId"]
