"""The ways out of this machine, so that tests can bring their own."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Resolver:
    """A recursive DNS resolver.

    Attributes:
        address: Its IP address.
        port: Its port, over UDP and TCP.
    """

    address: str
    port: int = DNS_PORT


PUBLIC_RESOLVERS = (Resolver("1.1.1.1"), Resolver("8.8.8.8"), Resolver("9.9.9.9"))
"""Cloudflare, Google and Quad9: three operators, open to all, validating DNSSEC."""


@dataclass(frozen=True, slots=True)
class Network:
    """What probes ask, how long they wait, and whom they trust.

    Attributes:
        resolvers: Recursive, validating resolvers that stand for the world's.
        dns_timeout: Seconds for one DNS query, its repetition over TCP included.
        tls_timeout: Seconds for one address.
        ca_file: The roots to trust, as PEM; None means those of `certifi`.
        clock: Seconds since the epoch.
    """

    resolvers: tuple[Resolver, ...] = PUBLIC_RESOLVERS
    dns_timeout: float = 5.0
    tls_timeout: float = 10.0
    ca_file: str | None = None
    clock: Callable[[], float] = time.time

    def name_server_port(self, address: str) -> int:
        """The port of an authoritative server: 53, or on loopback, where 53 is closed to users, the resolver's."""
        if self.resolvers and ipaddress.ip_address(address).is_loopback:
            return self.resolvers[0].port
        return DNS_PORT
