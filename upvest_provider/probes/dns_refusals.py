"""Why the name servers alone forbid to go on; each refusal begins with its own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dns_records import Answer, DnsObservation, Link, Outcome
from .dns_words import details, last_answers, listed, private_address, reasons, refuse, servers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .dns_expect import Expect
    from .finding import Finding


def refusal_by_name_servers(observation: DnsObservation, *, expect: Expect, allow_private: bool) -> Finding | None:
    """Why the name servers alone forbid to go on; None where they are in order. The arguments are those above."""
    return (
        _delegated_elsewhere(observation)
        or next(filter(None, (_not_held(link, observation) for link in observation.links)), None)
        or _chain_without_end(observation)
        or _outside(observation, expect)
        or (None if allow_private else private_address(observation.host, last_answers(observation)))
    )


def _delegated_elsewhere(observation: DnsObservation) -> Finding | None:
    """The parent names other servers than the zone itself, and not all of both hold the host."""
    if not observation.links or not observation.delegated:
        return None
    link = observation.links[0]
    reached = [answer for answer in link.answers if answer.reached]
    delegated = [answer for answer in reached if answer.server.name in observation.delegated]
    own = [answer for answer in reached if answer.server.name not in observation.delegated]
    if not own or all(answer.held for answer in reached):
        return None
    delegation = f"{observation.parent} delegates {link.zone} to {listed(observation.delegated)}"
    if all(answer.held for answer in own):
        return refuse(
            f"delegated to other servers: {delegation}, but {observation.host} lives on {servers_of(own)}",
            f"Delegate {link.zone} to {listed(observation.named)}, where {observation.parent} is kept.",
        )
    if delegated and all(answer.held for answer in delegated):
        without = [answer for answer in own if not answer.held]
        return refuse(
            f"delegated to other servers: {delegation}, but the zone's own NS records also name "
            f"{servers_of(without)}, without {observation.host} ({details(without)})",
            f"Name the same servers in the NS records of {link.zone} as in its delegation.",
        )
    return None


def _not_held(link: Link, observation: DnsObservation) -> Finding | None:
    """Not every server that can be asked leads from a name to an address or to one CNAME target."""
    if not link.zone:
        return _no_zone(link, observation)
    reached = [answer for answer in link.answers if answer.reached]
    if link.answers and not any(answer.server.address for answer in link.answers):
        return refuse(
            f"lame: no IPv4 address is known of the name servers of {link.zone}: {servers_of(link.answers)}",
            f"Publish A records of these servers, with glue where {link.zone} is delegated.",
        )
    if not reached:
        return refuse(
            f"cannot ask: no name server of {link.zone} replies{reasons(link.answers)}",
            "Let this machine send to port 53, UDP and TCP, of any address.",
        )
    if all(answer.outcome is Outcome.NOT_AUTHORITATIVE for answer in reached):
        return refuse(
            f"this network answers for the name servers: no AA bit in the answers of {servers_of(reached)}",
            "Run from a network that lets port 53 through to the name servers themselves.",
        )
    for outcomes, refusal in (
        ((Outcome.NO_NAME,), _no_name),
        ((Outcome.NO_DATA,), _no_address),
        ((Outcome.REFUSED,), _refused),
        ((Outcome.LAME, Outcome.REFERRAL, Outcome.NOT_AUTHORITATIVE, Outcome.BOGUS), _lame),
    ):
        if without := [answer for answer in reached if answer.outcome in outcomes]:
            return refusal(link, observation, without)
    return None if link.target else _differing_targets(link, reached)


def _no_zone(link: Link, observation: DnsObservation) -> Finding:
    """No resolver says where to start."""
    if not any(answer.reached for answer in link.answers):
        return refuse(
            f"cannot ask: no resolver replies{reasons(link.answers)}",
            "Let this machine send to port 53, UDP and TCP, or set `resolvers` that it can reach.",
        )
    return refuse(
        f"server refuses: no resolver tells which zone {_name(link, observation)} is in{reasons(link.answers)}",
        "Set `resolvers` that answer this machine.",
    )


def _no_name(link: Link, observation: DnsObservation, without: Sequence[Answer]) -> Finding:
    return refuse(
        f"name not there: {_name(link, observation)} does not exist (NXDOMAIN) "
        f"at {servers_of(without)}{_but_at(link)}",
        _repair(link, f"Create an A or CNAME record for {link.name} in {link.zone}"),
    )


def _no_address(link: Link, observation: DnsObservation, without: Sequence[Answer]) -> Finding:
    ipv6 = listed(sorted({address for answer in without for address in answer.ipv6}))
    return refuse(
        f"no address: {_name(link, observation)} exists without an IPv4 address at {servers_of(without)}"
        f"{ipv6 and f' (IPv6 only: {ipv6})'}{_but_at(link)}",
        _repair(link, f"Create an A or CNAME record for {link.name} in {link.zone}"),
    )


def _refused(link: Link, observation: DnsObservation, without: Sequence[Answer]) -> Finding:
    return refuse(
        f"server refuses: REFUSED for {_name(link, observation)} at {servers_of(without)}{_but_at(link)}",
        f"Set up {link.zone} at these servers, or delegate it to those that hold it.",
    )


def _lame(link: Link, observation: DnsObservation, without: Sequence[Answer]) -> Finding:
    return refuse(
        f"lame: {link.zone}, the zone of {_name(link, observation)}, is not served ({details(without)}) "
        f"at {servers_of(without)}{_but_at(link)}",
        f"Set up {link.zone} at these servers, or delegate it to those that hold it.",
    )


def _differing_targets(link: Link, reached: Sequence[Answer]) -> Finding | None:
    places: dict[str, list[Answer]] = {}
    for answer in reached:
        places.setdefault("".join(answer.aliases[:1]) or "addresses", []).append(answer)
    if len(places) == 1:
        return None
    seen = ", ".join(f"{place} at {servers_of(answers)}" for place, answers in places.items())
    return refuse(
        f"CNAME targets differ: {link.name} leads to {seen}",
        f"Wait until all name servers of {link.zone} hold the same record, or repair those that never will.",
    )


def _chain_without_end(observation: DnsObservation) -> Finding | None:
    """The last name that was asked for leads to yet another."""
    if not observation.links:
        return refuse(f"cannot ask: nobody was asked about {observation.host}", "Try again.")
    last = observation.links[-1]
    if last.target:
        names = [link.name for link in observation.links]
        kind = "CNAME loop" if last.target in names else "CNAME chain too long"
        return refuse(
            f"{kind}: {' -> '.join([*names, last.target])}",
            f"Point {observation.host} to a name that has addresses.",
        )
    if not any(answer.ipv4 for answer in last.answers):
        return refuse(f"no address: none was seen for {last.name}", f"Create an A record for {last.name}.")
    return None


def _outside(observation: DnsObservation, expect: Expect) -> Finding | None:
    aliases = [link.target for link in observation.links if link.target]
    for answer in last_answers(observation):
        if not expect.holds(aliases, answer.ipv4):
            place = " -> ".join([*aliases, listed(answer.ipv4)])
            return refuse(
                f"outside `expect`: {observation.host} leads to {place} at {answer.server}, not to {expect}",
                f"Point {observation.host} to {expect}, or correct `expect`.",
            )
    return None


def _repair(link: Link, create: str) -> str:
    if any(answer.held for answer in link.answers):
        return f"Wait until all name servers of {link.zone} hold the record, or repair those that never will."
    if "." not in link.zone.strip("."):  # a registry
        return f"Register the domain of {link.name}, or have it delegated to your name servers."
    return (
        f"{create}; if your DNS console shows one, {link.zone} is delegated to other servers than the console's."
    )


def _name(link: Link, observation: DnsObservation) -> str:
    if link.name == observation.host:
        return link.name
    return f"{link.name} (where {observation.host} leads to)"


def _but_at(link: Link) -> str:
    held = [answer for answer in link.answers if answer.held]
    return f"; it is held at {servers_of(held)}" if held else ""
