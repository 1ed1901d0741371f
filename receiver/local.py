"""The receiver of stage dev: names, certificates and listeners of the local API's world, as Pulumi resources.

Each takes effect after a delay, as in life; creating it does not wait for that.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from upvest_provider.settings import LOCAL_STATE

from ._pickle_v1 import load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from upvest_provider.local import ControlClient

    from .interface import GateInputs
    from .stage import Stage

State = dict[str, Any]

TTL = 60
"""Seconds that a record may be cached."""

LIFETIME = 90 * 86_400.0
"""Seconds that a certificate is valid."""


@dataclass(frozen=True)
class _Kind:
    """What the provider knows of a kind of resource.

    Attributes:
        collection: Where the local API keeps it.
        names: The inputs that say which one it is; another name is another thing.
        members: The inputs that say what it is. When it takes effect (`delay`) is no difference.
    """

    collection: str
    names: tuple[str, ...]
    members: tuple[str, ...]


_KINDS = {
    "record": _Kind("dns", ("name", "type"), ("values", "ttl", "rotate")),
    "certificate": _Kind("certificates", ("name",), ("lifetime",)),
    "listener": _Kind("listeners", ("host",), ()),
}


class LocalProvider(ResourceProvider):
    """Declares, reads and removes things in the world of the local API that runs on this machine.

    Args:
        kind: `record`, `certificate` or `listener`.
    """

    serialize_as_secret_always = False

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __reduce__(self) -> tuple[Callable[..., ResourceProvider], tuple[str, int]]:
        return load, (self._kind, 1)

    def diff(self, _id: str, olds: State, news: State) -> DiffResult:
        """Offline: whether another thing is declared, or the same one differently."""
        kind = _KINDS[self._kind]
        renamed = [name for name in kind.names if olds.get(name) != news.get(name)]
        changed = [name for name in kind.members if olds.get(name) != news.get(name)]
        return DiffResult(changes=bool(renamed or changed), replaces=renamed)

    def create(self, props: State) -> CreateResult:
        """Declares a thing; one that is there already is declared anew."""
        return CreateResult(" ".join(self._names(props)), self._put(props))

    def read(self, id_: str, props: State) -> ReadResult:
        """Reads a thing in its newest version, in effect or not."""
        kind = _KINDS[self._kind]
        found = _control().get(kind.collection, *self._names(props))
        if found is None:
            return ReadResult("", {})
        declared = (*kind.names, *kind.members, "delay")
        outputs = {**props, **found, **{name: props[name] for name in kind.names}}
        return ReadResult(id_, outputs, {name: outputs[name] for name in declared})

    def update(self, _id: str, _olds: State, news: State) -> UpdateResult:
        """Declares the thing as it is to be; until that takes effect it stays as it was."""
        return UpdateResult(self._put(news))

    def delete(self, _id: str, props: State) -> None:
        """Takes the thing away at once."""
        _control().delete(_KINDS[self._kind].collection, *self._names(props))

    def _put(self, props: State) -> State:
        kind = _KINDS[self._kind]
        body = {name: props[name] for name in (*kind.members, "delay")}
        made = _control().put(kind.collection, *self._names(props), **body)
        # Names stay as they were written.
        return {**made, **props}

    def _names(self, props: State) -> list[str]:
        return [props[name] for name in _KINDS[self._kind].names]


class LocalRecord(Resource, module="local", name="Record"):
    """The values of one name and type in the local world's DNS."""

    name: pulumi.Output[str]
    """As `hooks.tenant.tld`."""
    values: pulumi.Output[list[str]]
    """As in a zone file."""
    effective_at: pulumi.Output[float]
    """When the name servers know it; seconds since 1970."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        values: pulumi.Input[Sequence[pulumi.Input[str]]],
        type: pulumi.Input[str] = "A",  # noqa: A002 - DNS's own name
        ttl: pulumi.Input[int] = TTL,
        rotate: pulumi.Input[int] = 0,
        delay: pulumi.Input[float] = 0.0,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a record.

        Args:
            resource_name: The resource's name in Pulumi.
            name: A DNS name of two labels or more; the last two are its zone, where it has no other.
            values: As in a zone file.
            type: As `A` or `CNAME`.
            ttl: Seconds that it may be cached.
            rotate: How many of the values a query gets, others with each query; 0 for all.
            delay: Seconds until it takes effect, at each change.
            opts: Pulumi's resource options.
        """
        inputs = {"name": name, "type": type, "values": values, "ttl": ttl, "rotate": rotate, "delay": delay}
        super().__init__(LocalProvider("record"), resource_name, {**inputs, "effective_at": None}, opts)


class LocalCertificate(Resource, module="local", name="Certificate"):
    """A certificate of the local world's authority; any change issues a new one."""

    name: pulumi.Output[str]
    """The DNS name that it is for."""
    certificate_id: pulumi.Output[str]
    """Another one for each issue: the SHA-256 of the certificate."""
    not_after: pulumi.Output[float]
    """When it expires; seconds since 1970."""
    effective_at: pulumi.Output[float]
    """When the receiver shows it; seconds since 1970."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        lifetime: pulumi.Input[float] = LIFETIME,
        delay: pulumi.Input[float] = 0.0,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a certificate.

        Args:
            resource_name: The resource's name in Pulumi.
            name: The DNS name that it is for.
            lifetime: Seconds from its issue to its expiry; negative for one that has expired.
            delay: Seconds until the receiver shows it; until then it shows the one before, or its default.
            opts: Pulumi's resource options.
        """
        inputs = {"name": name, "lifetime": lifetime, "delay": delay}
        outputs = dict.fromkeys(("certificate_id", "not_before", "not_after", "effective_at"))
        super().__init__(LocalProvider("certificate"), resource_name, {**inputs, **outputs}, opts)


class LocalListener(Resource, module="local", name="Listener"):
    """What answers HTTPS for one host of the local world: verifies deliveries, and remembers their events."""

    host: pulumi.Output[str]
    """As `hooks.tenant.tld`."""
    port: pulumi.Output[int]
    """Of 127.0.0.1."""
    resolver: pulumi.Output[str]
    """The local world's public DNS resolver, as `127.0.0.1:53`."""
    ca_file: pulumi.Output[str]
    """The certificate authority that is trusted there, as PEM."""
    effective_at: pulumi.Output[float]
    """When it answers; seconds since 1970."""

    def __init__(
        self,
        resource_name: str,
        *,
        host: pulumi.Input[str],
        delay: pulumi.Input[float] = 0.0,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a listener.

        Args:
            resource_name: The resource's name in Pulumi.
            host: The DNS name that it answers for.
            delay: Seconds until it answers.
            opts: Pulumi's resource options.
        """
        outputs = dict.fromkeys(("port", "resolver", "ca_file", "effective_at"))
        super().__init__(LocalProvider("listener"), resource_name, {"host": host, "delay": delay, **outputs}, opts)


class LocalReceiver(pulumi.ComponentResource):
    """A receiver in the local world: its DNS name, its certificate, and what answers.

    The gate asks anew after another certificate, and asks the local world's resolver and authority.
    """

    url: pulumi.Output[str]
    """Its origin, as `https://hooks.tenant.tld:8443`; known once all three are declared, in effect or not."""
    host: pulumi.Output[str]
    """Its DNS name."""
    certificate_id: pulumi.Output[str]
    """Another one for each certificate: a trigger for what depends on it."""

    def __init__(
        self,
        resource_name: str,
        *,
        host: str,
        certificate_lifetime: pulumi.Input[float] = LIFETIME,
        dns_delay: pulumi.Input[float] = 0.0,
        certificate_delay: pulumi.Input[float] = 0.0,
        listener_delay: pulumi.Input[float] = 0.0,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a receiver.

        Args:
            resource_name: The resource's name in Pulumi.
            host: Its DNS name.
            certificate_lifetime: Seconds; see `LocalCertificate`.
            dns_delay: Seconds until the name servers know the host.
            certificate_delay: Seconds until the right certificate is shown.
            listener_delay: Seconds until anything answers.
            opts: Pulumi's resource options.
        """
        super().__init__("receiver:local:Receiver", resource_name, {}, opts)
        own = pulumi.ResourceOptions(parent=self)
        record = LocalRecord(resource_name, name=host, values=["127.0.0.1"], delay=dns_delay, opts=own)
        certificate = LocalCertificate(
            resource_name, name=host, lifetime=certificate_lifetime, delay=certificate_delay, opts=own
        )
        listener = LocalListener(resource_name, host=host, delay=listener_delay, opts=own)
        # The names are inputs, so a new certificate leaves the URL known in a preview; they still say what
        # must be there first.
        self.url = pulumi.Output.all(listener.port, record.name, certificate.name).apply(
            lambda made: f"https://{host}:{int(made[0])}"
        )
        self.host = record.name
        self.certificate_id = certificate.certificate_id
        self.gate: GateInputs = {
            "triggers": [certificate.certificate_id],
            "resolvers": [listener.resolver],
            "ca_file": listener.ca_file,
            "allow_private": True,
        }
        self.register_outputs({"url": self.url, "host": self.host, "certificate_id": self.certificate_id})


def declare(stage: Stage, config: pulumi.Config) -> LocalReceiver:
    """The receiver of a stage."""
    return LocalReceiver(
        "receiver",
        host=stage.host,
        dns_delay=config.get_float("dnsDelay") or 0.0,
        certificate_delay=config.get_float("certificateDelay") or 0.0,
        certificate_lifetime=config.require_float("certificateLifetime"),
    )


def _control() -> ControlClient:
    """The control side of the local API that this machine runs."""
    from upvest_provider.local import ControlClient  # noqa: PLC0415 - a web server; needed by requests only

    return ControlClient(Path(os.environ.get("UPVEST_LOCAL_STATE") or LOCAL_STATE))
