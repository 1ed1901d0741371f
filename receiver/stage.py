"""Which stage a stack is, and what contradicts it: told offline, before anything is declared."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from upvest_provider.environments import canonical, shown
from upvest_provider.errors import SettingsError, UpvestError
from upvest_provider.rules import is_dns_name
from upvest_provider.settings import ACCOUNTS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Look = Callable[[str], str | None]

APIS = {"dev": "local", "staging": "sandbox", "prod": "live"}
"""The stages, and the Upvest environment of each."""

LOCAL = "local"
AWS = "aws"
RECEIVERS = (LOCAL, AWS, "existing")
"""The modules beside this one that declare a receiver."""

BALANCER_MEMBERS = ("dnsName", "zoneId", "listenerArn")
"""What `loadBalancer` must have."""
BALANCER_OPTIONS = ("dualStack", "securityGroupId")
"""What it may have."""

_PLACEHOLDER = re.compile(r"Z?[0-]+")
"""What the stack files have in place of ids: nothing but zeros."""


class StageError(UpvestError, pulumi.RunError):
    """The configuration contradicts the stage, or lacks something; Pulumi shows it without a traceback."""


@dataclass(frozen=True)
class Stage:
    """What a stack is for.

    Attributes:
        name: `dev`, `staging` or `prod`.
        api: The Upvest environment: `local`, `sandbox` or `live`.
        receiver: Where the receiver runs.
        host: The receiver's DNS name, within the stage's zone.
    """

    name: str
    api: str
    receiver: str
    host: str


def stage_of(
    stack: str, config: Look, upvest: Look, *, doubt: Callable[[StageError], None] | None = None
) -> Stage:
    """The stage of a stack, once nothing contradicts it.

    Args:
        stack: The stack's name.
        config: Looks up a key of the program's own configuration, as `host`.
        upvest: Looks up a key of the namespace `upvest`, as `api`.
        doubt: Takes what a plan can be shown without: ids that are not filled in yet. Without it they are refused.

    Raises:
        StageError: Something contradicts it, or is missing.
    """
    refusals = _Refusals(stack, doubt)
    name = _name(stack, config, refusals)
    _check_accounts(name, upvest, refusals)
    receiver = _receiver(name, config, refusals)
    host = _host(name, config, refusals)
    if receiver == AWS:
        _check_aws(config, refusals)
    return Stage(name, APIS[name], receiver, host)


@dataclass(frozen=True)
class _Refusals:
    """Makes errors that end with the command which mends the stack's configuration."""

    stack: str
    doubt: Callable[[StageError], None] | None = None

    def set(self, key: str, value: str, summary: str, *details: str) -> StageError:
        path = f"--path '{key}'" if "." in key else key
        return StageError(
            summary, *details, fix=f"Set it with `pulumi config set {path} {value} -s {self.stack}`."
        )

    def remove(self, key: str, summary: str) -> StageError:
        return StageError(summary, fix=f"Remove it with `pulumi config rm {key} -s {self.stack}`.")

    def unless_filled(self, key: str, value: object, example: str) -> None:
        if not value:
            raise self.set(key, example, f"{key} is not set")
        if _PLACEHOLDER.fullmatch(str(value)):
            placeholder = self.set(key, example, f"{key} is still the placeholder {value}")
            if self.doubt is None:
                raise placeholder
            self.doubt(placeholder)


def _name(stack: str, config: Look, refusals: _Refusals) -> str:
    said = config("stage") or ""
    if said and said not in APIS:
        raise refusals.set("stage", "prod", f"stage is {said!r}, and the stages are {', '.join(APIS)}")
    if said and stack in APIS and said != stack:
        raise refusals.remove("stage", f"stack {stack!r} says that it is stage {said}")
    if not said and stack not in APIS:
        raise refusals.set("stage", "prod", f"stack {stack!r} does not say which stage it is: {', '.join(APIS)}")
    return said or stack


def _check_accounts(stage: str, upvest: Look, refusals: _Refusals) -> None:
    """Each account is of the stage's environment, and has the ids that Upvest gave to it."""
    wanted = APIS[stage]
    for prefix, account in _accounts(upvest).items():
        key, api = f"{prefix}api", account.get("api") or ""
        if not api:
            raise refusals.set(key, wanted, f"{key} is not set, and stage {stage} is for {wanted}")
        if canonical(api) != wanted:
            raise refusals.set(key, wanted, f"{key} is {shown(api)}, and stage {stage} is for {wanted}")
        for member in ("clientId", "keyId") if wanted != LOCAL else ():
            refusals.unless_filled(f"{prefix}{member}", account.get(member), "UUID")


def _accounts(upvest: Look) -> dict[str, Mapping[str, Any]]:
    """The stack's accounts, by what their keys begin with."""
    try:
        names = Settings(lambda key: upvest(key.removeprefix("upvest:"))).names()
    except SettingsError as error:
        raise StageError(error.summary, *error.details, fix=error.fix) from None
    if not names:
        return {"upvest:": {member: upvest(member) for member in ("api", "clientId", "keyId")}}
    accounts = json.loads(upvest("accounts") or "{}")
    return {f"{ACCOUNTS}.{name}.": {"api": upvest("api"), **accounts[name]} for name in names}


def _receiver(stage: str, config: Look, refusals: _Refusals) -> str:
    receiver = config("receiver") or ""
    usual = LOCAL if stage == "dev" else AWS
    if receiver not in RECEIVERS:
        what = f"receiver is {receiver!r}" if receiver else "receiver is not set"
        raise refusals.set("receiver", usual, f"{what}, and there are {', '.join(RECEIVERS)}")
    if receiver == LOCAL and stage != "dev":
        raise refusals.set(
            "receiver", usual, f"receiver is local, and Upvest's {APIS[stage]} cannot reach it from stage {stage}"
        )
    if receiver != LOCAL and stage == "dev":
        raise refusals.set(
            "receiver", usual, f"receiver is {receiver}, and the local API of stage dev cannot reach it"
        )
    return receiver


def _host(stage: str, config: Look, refusals: _Refusals) -> str:
    zone = (config("zone") or "").removesuffix(".")
    if not zone:
        raise refusals.set(
            "zone", "tenant.tld", "zone is not set, so no host can be told from one of another stage"
        )
    example, host = f"hooks.{zone}", config("host") or ""
    if not host:
        raise refusals.set("host", example, "host is not set")
    if not is_dns_name(host):
        raise refusals.set("host", example, f"host is {host!r}, which is no DNS name in lower case")
    if host != zone and not host.endswith(f".{zone}"):
        raise refusals.set("host", example, f"host is {host}, which is outside this stage's zone {zone}")
    # The zone of one stage may lie within that of another.
    words = re.split(r"[.-]", host.removesuffix(zone))
    for other in [name for name in APIS if name != stage and name in words]:
        raise refusals.set(
            "host", example, f"host is {host}, which names stage {other}, and this is stage {stage}"
        )
    return host


def _check_aws(config: Look, refusals: _Refusals) -> None:
    refusals.unless_filled("zoneId", config("zoneId"), "Z0123456789ABCDEFGHIJ")
    balancer = json.loads(config("loadBalancer") or "{}")
    if not balancer:
        refusals.unless_filled("apiId", config("apiId"), "a1b2c3d4e5")
        return
    if config("apiId"):
        raise refusals.remove("apiId", "apiId and loadBalancer are both set, and deliveries go to one of them")
    for member in BALANCER_MEMBERS:
        refusals.unless_filled(f"loadBalancer.{member}", balancer.get(member), "VALUE")
    for stranger in sorted(set(balancer) - {*BALANCER_MEMBERS, *BALANCER_OPTIONS}):
        raise refusals.remove(
            f"--path 'loadBalancer.{stranger}'",
            f"loadBalancer has {stranger!r}, and there are {', '.join([*BALANCER_MEMBERS, *BALANCER_OPTIONS])}",
        )
