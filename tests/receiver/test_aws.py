"""The receiver on AWS in the program, with the types of the real `pulumi-aws`: what is asked of AWS, in which order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from upvest_provider.source_ips import UPVEST_SOURCE_IPS

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).resolve().parents[2]
ID = "7f3c1a52-0000-4000-8000-000000000001"
FILLED_IN = {"upvest:clientId": ID, "upvest:keyId": ID, "zoneId": "zone of tenant.tld", "apiId": "a1b2c3d4e5"}
BALANCER = {"dnsName": "lb.elb.amazonaws.com", "zoneId": "zone of AWS", "listenerArn": "arn of the listener"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True)
class Registered:
    """What an engine was asked to register, by type and name."""

    resources: dict[str, dict[str, Any]]

    def of(self, type_: str) -> dict[str, dict[str, Any]]:
        """The inputs of all resources of a type, by their names."""
        return {
            each["name"]: {key: value for key, value in each["inputs"].items() if not key.startswith("__")}
            for each in self.resources.values()
            if each["type"] == type_
        }

    def before(self, key: str) -> set[str]:
        """All that a resource waits for, directly or not."""
        direct = set(self.resources[key]["dependencies"])
        return direct.union(*(self.before(other) for other in direct))


def registered(stack: str, config: Mapping[str, object] | None = None, operation: str = "up") -> Registered:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.receiver.registrations",
            stack,
            json.dumps(FILLED_IN | _texts(config or {})),
            operation,
        ],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    resources = [each for each in json.loads(run.stdout) if each["type"] not in ("Stack", "Receiver")]
    keys = {each["urn"]: f"{each['type']} {each['name']}" for each in resources}
    return Registered(
        {
            keys[each["urn"]]: {**each, "dependencies": [keys[urn] for urn in each["dependencies"]]}
            for each in resources
        }
    )


def _texts(config: Mapping[str, object]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def with_balancer(**members: object) -> dict[str, object]:
    return {"apiId": "", "loadBalancer": {**BALANCER, **members}}


@pytest.fixture(scope="module")
def api() -> Registered:
    return registered("prod")


@pytest.fixture(scope="module")
def balancer() -> Registered:
    return registered("prod", with_balancer(dualStack=True, securityGroupId="sg-1"))


def test_the_webhooks_wait_for_the_gate_and_the_gate_for_all_that_is_made_on_aws(api: Registered) -> None:
    on_aws = {
        "Certificate receiver",
        "Record receiver-validation",
        "CertificateValidation receiver",
        "DomainName receiver",
        "ApiMapping receiver",
        "Record receiver-a",
    }
    gate, webhooks = "EndpointReadiness receiver-ready", {"Webhook users", "Webhook orders"}
    assert api.before(gate) == on_aws
    assert {key: api.before(key) for key in webhooks} == {key: {gate, *on_aws} for key in webhooks}
    assert set(api.resources) == {gate, *webhooks, *on_aws}


def test_the_name_leads_to_the_api_only_once_its_certificate_was_issued_and_is_served(api: Registered) -> None:
    assert api.before("Record receiver-a") == {
        "Certificate receiver",
        "Record receiver-validation",
        "CertificateValidation receiver",
        "DomainName receiver",
        "ApiMapping receiver",
    }


def test_with_a_load_balancer_the_gate_waits_for_the_certificate_the_records_and_the_rules(
    balancer: Registered,
) -> None:
    rules = {f"SecurityGroupIngressRule receiver-{address}" for address in UPVEST_SOURCE_IPS["live"]}
    certificate = {
        "Certificate receiver",
        "Record receiver-validation",
        "CertificateValidation receiver",
        "ListenerCertificate receiver",
    }
    assert balancer.before("Record receiver-a") == balancer.before("Record receiver-aaaa") == certificate
    records = {"Record receiver-a", "Record receiver-aaaa"}
    assert balancer.before("EndpointReadiness receiver-ready") == certificate | records | rules


def test_the_addresses_of_the_two_environments_are_sixteen_public_ones() -> None:
    addresses = [address for environment in ("sandbox", "live") for address in UPVEST_SOURCE_IPS[environment]]
    assert len(set(addresses)) == 16
    assert all(IPv4Address(address).is_global for address in addresses)


def test_what_is_asked_for_an_api(api: Registered) -> None:
    assert api.of("Certificate") == {"receiver": {"domainName": "hooks.tenant.tld", "validationMethod": "DNS"}}
    assert api.of("Record") == {
        "receiver-validation": {
            "name": "_proof.hooks",
            "type": "CNAME",
            "records": ["_acm.aws"],
            "ttl": 60,
            "zoneId": "zone of tenant.tld",
            "allowOverwrite": True,
        },
        "receiver-a": {
            "name": "hooks.tenant.tld",
            "type": "A",
            "zoneId": "zone of tenant.tld",
            "aliases": [
                {"name": "d-1.execute-api.aws", "zoneId": "zone of AWS's API", "evaluateTargetHealth": False}
            ],
        },
    }
    assert api.of("DomainName") == {
        "receiver": {
            "domainName": "hooks.tenant.tld",
            "domainNameConfiguration": {
                "certificateArn": "arn of the certificate",
                "endpointType": "REGIONAL",
                "securityPolicy": "TLS_1_2",
            },
        }
    }
    assert api.of("ApiMapping") == {
        "receiver": {"apiId": "a1b2c3d4e5", "stage": "$default", "domainName": "id of receiver"}
    }


def test_what_is_asked_for_a_load_balancer(balancer: Registered) -> None:
    assert balancer.of("ListenerCertificate") == {
        "receiver": {"listenerArn": "arn of the listener", "certificateArn": "arn of the certificate"}
    }
    alias = {"name": "lb.elb.amazonaws.com", "zoneId": "zone of AWS", "evaluateTargetHealth": False}
    record = {"name": "hooks.tenant.tld", "zoneId": "zone of tenant.tld", "aliases": [alias]}
    records = balancer.of("Record")
    assert records["receiver-a"] == {**record, "type": "A"}
    assert records["receiver-aaaa"] == {**record, "type": "AAAA"}
    rule = {"securityGroupId": "sg-1", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    assert balancer.of("SecurityGroupIngressRule") == {
        f"receiver-{address}": {**rule, "cidrIpv4": f"{address}/32", "description": "Upvest webhooks"}
        for address in UPVEST_SOURCE_IPS["live"]
    }


def test_a_load_balancer_without_ipv6_and_without_an_allow_list_gets_neither() -> None:
    made = registered("prod", with_balancer())
    assert set(made.of("Record")) == {"receiver-validation", "receiver-a"}
    assert made.of("SecurityGroupIngressRule") == {}
    assert "reachable_from" not in made.of("EndpointReadiness")["receiver-ready"]


def test_staging_lets_in_the_addresses_of_the_sandbox() -> None:
    made = registered("staging", with_balancer(securityGroupId="sg-1"))
    rules = made.of("SecurityGroupIngressRule").values()
    assert {rule["cidrIpv4"] for rule in rules} == {f"{address}/32" for address in UPVEST_SOURCE_IPS["sandbox"]}


def test_the_gate_asks_anew_after_another_certificate_or_target(api: Registered, balancer: Registered) -> None:
    assert api.of("EndpointReadiness") == {
        "receiver-ready": {
            "url": "https://hooks.tenant.tld",
            "triggers": ["arn of the certificate", "d-1.execute-api.aws"],
        }
    }
    assert balancer.of("EndpointReadiness") == {
        "receiver-ready": {
            "url": "https://hooks.tenant.tld",
            "triggers": ["arn of the certificate", "lb.elb.amazonaws.com"],
            "reachable_from": "upvest",
        }
    }


def test_a_preview_of_the_first_deployment_knows_the_url_and_not_the_certificate() -> None:
    planned = registered("prod", operation="preview")
    gate = planned.of("EndpointReadiness")["receiver-ready"]
    assert gate == {"url": "https://hooks.tenant.tld", "triggers": [UNKNOWN, UNKNOWN]}
    assert planned.of("Webhook")["users"]["url"] == "https://hooks.tenant.tld/webhooks/users"


@pytest.mark.parametrize(("stack", "is_protected"), [("staging", False), ("prod", True)])
def test_the_webhooks_of_prod_alone_are_protected(stack: str, is_protected: bool) -> None:
    protected = {key: each["protect"] for key, each in registered(stack).resources.items() if each["protect"]}
    assert protected == (dict.fromkeys(("Webhook users", "Webhook orders"), True) if is_protected else {})
