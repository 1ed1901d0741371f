"""What is doubtful in the DNS and stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dns_caches import agreeing
from .dns_words import addresses, in_order, is_public, last_answers, listed, place, remaining

if TYPE_CHECKING:
    from .dns_expect import Expect
    from .dns_records import Answer, DnsObservation


def doubts(observation: DnsObservation, *, expect: Expect, allow_private: bool) -> tuple[str, ...]:
    """Everything to be warned of, for a host that is in order otherwise."""
    return (
        *_unreachable_servers(observation),
        *_two_delegations(observation),
        *_wildcard(observation),
        *_ipv6(observation, expect, allow_private=allow_private),
        *_resolvers(observation, expect, allow_private=allow_private),
    )


def _unreachable_servers(observation: DnsObservation) -> list[str]:
    return [
        f"{answer.server} cannot be asked: {answer.detail}"
        for link in observation.links
        for answer in link.answers
        if not answer.reached
    ]


def _two_delegations(observation: DnsObservation) -> list[str]:
    by_parent, by_zone = observation.delegated, observation.named
    if not by_parent or not by_zone or set(by_parent) == set(by_zone):
        return []
    zone = observation.links[0].zone
    return [
        f"{observation.parent} delegates {zone} to {listed(by_parent)}, the zone itself names {listed(by_zone)}"
    ]


def _wildcard(observation: DnsObservation) -> list[str]:
    sibling, link = observation.sibling, observation.links[0]
    if sibling is None or not sibling.held or "".join(sibling.aliases[:1]) != link.target:
        return []
    if not link.target and not any(set(sibling.ipv4) & set(answer.ipv4) for answer in link.answers):
        return []
    seen = f"a random name beside {observation.host} leads there too"
    return [f"wildcard: {seen}, so any name would pass; say `expect`"]


def _ipv6(observation: DnsObservation, expect: Expect, *, allow_private: bool) -> list[str]:
    name, answers = observation.links[-1].name, last_answers(observation)
    broken = [
        f"AAAA of {name} is broken at {answer.server}: {answer.ipv6_fault}"
        for answer in answers
        if answer.ipv6_fault
    ]
    seen = in_order(address for answer in answers for address in answer.ipv6)
    private = [] if allow_private else [address for address in seen if not is_public(address)]
    outside = expect.strangers(seen) if expect.names_ipv6() else []
    return [
        *broken,
        *([f"AAAA of {name} is not public: {listed(private)}"] if private else []),
        *([f"AAAA of {name} is outside `expect`: {listed(outside)}"] if outside else []),
    ]


def _resolvers(observation: DnsObservation, expect: Expect, *, allow_private: bool) -> list[str]:
    in_agreement = agreeing(observation, expect, allow_private=allow_private)
    validating = any(answer.validated for answer in in_agreement)
    at_servers = addresses(observation)
    return [
        *(_disagreement(answer) for answer in observation.public if answer not in in_agreement),
        *(_others(answer) for answer in in_agreement if not expect and not at_servers & set(answer.ipv4)),
        *(_lax(answer) for answer in in_agreement if validating and not answer.validated),
    ]


def _disagreement(answer: Answer) -> str:
    if not answer.reached:
        return f"{answer.server} cannot be asked: {answer.detail}"
    rest = "" if answer.ttl is None else f" for another {answer.ttl} s"
    return f"{answer.server} does not agree: {place(answer)}{rest}"


def _lax(answer: Answer) -> str:
    return f"{answer.server} does not validate DNSSEC"


def _others(answer: Answer) -> str:
    return (
        f"{answer.server} gives {listed(answer.ipv4)}, which no name server gave: addresses that rotate, "
        f"or an old answer for another {remaining(answer)} s; `expect` would tell"
    )
