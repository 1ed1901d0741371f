"""A public recursive resolver: it remembers what it was told, above all that a name does not exist."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dns.rcode import Rcode
from dns.rrset import from_rdata_list

from .dns_zones import CHAIN, FAILED, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from dns.name import Name
    from dns.rdatatype import RdataType
    from dns.rrset import RRset

    from .dns_zones import Names


class Resolver:
    """Answers from its memory where it can; used by one thread.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._memory: dict[tuple[Name, RdataType | None], tuple[float, Reply]] = {}

    def resolve(self, names: Names, name: Name, kind: RdataType) -> Reply:
        """The answer to a question, aliases followed."""
        answer: list[RRset] = []
        for _ in range(CHAIN):
            reply = self._ask(names, name, kind)
            answer += reply.answer
            target = reply.alias(kind)
            if target is None:
                return replace(reply, answer=tuple(answer), authoritative=False)
            name = target
        return FAILED

    def _ask(self, names: Names, name: Name, kind: RdataType) -> Reply:
        now = self._clock()
        # That a name does not exist is true of all its types (RFC 2308, 5).
        for question in ((name, None), (name, kind)):
            expires, reply = self._memory.get(question, (0.0, FAILED))
            if expires > now:
                return _aged(reply, int(expires - now))
        reply = names.find(name, kind)
        ttls = [records.ttl for records in (*reply.answer, *reply.authority)]
        if ttls:
            learnt = (name, None if reply.rcode == Rcode.NXDOMAIN else kind)
            self._memory[learnt] = (now + min(ttls), reply)
        return reply


def _aged(reply: Reply, ttl: int) -> Reply:
    return replace(
        reply,
        answer=tuple(_with_ttl(records, ttl) for records in reply.answer),
        authority=tuple(_with_ttl(records, ttl) for records in reply.authority),
    )


def _with_ttl(records: RRset, ttl: int) -> RRset:
    return from_rdata_list(records.name, ttl, list(records))
