"""Does a host lead to addresses, for its own name servers first and then for the world?"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import dns.name
import dns.rcode
from dns.rdatatype import RdataType

from . import dns_reading as reading
from .dns_expect import Expect
from .dns_judgement import judge_dns
from .dns_query import Asker
from .dns_records import Answer, DnsObservation, Link, Outcome, Server
from .dns_refusals import refusal_by_name_servers
from .dns_zone import Descent, Zone

if TYPE_CHECKING:
    from dns.name import Name

    from .finding import Finding
    from .network import Network, Resolver

__all__ = ["ANYWHERE", "Expect", "judge_dns", "observe_dns", "probe_dns"]

ANYWHERE = Expect()
MOST_ALIASES = 8
"""More than any receiver needs; resolvers give up somewhat later."""


def probe_dns(host: str, network: Network, expect: Expect = ANYWHERE, *, allow_private: bool = False) -> Finding:
    """Look once, and judge.

    Args:
        host: A DNS name.
        network: Whom to ask.
        expect: Where the host is to point to.
        allow_private: Take addresses that the world cannot reach.
    """
    observation = observe_dns(host, network, expect=expect, allow_private=allow_private)
    return judge_dns(observation, expect=expect, allow_private=allow_private)


def observe_dns(
    host: str, network: Network, *, expect: Expect = ANYWHERE, allow_private: bool = False
) -> DnsObservation:
    """Ask the name servers of the host's zone, and resolvers once these are in order.

    What a resolver hears too early lives on in its cache; so this needs to know what the judgement needs.
    The arguments are those of `probe_dns`.
    """
    name = dns.name.from_text(host)
    with Asker(network) as asker:
        descent = Descent(name, asker)
        zone = descent.with_own_servers(descent.zone_of(name))
        links = _chain(name, zone, asker, descent)
        observation = DnsObservation(
            host=reading.text(name),
            links=links,
            parent=_text(zone.parent),
            delegated=zone.delegated if zone.parent else (),
            named=zone.named,
        )
        if refusal_by_name_servers(observation, expect=expect, allow_private=allow_private):
            return observation
        return replace(
            observation,
            sibling=None if expect or name == zone.name else _sibling(name, zone, links[0], asker),
            public=tuple(asker.all(lambda resolver: _public(resolver, name, asker), asker.resolvers)),
        )


def _chain(host: Name, zone: Zone, asker: Asker, descent: Descent) -> tuple[Link, ...]:
    """The host and the CNAME targets behind it; where an answer is missing or contested, the chain ends."""
    links = [_link(host, zone, asker, of_all=True)]
    while links[-1].target and len(links) <= MOST_ALIASES:
        target = dns.name.from_text(links[-1].target)
        if reading.text(target) in {link.name for link in links}:
            break
        holder = descent.zone_of(target)
        own = holder.name == zone.name
        links.append(_link(target, zone if own else holder, asker, of_all=own))
    return tuple(links)


def _link(name: Name, zone: Zone, asker: Asker, *, of_all: bool) -> Link:
    """What the servers of a zone say about a name; of other zones than the host's one server will do."""

    def ask(server: Server) -> Answer:
        return _from_name_server(server, name, zone, asker)

    if zone.name is None or zone.dead_end:
        answers = list(zone.dead_end)
    elif of_all:
        answers = asker.all(ask, zone.servers)
    else:
        answers = asker.any(ask, zone.servers, lambda answer: answer.held)
    return Link(reading.text(name), _text(zone.name), tuple(answers))


def _from_name_server(server: Server, name: Name, zone: Zone, asker: Asker) -> Answer:
    apex = zone.name or dns.name.root
    answer = reading.from_name_server(asker.name_server(server, name, RdataType.A), name, apex)
    if answer.outcome not in (Outcome.RECORDS, Outcome.NO_DATA):
        return answer
    reply = asker.name_server(server, name, RdataType.AAAA)
    if reply.message is None:
        return replace(answer, ipv6_fault=reply.fault)
    outcome, detail = reading.outcome(reply.message, name, RdataType.AAAA, apex)
    if outcome in (Outcome.RECORDS, Outcome.NO_DATA):
        return replace(answer, ipv6=reading.addresses(reply.message, name, RdataType.AAAA))
    return replace(answer, ipv6_fault=detail or "a CNAME beside addresses")


def _sibling(host: Name, zone: Zone, link: Link, asker: Asker) -> Answer:
    """What a name gives that nobody made."""
    server = next(answer.server for answer in link.answers if answer.held)
    stranger = dns.name.from_text(f"probe-{secrets.token_hex(8)}", host.parent())
    return _from_name_server(server, stranger, zone, asker)


def _public(resolver: Resolver, host: Name, asker: Asker) -> Answer:
    """What a resolver says; where it fails, whether it would answer without validation (RFC 4035 §3.2.2)."""
    reply = asker.resolver(resolver, host, RdataType.A)
    if reply.message is None or reply.message.rcode() is not dns.rcode.SERVFAIL:
        return reading.from_resolver(reply)
    unchecked = reading.from_resolver(asker.resolver(resolver, host, RdataType.A, checking=False))
    if unchecked.outcome in (Outcome.RECORDS, Outcome.NO_DATA, Outcome.NO_NAME):
        return Answer(reply.server, Outcome.BOGUS, "SERVFAIL")
    return reading.from_resolver(reply)


def _text(name: Name | None) -> str:
    return "" if name is None else reading.text(name)
