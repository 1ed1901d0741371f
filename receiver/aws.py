"""The receiver on AWS: a DNS name in Route 53 and a certificate of ACM, before an HTTP API or a load balancer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws.acm import Certificate, CertificateValidation
from pulumi_aws.apigatewayv2 import ApiMapping, DomainName, DomainNameDomainNameConfigurationArgs
from pulumi_aws.lb import ListenerCertificate
from pulumi_aws.route53 import Record, RecordAliasArgs
from pulumi_aws.vpc import SecurityGroupIngressRule

from upvest_provider.source_ips import UPVEST_SOURCE_IPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .interface import GateInputs
    from .stage import Stage

HTTPS_PORT = 443

VALIDATION_TTL = 60
"""Seconds that ACM's proof of ownership may be cached; a wrong one is gone after them."""


@dataclass(frozen=True)
class HttpApi:
    """An API Gateway HTTP API of the same region, which takes the deliveries.

    Everybody can reach it: AWS WAF and resource policies are for REST APIs alone (API Gateway developer guide,
    "Choose between REST APIs and HTTP APIs"; AWS WAF developer guide, "Associating or disassociating protection
    with an AWS resource"; read in November 2026). What tells strangers apart is the signature of each delivery.

    Attributes:
        id: As `a1b2c3d4e5`.
        stage: The stage of the API.
    """

    id: pulumi.Input[str]
    stage: pulumi.Input[str] = "$default"


@dataclass(frozen=True)
class AllowList:
    """A security group of a load balancer that lets in nobody but whom this names.

    Attributes:
        security_group_id: As `sg-0123456789abcdef0`. Only the rules made here may let anybody in on port 443;
            there is no way to see other ones from here.
        addresses: IPv4 addresses, as `UPVEST_SOURCE_IPS["live"]`.
    """

    security_group_id: pulumi.Input[str]
    addresses: Sequence[str]


@dataclass(frozen=True)
class LoadBalancer:
    """An Application Load Balancer that takes the deliveries.

    Attributes:
        dns_name: As `hooks-1234567890.eu-central-1.elb.amazonaws.com`.
        zone_id: The hosted zone of that name, which is AWS' own.
        listener_arn: Its listener for HTTPS on port 443, whose security policy must allow TLS 1.2.
        dual_stack: Whether it has IPv6 addresses too. Upvest delivers from IPv4 addresses.
        allow_list: Who alone is let in; None for everybody that its security groups let in.
    """

    dns_name: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    listener_arn: pulumi.Input[str]
    dual_stack: bool = False
    allow_list: AllowList | None = None


class AwsReceiver(pulumi.ComponentResource):
    """A DNS name and a certificate for what takes the deliveries on AWS.

    The name leads there only once the certificate was issued and is served. Another host, or another certificate,
    is made before the old one goes, and that goes last, once the webhooks have moved.

    The gate asks anew after another certificate or target. It gets no `expect`: an alias record shows the
    addresses of its target, not its name, and AWS changes them at will.
    """

    url: pulumi.Output[str]
    """Its origin, as `https://hooks.tenant.tld`: known in a preview, for it is made of `host`."""
    host: str
    """Its DNS name."""
    certificate_arn: pulumi.Output[str]
    """The certificate, once it was issued."""

    def __init__(
        self,
        resource_name: str,
        *,
        host: str,
        zone_id: pulumi.Input[str],
        target: HttpApi | LoadBalancer,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a receiver.

        Args:
            resource_name: The resource's name in Pulumi.
            host: Its DNS name, in lower case.
            zone_id: The public hosted zone in Route 53 that holds the host, as `Z0123456789ABCDEFGHIJ`.
            target: What takes the deliveries.
            opts: Pulumi's resource options.
        """
        super().__init__("receiver:aws:Receiver", resource_name, {}, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.host = host
        self.certificate_arn = _issued_certificate(resource_name, host, zone_id, own)
        if isinstance(target, HttpApi):
            alias = _served_by_api(resource_name, host, target, self.certificate_arn, own)
            allow_list = None
        else:
            alias = _served_by_balancer(resource_name, target, self.certificate_arn, own)
            allow_list = target.allow_list
        records = _records(resource_name, host, zone_id, alias, own)
        rules = _rules(resource_name, allow_list, own) if allow_list else []
        # These are inputs, so they are known in a preview; as outputs they still say what must be there first.
        there = [*[record.name for record in records], *[rule.cidr_ipv4 for rule in rules]]
        self.url = pulumi.Output.all(*there).apply(lambda _: f"https://{host}")
        self.gate: GateInputs = {"triggers": [self.certificate_arn, alias.name]}
        if allow_list:
            self.gate["reachable_from"] = "upvest"
        self.register_outputs({"url": self.url, "host": host, "certificate_arn": self.certificate_arn})


def declare(stage: Stage, config: pulumi.Config) -> AwsReceiver:
    """The receiver of a stage."""
    api_id = config.get("apiId")
    target = HttpApi(api_id, config.require("apiStage")) if api_id else _load_balancer(stage, config)
    return AwsReceiver("receiver", host=stage.host, zone_id=config.require("zoneId"), target=target)


def _load_balancer(stage: Stage, config: pulumi.Config) -> LoadBalancer:
    said = config.require_object("loadBalancer")
    group = said.get("securityGroupId")
    return LoadBalancer(
        dns_name=said["dnsName"],
        zone_id=said["zoneId"],
        listener_arn=said["listenerArn"],
        dual_stack=said.get("dualStack", False),
        allow_list=AllowList(group, UPVEST_SOURCE_IPS[stage.api]) if group else None,
    )


@dataclass(frozen=True)
class _Alias:
    """Where the host's records lead.

    Attributes:
        name: The target's own DNS name.
        zone_id: The hosted zone of that name.
        served: What serves the certificate there.
        record_types: The kinds of addresses that it has.
    """

    name: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    served: pulumi.Resource
    record_types: Sequence[str]


def _issued_certificate(
    name: str, host: str, zone_id: pulumi.Input[str], own: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    certificate = Certificate(name, domain_name=host, validation_method="DNS", opts=own)
    proof = certificate.domain_validation_options[0]
    record = Record(
        f"{name}-validation",
        name=proof.resource_record_name,
        type=proof.resource_record_type,
        records=[proof.resource_record_value],
        ttl=VALIDATION_TTL,
        zone_id=zone_id,
        # An account has one proof of one name, so another certificate of the name may have left it there.
        allow_overwrite=True,
        opts=own,
    )
    issued = CertificateValidation(
        name, certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn], opts=own
    )
    return issued.certificate_arn


def _served_by_api(
    name: str, host: str, api: HttpApi, certificate_arn: pulumi.Input[str], own: pulumi.ResourceOptions
) -> _Alias:
    domain = DomainName(
        name,
        domain_name=host,
        domain_name_configuration=DomainNameDomainNameConfigurationArgs(
            certificate_arn=certificate_arn, endpoint_type="REGIONAL", security_policy="TLS_1_2"
        ),
        opts=own,
    )
    mapping = ApiMapping(name, api_id=api.id, stage=api.stage, domain_name=domain.id, opts=own)
    there = domain.domain_name_configuration
    # Without an `ip_address_type` it has IPv4 addresses alone, and from such Upvest delivers.
    return _Alias(there.target_domain_name, there.hosted_zone_id, mapping, ["A"])


def _served_by_balancer(
    name: str, balancer: LoadBalancer, certificate_arn: pulumi.Input[str], own: pulumi.ResourceOptions
) -> _Alias:
    attached = ListenerCertificate(
        name, listener_arn=balancer.listener_arn, certificate_arn=certificate_arn, opts=own
    )
    record_types = ["A", "AAAA"] if balancer.dual_stack else ["A"]
    return _Alias(balancer.dns_name, balancer.zone_id, attached, record_types)


def _records(
    name: str, host: str, zone_id: pulumi.Input[str], alias: _Alias, own: pulumi.ResourceOptions
) -> list[Record]:
    """The host's own, which overwrite nothing: a host that is there already belongs to somebody."""
    afterwards = pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(depends_on=[alias.served]))
    return [
        Record(
            f"{name}-{record_type.lower()}",
            name=host,
            type=record_type,
            zone_id=zone_id,
            aliases=[RecordAliasArgs(name=alias.name, zone_id=alias.zone_id, evaluate_target_health=False)],
            opts=afterwards,
        )
        for record_type in alias.record_types
    ]


def _rules(name: str, allow_list: AllowList, own: pulumi.ResourceOptions) -> list[SecurityGroupIngressRule]:
    return [
        SecurityGroupIngressRule(
            f"{name}-{address}",
            security_group_id=allow_list.security_group_id,
            cidr_ipv4=f"{address}/32",
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            description="Upvest webhooks",
            opts=own,
        )
        for address in allow_list.addresses
    ]
