"""Why the world's caches forbid to go on; each refusal begins with its own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dns_records import Answer, DnsObservation, Outcome
from .dns_words import details, held, is_public, place, private_address, reasons, refuse, remaining, servers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .dns_expect import Expect
    from .finding import Finding


def refusal_by_resolvers(observation: DnsObservation, *, expect: Expect, allow_private: bool) -> Finding | None:
    """Why the world's caches forbid to go on: fewer than two of three agree with the name servers."""
    public = observation.public
    in_agreement = agreeing(observation, expect, allow_private=allow_private)
    missing = len(public) - len(public) // 3 - len(in_agreement)
    if public and missing <= 0:
        return None
    others = [answer for answer in public if answer not in in_agreement]
    return (
        (None if allow_private else private_address(observation.host, others))
        or _broken_dnssec(observation, others)
        or _old(observation, others, missing)
        or _hidden(observation, others)
        or _failing_resolvers(observation, others)
        or refuse(
            f"cannot ask: too few resolvers reply about {observation.host}{reasons(others)}",
            "Let this machine send to port 53, UDP and TCP, or set `resolvers` that it can reach.",
        )
    )


def agreeing(observation: DnsObservation, expect: Expect, *, allow_private: bool) -> list[Answer]:
    """The resolvers that say what the name servers say.

    Addresses may differ, for they rotate; where they are expected to lie somewhere, that decides.
    """

    def agrees(answer: Answer) -> bool:
        if answer.outcome is not Outcome.RECORDS or not answer.ipv4:
            return False
        if not allow_private and not all(is_public(address) for address in answer.ipv4):
            return False
        if expect:
            return expect.holds(answer.aliases, answer.ipv4)
        return "".join(answer.aliases[:1]) == observation.links[0].target

    return [answer for answer in observation.public if agrees(answer)]


def _broken_dnssec(observation: DnsObservation, others: Sequence[Answer]) -> Finding | None:
    if broken := [answer for answer in others if answer.outcome is Outcome.BOGUS]:
        return refuse(
            f"DNSSEC is broken: {observation.host} is SERVFAIL with validation, "
            f"and has an answer without, at {servers_of(broken)}",
            f"Repair the signatures of {observation.links[0].zone} or its DS record in the zone above; "
            f"`delv {observation.host}` says which.",
        )
    return None


def _old(observation: DnsObservation, others: Sequence[Answer], missing: int) -> Finding | None:
    """Caches hold what was true before: that there is nothing, or another place."""
    old = sorted((answer for answer in others if answer.ttl is not None and _is_past(answer)), key=remaining)
    if not old:
        return None
    wait = remaining(old[min(missing, len(old)) - 1])
    seen = ", ".join(f"{place(answer)} at {answer.server} ({remaining(answer)} s)" for answer in old)
    moved = any(answer.outcome is Outcome.RECORDS for answer in old)
    return refuse(
        f"old answer lives for another {wait} s: {observation.host} is still {seen}; "
        f"its name servers hold {held(observation)}",
        "Wait until the caches let go of it; nothing needs a change"
        + (", unless `expect` misses a place that is meant too." if moved else "."),
        wait=wait,
    )


def _hidden(observation: DnsObservation, others: Sequence[Answer]) -> Finding | None:
    """Resolvers deny the host without a time limit, as those do that filter."""
    if denying := [answer for answer in others if _is_past(answer)]:
        return refuse(
            f"name not there: {observation.host} is {details(denying)} at {servers_of(denying)}; "
            f"its name servers hold {held(observation)}",
            "See whether these resolvers filter the name, or set other `resolvers`.",
        )
    return None


def _failing_resolvers(observation: DnsObservation, others: Sequence[Answer]) -> Finding | None:
    if failing := [answer for answer in others if answer.reached]:
        return refuse(
            f"server refuses: {details(failing)} for {observation.host} at {servers_of(failing)}",
            "Set `resolvers` that answer this machine; a SERVFAIL may pass within 5 minutes.",
        )
    return None


def _is_past(answer: Answer) -> bool:
    return answer.outcome in (Outcome.NO_NAME, Outcome.NO_DATA, Outcome.RECORDS)
