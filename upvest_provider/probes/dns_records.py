"""What was observed in the DNS, without a judgement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The kinds of reply to a question about one name."""

    RECORDS = "records"
    ALIAS = "alias"
    NO_NAME = "no name"
    NO_DATA = "no data"
    REFERRAL = "referral"
    NOT_AUTHORITATIVE = "not authoritative"
    REFUSED = "refused"
    LAME = "lame"
    BOGUS = "bogus"
    NO_REPLY = "no reply"


@dataclass(frozen=True, slots=True)
class Server:
    """A DNS server.

    Attributes:
        address: Empty where none is known.
        name: Empty for resolvers, which are known by their addresses.
    """

    address: str
    name: str = ""

    def __str__(self) -> str:
        if self.name and self.address:
            return f"{self.name} ({self.address})"
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class Answer:
    """What one server said about a name's addresses.

    Attributes:
        server: Who said it.
        outcome: The kind of reply.
        detail: The response code, or why there is no reply.
        ipv4: Addresses, where the outcome is records.
        ipv6: The same.
        ipv6_fault: What went wrong with the question for IPv6 addresses alone.
        aliases: CNAME targets, in order; a resolver names the whole chain, a name server its first link.
        ttl: Seconds that caches may keep the answer. None where it does not say.
        validated: Of a resolver: whether it vouches for the answer by DNSSEC.
    """

    server: Server
    outcome: Outcome
    detail: str = ""
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()
    ipv6_fault: str = ""
    aliases: tuple[str, ...] = ()
    ttl: int | None = None
    validated: bool = False

    @property
    def held(self) -> bool:
        """Whether the server holds something that leads to an address."""
        return self.outcome in (Outcome.RECORDS, Outcome.ALIAS)

    @property
    def reached(self) -> bool:
        """Whether the server replied at all."""
        return self.outcome is not Outcome.NO_REPLY


@dataclass(frozen=True, slots=True)
class Link:
    """One name of the chain from the host to its addresses, as the name servers of its zone know it.

    Attributes:
        name: The host, or a CNAME target.
        zone: The zone that holds the name; empty where no resolver says where to start.
        answers: Of every server in the host's own zone, of any one elsewhere.
    """

    name: str
    zone: str
    answers: tuple[Answer, ...]

    @property
    def target(self) -> str:
        """The CNAME target that all servers agree on; empty where there is none."""
        targets = {answer.aliases[:1] for answer in self.answers if answer.reached}
        return "".join(targets.pop()) if len(targets) == 1 else ""


@dataclass(frozen=True, slots=True)
class DnsObservation:
    """All that one pass saw.

    Attributes:
        host: The name in question.
        links: The host and the CNAME targets that follow from it.
        parent: The zone above the host's.
        delegated: The name servers that the parent delegates to; empty where it was not asked.
        named: The name servers that the zone itself names.
        sibling: What a random name beside the host gives; None where that does not matter.
        public: What resolvers say; empty before the name servers were found in order.
    """

    host: str
    links: tuple[Link, ...]
    parent: str = ""
    delegated: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    sibling: Answer | None = None
    public: tuple[Answer, ...] = ()
