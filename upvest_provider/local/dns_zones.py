"""What the name servers of the local world answer; pure, over records that are in effect.

The tree of names is as in life: a registry holds the root and what lies between it and the zones, and
delegates each zone to two name servers, which answer for it with authority.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import dns.name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rrset import RRset, from_rdata_list, from_text_list

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from dns.name import Name

RESOLVER = "127.0.0.1"
NAME_SERVERS = ("127.0.0.2", "127.0.0.3")
REGISTRY = "127.0.0.4"

ZONE_TTL = 300
"""Seconds that name servers and their addresses may be cached."""

REGISTRY_MINIMUM = 60
"""Seconds that 'there is no such zone' may be cached; in life hours, which nobody would wait for here."""

CHAIN = 8
"""Aliases that are followed, one after the other."""

_REGISTRY_NAME = dns.name.from_text("registry.")


@dataclass(frozen=True)
class Record:
    """The values of one name and type.

    Attributes:
        name: With a final dot, in lower case.
        type: As `A`.
        values: As in a zone file.
        ttl: Seconds.
        rotate: How many of the values a query gets, others with each query; 0 for all.
    """

    name: str
    type: str
    values: tuple[str, ...]
    ttl: int
    rotate: int = 0


@dataclass(frozen=True)
class Reply:
    """An answer to one question."""

    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = True
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    additional: tuple[RRset, ...] = ()

    def alias(self, kind: RdataType) -> Name | None:
        """The name that the question must be asked of instead."""
        last = self.answer[-1] if self.answer else None
        if last is None or last.rdtype != RdataType.CNAME or kind == RdataType.CNAME:
            return None
        target: Name = last[0].target
        return target


REFUSED = Reply(Rcode.REFUSED, authoritative=False)
FAILED = Reply(Rcode.SERVFAIL, authoritative=False)


class Zone:
    """One zone: all that stands between its apex and the next zones below.

    Args:
        apex: Its name.
        servers: Its name servers, each with its address where that is within the zone.
        minimum: Seconds that 'there is no such name' may be cached.
        serial: Of its SOA record.
    """

    def __init__(self, apex: Name, servers: Mapping[Name, str], minimum: int, serial: int) -> None:
        self.apex = apex
        self._sets: dict[tuple[Name, RdataType], RRset] = {}
        primary = next(iter(servers))
        soa = f"{primary} hostmaster.{apex if apex != dns.name.root else ''} {serial} 3600 600 86400 {minimum}"
        self.add(_set(apex, min(ZONE_TTL, minimum), "SOA", [soa]))
        self.delegate(apex, servers)

    def add(self, records: RRset) -> None:
        """Adds the records of one name and type."""
        self._sets[records.name, records.rdtype] = records

    def delegate(self, apex: Name, servers: Mapping[Name, str]) -> None:
        """Names the name servers of a zone, with their addresses."""
        self.add(_set(apex, ZONE_TTL, "NS", [str(server) for server in servers]))
        for server, address in servers.items():
            if server.is_subdomain(self.apex):
                self.add(_set(server, ZONE_TTL, "A", [address]))

    def ask(self, name: Name, kind: RdataType) -> Reply:
        """The answer to a question about a name of this zone; aliases are not followed."""
        delegation = self._delegation(name)
        if delegation:
            return Reply(authoritative=False, authority=(delegation,), additional=self._glue(delegation))
        existing = name if self._exists(name) else self._wildcard(name)
        if existing is None:
            return Reply(Rcode.NXDOMAIN, authority=(self._soa,))
        found = self._sets.get((existing, kind)) or self._sets.get((existing, RdataType.CNAME))
        if found is None:
            return Reply(authority=(self._soa,))
        return Reply(answer=(from_rdata_list(name, found.ttl, list(found)),))

    @property
    def _soa(self) -> RRset:
        return self._sets[self.apex, RdataType.SOA]

    def _delegation(self, name: Name) -> RRset | None:
        """The name servers of the zone below that a name belongs to."""
        for above in _upwards(name):
            if above == self.apex:
                return None
            if (above, RdataType.NS) in self._sets:
                return self._sets[above, RdataType.NS]
        return None

    def _glue(self, delegation: RRset) -> tuple[RRset, ...]:
        addresses = (self._sets.get((server.target, RdataType.A)) for server in delegation)
        return tuple(address for address in addresses if address)

    def _exists(self, name: Name) -> bool:
        """A name exists if it or one below it holds anything (RFC 8020)."""
        return any(holder.is_subdomain(name) for holder, _ in self._sets)

    def _wildcard(self, name: Name) -> Name | None:
        """The wildcard below the closest name that exists (RFC 4592, 3.3.1)."""
        encloser = next(above for above in _upwards(name) if self._exists(above))
        wildcard = dns.name.from_text("*", encloser)
        return wildcard if self._exists(wildcard) else None


class Names:
    """All zones at one moment.

    Args:
        zones: The seconds that 'there is no such name' may be cached, by the zone's name.
        records: Those in effect; each within one of the zones.
        serial: Of all zones.
        turn: Counts queries, so that each gets others of the values that rotate.
    """

    def __init__(
        self, zones: Mapping[str, int], records: Collection[Record], *, serial: int = 1, turn: int = 0
    ) -> None:
        owned = {dns.name.from_text(zone): minimum for zone, minimum in zones.items()}
        self._own = {apex: Zone(apex, _name_servers(apex), minimum, serial) for apex, minimum in owned.items()}
        above = {name for apex in owned for name in _upwards(apex) if name not in owned} | {dns.name.root}
        registry = {_REGISTRY_NAME: REGISTRY}
        self._registry = {apex: Zone(apex, registry, REGISTRY_MINIMUM, serial) for apex in above}
        for apex in [*owned, *above]:
            parent = _zone_of(apex.parent(), self._registry) if apex != dns.name.root else None
            if parent:
                parent.delegate(apex, _name_servers(apex) if apex in owned else registry)
        for record in records:
            name = dns.name.from_text(record.name)
            zone = _zone_of(name, self._own)
            if zone:
                zone.add(_set(name, record.ttl, record.type, _rotated(record, turn)))

    def ask(self, server: str, name: Name, kind: RdataType) -> Reply:
        """What a name server answers; it follows aliases as far as it knows them itself."""
        zones = self._registry if server == REGISTRY else self._own
        zone = _zone_of(name, zones)
        if zone is None:
            return REFUSED
        reply, answer = zone.ask(name, kind), list[RRset]()
        for _ in range(CHAIN):
            answer += reply.answer
            target = reply.alias(kind)
            zone = _zone_of(target, zones) if target else None
            if target is None or zone is None:
                break
            reply = zone.ask(target, kind)
        return replace(reply, answer=tuple(answer))

    def find(self, name: Name, kind: RdataType) -> Reply:
        """What those who are responsible for a name answer; aliases are not followed."""
        zone = _zone_of(name, {**self._registry, **self._own})
        reply = zone.ask(name, kind) if zone else FAILED
        # What is delegated further lies outside of this world.
        return reply if reply.authoritative else FAILED


def _name_servers(apex: Name) -> dict[Name, str]:
    return {
        dns.name.from_text(f"ns{number}", apex): address for number, address in enumerate(NAME_SERVERS, start=1)
    }


def _zone_of(name: Name, zones: Mapping[Name, Zone]) -> Zone | None:
    return next((zones[above] for above in _upwards(name) if above in zones), None)


def _upwards(name: Name) -> Iterator[Name]:
    """A name and those above it, up to the root."""
    yield name
    while name != dns.name.root:
        name = name.parent()
        yield name


def _rotated(record: Record, turn: int) -> Sequence[str]:
    if not record.rotate:
        return record.values
    start = turn % len(record.values)
    return (record.values[start:] + record.values[:start])[: record.rotate]


def _set(name: Name, ttl: int, kind: str, values: Sequence[str]) -> RRset:
    """The records of one name and type; names among the values are absolute, with a final dot or without."""
    return from_text_list(name, ttl, "IN", kind, values, origin=dns.name.root, relativize=False)
