"""The words of the judgement over the DNS: one line each, complete alone."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from .finding import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .dns_records import Answer, DnsObservation

MOST_LISTED = 4
"""Servers and addresses that a message lists; the rest are counted."""


def refuse(seen: str, fix: str, wait: float = 0.0) -> Finding:
    """A check that has not passed."""
    return Finding(Check.DNS, passed=False, seen=seen, fix=fix, wait=wait)


def servers_of(answers: Iterable[Answer]) -> str:
    """Who gave the answers."""
    return listed([str(answer.server) for answer in answers])


def details(answers: Iterable[Answer]) -> str:
    """The servers' own words, each once."""
    return listed(sorted({answer.detail or place(answer) for answer in answers}))


def reasons(answers: Iterable[Answer]) -> str:
    """Who said what, in brackets; empty where nobody said anything."""
    given = listed([f"{answer.server}: {answer.detail}" for answer in answers])
    return given and f" ({given})"


def listed(items: Sequence[str]) -> str:
    """Items in a row, as many as one line bears."""
    shown = ", ".join(items[:MOST_LISTED])
    return f"{shown} and {len(items) - MOST_LISTED} more" if len(items) > MOST_LISTED else shown


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def in_order(addresses: Iterable[str]) -> list[str]:
    """Each address once, in the order of their numbers."""
    return sorted(set(addresses), key=lambda text: ipaddress.ip_address(text).packed)


def is_public(text: str) -> bool:
    """Whether the internet can reach an address."""
    address = ipaddress.ip_address(text)
    return address.is_global and not address.is_multicast


def place(answer: Answer) -> str:
    """Where an answer leads to."""
    return answer.detail or " -> ".join([*answer.aliases, listed(answer.ipv4)])


def remaining(answer: Answer) -> int:
    """Seconds that caches may keep an answer."""
    return answer.ttl or 0


def held(observation: DnsObservation) -> str:
    """Where the name servers lead to."""
    aliases = [link.target for link in observation.links if link.target]
    return " -> ".join([*aliases, listed(in_order(addresses(observation)))])


def addresses(observation: DnsObservation) -> frozenset[str]:
    """The IPv4 addresses that the name servers gave."""
    return frozenset(address for answer in last_answers(observation) for address in answer.ipv4)


def last_answers(observation: DnsObservation) -> list[Answer]:
    """What the name servers say at the end of the chain of CNAMEs."""
    return [answer for link in observation.links[-1:] for answer in link.answers if answer.held]


def private_address(host: str, answers: Iterable[Answer]) -> Finding | None:
    """A refusal where an answer holds an address that the internet cannot reach."""
    for answer in answers:
        if private := [address for address in answer.ipv4 if not is_public(address)]:
            return refuse(
                f"private address: {host} leads to {listed(private)} at {answer.server}, "
                "which the internet cannot reach",
                "Publish a public address, run where the public zone is seen, or set `allow_private`.",
            )
    return None
