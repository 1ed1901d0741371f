from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.probes.dns.server import DnsServer, DnsWorld, says
from upvest_provider.probes.dns import Expect, probe_dns
from upvest_provider.probes.network import Network, Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from upvest_provider.probes.finding import Finding

HOST = "hooks.tenant.test"
ADDRESS = "93.184.215.14"
RESOLVERS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
TLD = "127.0.0.10"
NS1, NS2, NS3 = "127.0.0.11", "127.0.0.12", "127.0.0.13"
CDN = "127.0.0.20"
CLOSED = "127.0.0.99"
"""Where nothing listens."""


@dataclass
class Internet:
    """A small one: three resolvers, the servers of `test`, those of `tenant.test` and of a CDN."""

    world: DnsWorld
    network: Network

    @property
    def resolvers(self) -> list[DnsServer]:
        return [self.world[address] for address in RESOLVERS]

    @property
    def tld(self) -> DnsServer:
        return self.world[TLD]

    @property
    def name_servers(self) -> list[DnsServer]:
        """Both of `tenant.test`."""
        return [self.world[NS1], self.world[NS2]]

    @property
    def other(self) -> DnsServer:
        """One that nobody delegates to yet."""
        return self.world[NS3]

    @property
    def cdn(self) -> DnsServer:
        return self.world[CDN]

    def publish(self, *records: str) -> None:
        """What both servers of `tenant.test` hold beside their own names."""
        for server in self.name_servers:
            self.publish_at(server, *records)

    def publish_at(self, server: DnsServer, *records: str) -> None:
        server.holds("tenant.test", "@ NS ns1", "@ NS ns2", f"ns1 A {NS1}", f"ns2 A {NS2}", *records)

    def told(self, *records: str, host: str = HOST) -> None:
        """What all resolvers say about the host."""
        for resolver in self.resolvers:
            resolver.when(host, "A", says(*records, flags="RA"))

    def probe(self, expect: Sequence[str] = (), *, host: str = HOST, allow_private: bool = False) -> Finding:
        return probe_dns(host, self.network, Expect.of(expect), allow_private=allow_private)

    def questions_to_resolvers(self) -> set[tuple[str, str]]:
        return {(asked.name, asked.kind) for server in self.resolvers for asked in server.asked}


@pytest.fixture
def internet() -> Iterator[Internet]:
    """`hooks.tenant.test` is published, and all the world knows."""
    with DnsWorld([*RESOLVERS, TLD, NS1, NS2, NS3, CDN]) as world:
        resolvers = tuple(Resolver(address, world.port) for address in RESOLVERS)
        internet = Internet(world, Network(resolvers=resolvers))
        for resolver in internet.resolvers:
            resolver.when("test", "NS", says("test 300 NS ns.test", flags="RA"))
            resolver.when(".", "NS", says(". 300 NS ns.test", flags="RA"))
            resolver.when("ns.test", "A", says(f"ns.test 300 A {TLD}", flags="RA"))
            resolver.when("ns.elsewhere.test", "A", says(f"ns.elsewhere.test 300 A {NS3}", flags="RA"))
        internet.tld.holds(".", "@ NS ns.test.", "test NS ns.test.")
        internet.tld.holds(
            "test",
            "@ NS ns",
            f"ns A {TLD}",
            "tenant NS ns1.tenant",
            "tenant NS ns2.tenant",
            f"ns1.tenant A {NS1}",
            f"ns2.tenant A {NS2}",
            "cdn NS ns.cdn",
            f"ns.cdn A {CDN}",
        )
        internet.publish(f"hooks A {ADDRESS}")
        internet.told(f"{HOST} 300 A {ADDRESS}")
        yield internet
