"""Finds the zone of a name from above, without a question that could plant a negative answer in a cache.

Resolvers are asked for the name servers of the top-level domain, else of the root, and for addresses of name
servers; never for the host or what is below it, whatever the type, for a negative answer lives on after the record
exists (RFC 2308 §5, RFC 9077). From there the way leads down, label by label, through authoritative servers, which
keep no answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import dns.name
from dns.rdatatype import RdataType

from . import dns_reading as reading
from .dns_records import Answer, Outcome, Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dns.message import Message
    from dns.name import Name

    from .dns_query import Asker, Reply

TOP_LEVEL = 2
"""Labels of a top-level domain, that of the root included."""
MOST_SERVERS = 16
"""No zone is served by more than 13 names in practice; a bound for what comes in from outside."""
DEAD_ENDS = (Outcome.REFUSED, Outcome.LAME, Outcome.NOT_AUTHORITATIVE, Outcome.NO_REPLY)


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone on the way down.

    Attributes:
        name: Its apex; None where no resolver says where to start.
        servers: Those to ask; all addresses of each name.
        parent: The zone that delegates it; None where that was not asked.
        delegated: The name servers that the parent names.
        named: The name servers that the zone itself names.
        dead_end: Why the way ends here; empty where it does not.
    """

    name: Name | None
    servers: tuple[Server, ...] = ()
    parent: Name | None = None
    delegated: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    dead_end: tuple[Answer, ...] = ()


class Descent:
    """The ways down to a host and its CNAME targets; what was found stays known."""

    def __init__(self, host: Name, asker: Asker) -> None:
        self._host = host
        self._asker = asker
        self._resolvers = asker.resolvers
        self._tops: dict[Name, Zone] = {}
        self._known: dict[Name, Zone] = {}

    def zone_of(self, name: Name) -> Zone:
        """The zone that holds a name."""
        top = name.split(2)[1]
        zone = self._tops.get(top) or self._top(top)
        self._tops[top] = zone
        for depth in range(len(zone.name or ()) + 1, len(name) + 1):
            if zone.name is None or zone.dead_end:
                break
            label = name.split(depth)[1]
            zone = self._known.get(label) or self._below(zone, label)
            self._known[label] = zone
        return zone

    def with_own_servers(self, zone: Zone) -> Zone:
        """The zone with the servers that it names itself beside those that its parent names."""
        apex = zone.name
        if apex is None or zone.dead_end:
            return zone
        replies = self._asker.all(lambda server: self._asker.name_server(server, apex, RdataType.NS), zone.servers)
        tellers = [
            reply.message
            for reply in replies
            if reply.message and reading.outcome(reply.message, apex, RdataType.NS, apex)[0] is Outcome.RECORDS
        ]
        named = list(
            dict.fromkeys(name for teller in tellers for name in reading.name_servers(teller.answer, apex))
        )
        asked = {server.name for server in zone.servers}
        strangers = [name for name in named if reading.text(name) not in asked]
        added = self._locate(strangers, tellers, teller=apex, zone=apex, holders=zone.servers)
        return replace(zone, servers=(*zone.servers, *added), named=_texts(named))

    def _top(self, name: Name) -> Zone:
        """The zone of a top-level domain, else the root: of these a resolver may be asked without harm."""
        zone = Zone(None)
        for top in (name, dns.name.root):
            if top != self._host:
                zone = self._from_resolver(top)
            is_cut_off = bool(zone.dead_end) and not any(answer.reached for answer in zone.dead_end)
            if zone.name is not None or is_cut_off:
                break
        return zone

    def _from_resolver(self, top: Name) -> Zone:
        replies = self._asker.any(
            lambda resolver: self._asker.resolver(resolver, top, RdataType.NS), self._asker.resolvers, _is_told
        )
        for reply in replies:
            message = reply.message
            if message and (names := reading.name_servers(message.answer, top)):
                self._resolvers = tuple(
                    sorted(self._resolvers, key=lambda each: each.address != reply.server.address)
                )
                return Zone(top, self._locate(names, [message], teller=dns.name.root, zone=self._host))
        return Zone(None, dead_end=tuple(reading.from_resolver(reply) for reply in replies))

    def _below(self, zone: Zone, name: Name) -> Zone:
        """The zone of a name one label further down: another one where there is a zone cut."""
        apex = zone.name or dns.name.root
        replies = self._asker.any(
            lambda server: self._asker.name_server(server, name, RdataType.NS),
            zone.servers,
            lambda reply: _seen(reply, name, apex).outcome not in DEAD_ENDS,
        )
        seen = tuple(_seen(reply, name, apex) for reply in replies)
        message, outcome = replies[0].message, seen[0].outcome
        if message is None or outcome in DEAD_ENDS:
            return replace(zone, dead_end=seen)
        if outcome is Outcome.REFERRAL:
            cut = reading.referred_zone(message, name) or name
            names = reading.name_servers(message.authority, cut)
            servers = self._locate(names, [message], teller=apex, zone=cut)
            return Zone(cut, servers, parent=apex, delegated=_texts(names))
        if outcome is Outcome.RECORDS:  # the servers of the parent serve the child as well
            names = reading.name_servers(message.answer, name)
            servers = self._locate(names, [message], teller=apex, zone=apex, holders=zone.servers)
            return Zone(name, servers, named=_texts(names))
        if outcome is Outcome.NO_NAME and len(apex) <= TOP_LEVEL:
            return replace(zone, dead_end=seen)  # a registry's word is enough; its other servers are spared
        return zone

    def _locate(
        self,
        names: Sequence[Name],
        messages: Sequence[Message],
        *,
        teller: Name,
        zone: Name,
        holders: Sequence[Server] = (),
    ) -> tuple[Server, ...]:
        """The addresses of a zone's name servers.

        Args:
            names: The name servers.
            messages: Those that named them; addresses that came along count below `teller`, the zone in charge.
            teller: See `messages`.
            zone: Resolvers are not asked about names in it, lest they learn what is not there.
            holders: Servers of the zone itself, which know what is in it.
        """

        def locate(name: Name) -> list[Server]:
            found = [address for message in messages for address in reading.glue(message, name)]
            if not name.is_subdomain(teller):
                found = []
            if not found and name.is_subdomain(zone):
                found = self._from_holders(name, holders)
            if not found and not name.is_subdomain(zone) and not name.is_subdomain(self._host):
                found = self._from_resolvers(name)
            return [Server(address, reading.text(name)) for address in dict.fromkeys(found) or [""]]

        located = self._asker.all(locate, sorted(names)[:MOST_SERVERS])
        return tuple(server for servers in located for server in servers)[:MOST_SERVERS]

    def _from_holders(self, name: Name, holders: Sequence[Server]) -> list[str]:
        for holder in holders:
            reply = self._asker.name_server(holder, name, RdataType.A)
            if reply.message and (found := reading.addresses(reply.message, name, RdataType.A)):
                return list(found)
        return []

    def _from_resolvers(self, name: Name) -> list[str]:
        for resolver in self._resolvers:
            answer = reading.from_resolver(self._asker.resolver(resolver, name, RdataType.A))
            if answer.ipv4:
                return list(answer.ipv4)
        return []


def _texts(names: Iterable[Name]) -> tuple[str, ...]:
    return tuple(sorted({reading.text(name) for name in names}))


def _seen(reply: Reply, name: Name, zone: Name) -> Answer:
    if reply.message is None:
        return Answer(reply.server, Outcome.NO_REPLY, reply.fault)
    return Answer(reply.server, *reading.outcome(reply.message, name, RdataType.NS, zone))


def _is_told(reply: Reply) -> bool:
    return reading.from_resolver(reply).outcome in (Outcome.RECORDS, Outcome.NO_NAME, Outcome.NO_DATA)
