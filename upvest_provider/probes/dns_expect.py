"""Where a host is expected to point to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


@dataclass(frozen=True, slots=True)
class Expect:
    """The places a host may point to; empty means anywhere.

    Attributes:
        networks: Addresses are networks of one address.
        targets: CNAME targets in lower case, without a dot at the end.
    """

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    targets: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Iterable[str]) -> Expect:
        """Addresses, networks and CNAME targets, told apart by their form.

        Raises:
            ValueError: A value is none of the three.
        """
        networks, targets = [], []
        for value in values:
            try:
                networks.append(ipaddress.ip_network(value))
            except ValueError:
                targets.append(_target(value))
        return cls(tuple(networks), tuple(targets))

    def __bool__(self) -> bool:
        return bool(self.networks or self.targets)

    def __str__(self) -> str:
        places = [
            str(network.network_address if network.num_addresses == 1 else network) for network in self.networks
        ]
        return " or ".join([*places, *self.targets]) or "anything"

    def holds(self, aliases: Collection[str], addresses: Collection[str]) -> bool:
        """Whether an answer lies inside: one of its CNAME targets is expected, or all of its addresses are."""
        if not self or any(alias in self.targets for alias in aliases):
            return True
        return bool(addresses) and not self.strangers(addresses)

    def strangers(self, addresses: Iterable[str]) -> list[str]:
        """The addresses that lie in none of the networks."""
        return [text for text in addresses if not any(ipaddress.ip_address(text) in net for net in self.networks)]

    def names_ipv6(self) -> bool:
        """Whether anything is said about IPv6 addresses."""
        return any(network.version == 6 for network in self.networks)  # noqa: PLR2004 - IP's version


def _target(value: str) -> str:
    name = value.lower().removesuffix(".")
    labels = name.split(".")
    if not name.isascii() or not all(labels) or labels[-1].isdigit() or set("/: ") & set(name):
        raise ValueError(f"must hold IP addresses, networks and DNS names, not '{value}'")
    return name
