"""Is a host ready in the DNS? A pure decision over what was observed."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from .dns_caches import agreeing, refusal_by_resolvers
from .dns_doubts import doubts
from .dns_refusals import refusal_by_name_servers
from .dns_words import counted, held, in_order, is_public, last_answers
from .finding import Check, Finding

if TYPE_CHECKING:
    from .dns_expect import Expect
    from .dns_records import DnsObservation


def judge_dns(observation: DnsObservation, *, expect: Expect, allow_private: bool) -> Finding:
    """Judge what one pass saw.

    Args:
        observation: What was seen.
        expect: Where the host is to point to.
        allow_private: Take addresses that the internet cannot reach.
    """
    return (
        refusal_by_name_servers(observation, expect=expect, allow_private=allow_private)
        or refusal_by_resolvers(observation, expect=expect, allow_private=allow_private)
        or _pass(observation, expect=expect, allow_private=allow_private)
    )


def _pass(observation: DnsObservation, *, expect: Expect, allow_private: bool) -> Finding:
    link, at_servers = observation.links[0], last_answers(observation)
    at_resolvers = agreeing(observation, expect, allow_private=allow_private)
    ipv4 = in_order(chain.from_iterable(answer.ipv4 for answer in (*at_servers, *at_resolvers)))
    ipv6 = in_order(chain.from_iterable(answer.ipv6 for answer in at_servers))
    servers = len({answer.server for answer in link.answers if answer.held})
    return Finding(
        Check.DNS,
        passed=True,
        seen=f"{observation.host} is {held(observation)} at {counted(servers, 'name server')} of {link.zone} "
        f"and {counted(len(at_resolvers), 'resolver')}",
        warnings=doubts(observation, expect=expect, allow_private=allow_private),
        addresses=(*ipv4, *(address for address in ipv6 if allow_private or is_public(address))),
    )
