"""What the world's caches say, once the name servers are in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import dns.flags
import pytest
from inline_snapshot import snapshot

from tests.probes.dns.conftest import ADDRESS, CLOSED, HOST
from tests.probes.dns.server import fails, in_turn, says
from upvest_provider.probes.network import Network, Resolver

if TYPE_CHECKING:
    from dns.message import Message

    from tests.probes.dns.conftest import Internet
    from tests.probes.dns.server import Behaviour

OLD = "93.184.215.99"
KNOWN = f"{HOST} 300 A {ADDRESS}"


def denies(ttl: int, rcode: str = "NXDOMAIN") -> Behaviour:
    """A negative cache, with what its SOA has left to live."""
    soa = f"tenant.test {ttl} SOA ns1 admin 1 7200 900 1209600 3600"
    return says(flags="RA", rcode=rcode, authority=soa)


def fails_with_checking(query: Message) -> Message | bytes | None:
    """DNSSEC that does not hold, to a validating resolver."""
    is_checked = not query.flags & dns.flags.CD
    return (fails("SERVFAIL") if is_checked else says(KNOWN, flags="RA"))(query)


def test_the_public_resolvers_are_asked_by_default() -> None:
    assert [resolver.address for resolver in Network().resolvers] == ["1.1.1.1", "8.8.8.8", "9.9.9.9"]


def test_name_servers_are_asked_at_port_53_beyond_loopback() -> None:
    network = Network(resolvers=(Resolver("127.0.0.1", 5353),))

    assert network.name_server_port("192.0.2.1") == 53
    assert network.name_server_port("127.0.0.2") == 5353


def test_a_name_that_was_asked_for_too_early_is_explained(internet: Internet) -> None:
    for resolver, ttl in zip(internet.resolvers[1:], (287, 41), strict=True):
        resolver.when(HOST, "A", denies(ttl))

    finding = internet.probe()

    assert not finding.passed
    assert finding.seen == snapshot(
        "old answer lives for another 41 s: hooks.tenant.test is still NXDOMAIN at 127.0.0.3 (41 s), NXDOMAIN at 127.0.0.2 (287 s); its name servers hold 93.184.215.14"
    )
    assert finding.fix == snapshot("Wait until the caches let go of it; nothing needs a change.")
    assert finding.wait == 41


def test_the_wait_lasts_until_two_of_three_may_agree(internet: Internet) -> None:
    for resolver, ttl in zip(internet.resolvers, (30, 20, 10), strict=True):
        resolver.when(HOST, "A", denies(ttl))

    assert internet.probe().wait == 20


def test_a_negative_answer_about_addresses_alone_is_explained_too(internet: Internet) -> None:
    for resolver in internet.resolvers:
        resolver.when(HOST, "A", denies(30, "NOERROR"))

    assert internet.probe().seen == snapshot(
        "old answer lives for another 30 s: hooks.tenant.test is still NODATA at 127.0.0.1 (30 s), NODATA at 127.0.0.2 (30 s), NODATA at 127.0.0.3 (30 s); its name servers hold 93.184.215.14"
    )


def test_the_negative_answer_is_kept_no_longer_than_the_soa_allows(internet: Internet) -> None:
    soa = "tenant.test 86400 SOA ns1 admin 1 7200 900 1209600 60"
    for resolver in internet.resolvers:
        resolver.when(HOST, "A", says(flags="RA", rcode="NXDOMAIN", authority=soa))

    assert internet.probe().wait == 60


def test_the_host_passes_when_the_negative_answer_has_ended(internet: Internet) -> None:
    for resolver in internet.resolvers:
        resolver.when(HOST, "A", in_turn(denies(1), says(KNOWN, flags="RA")))

    assert [internet.probe().passed for _ in range(2)] == [False, True]


def test_two_of_three_are_enough_and_the_third_is_warned_of(internet: Internet) -> None:
    internet.resolvers[0].when(HOST, "A", denies(287))

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(("127.0.0.1 does not agree: NXDOMAIN for another 287 s",))


@pytest.mark.parametrize("number", [1, 2])
def test_one_or_two_resolvers_must_all_agree(internet: Internet, number: int) -> None:
    internet.network = replace(internet.network, resolvers=internet.network.resolvers[:number])
    assert internet.probe().passed

    internet.resolvers[0].when(HOST, "A", denies(287))
    assert not internet.probe().passed


def test_a_moved_host_is_explained(internet: Internet) -> None:
    internet.told(f"{HOST} 120 A {OLD}")

    finding = internet.probe([ADDRESS])

    assert not finding.passed
    assert finding.seen == snapshot(
        "old answer lives for another 120 s: hooks.tenant.test is still 93.184.215.99 at 127.0.0.1 (120 s), 93.184.215.99 at 127.0.0.2 (120 s), 93.184.215.99 at 127.0.0.3 (120 s); its name servers hold 93.184.215.14"
    )
    assert finding.fix == snapshot(
        "Wait until the caches let go of it; nothing needs a change, unless `expect` misses a place that is meant too."
    )
    assert finding.wait == 120


def test_a_moved_alias_is_explained(internet: Internet) -> None:
    internet.told(f"{HOST} 120 CNAME old.cdn.test.", f"old.cdn.test 60 A {OLD}")

    finding = internet.probe()

    assert finding.seen == snapshot(
        "old answer lives for another 60 s: hooks.tenant.test is still old.cdn.test -> 93.184.215.99 at 127.0.0.1 (60 s), old.cdn.test -> 93.184.215.99 at 127.0.0.2 (60 s), old.cdn.test -> 93.184.215.99 at 127.0.0.3 (60 s); its name servers hold 93.184.215.14"
    )
    assert finding.wait == 60


def test_an_old_address_is_warned_of_where_nothing_is_expected(internet: Internet) -> None:
    internet.resolvers[0].when(HOST, "A", says(f"{HOST} 120 A {OLD}", flags="RA"))

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(
        (
            "127.0.0.1 gives 93.184.215.99, which no name server gave: addresses that rotate, or an old answer for another 120 s; `expect` would tell",
        )
    )
    assert finding.addresses == (ADDRESS, OLD)


def test_broken_dnssec_is_found_out(internet: Internet) -> None:
    for resolver in internet.resolvers:
        resolver.when(HOST, "A", fails_with_checking)

    finding = internet.probe()

    assert finding.seen == snapshot(
        "DNSSEC is broken: hooks.tenant.test is SERVFAIL with validation, and has an answer without, at 127.0.0.1, 127.0.0.2, 127.0.0.3"
    )
    assert finding.fix == snapshot(
        "Repair the signatures of tenant.test or its DS record in the zone above; `delv hooks.tenant.test` says which."
    )


def test_resolvers_that_fail_in_any_case_do_not_speak_of_dnssec(internet: Internet) -> None:
    for resolver in internet.resolvers:
        resolver.when(HOST, "A", fails("SERVFAIL"))

    finding = internet.probe()

    assert finding.seen == snapshot(
        "server refuses: SERVFAIL for hooks.tenant.test at 127.0.0.1, 127.0.0.2, 127.0.0.3"
    )
    assert finding.fix == snapshot(
        "Set `resolvers` that answer this machine; a SERVFAIL may pass within 5 minutes."
    )


def test_resolvers_that_refuse_are_named(internet: Internet) -> None:
    for resolver in internet.resolvers:
        resolver.when(HOST, "A", fails("REFUSED"))

    assert internet.probe().seen == snapshot(
        "server refuses: REFUSED for hooks.tenant.test at 127.0.0.1, 127.0.0.2, 127.0.0.3"
    )


def test_resolvers_that_contradict_themselves_are_named(internet: Internet) -> None:
    for resolver in internet.resolvers:
        resolver.when(HOST, "A", says(KNOWN, flags="RA", rcode="NXDOMAIN"))

    assert internet.probe().seen == snapshot(
        "server refuses: an answer that contradicts itself for hooks.tenant.test at 127.0.0.1, 127.0.0.2, 127.0.0.3"
    )


def test_resolvers_that_filter_are_named(internet: Internet) -> None:
    for resolver in internet.resolvers:
        resolver.when(HOST, "A", says(flags="RA", rcode="NXDOMAIN"))

    finding = internet.probe()

    assert finding.seen == snapshot(
        "name not there: hooks.tenant.test is NXDOMAIN at 127.0.0.1, 127.0.0.2, 127.0.0.3; its name servers hold 93.184.215.14"
    )
    assert finding.fix == snapshot("See whether these resolvers filter the name, or set other `resolvers`.")
    assert finding.wait == 0


def test_resolvers_that_cannot_be_reached_cannot_be_asked(internet: Internet) -> None:
    first, *others = internet.network.resolvers
    closed = tuple(replace(resolver, address=CLOSED) for resolver in others)
    internet.network = replace(internet.network, resolvers=(first, *closed))

    finding = internet.probe()

    assert finding.seen == snapshot(
        "cannot ask: too few resolvers reply about hooks.tenant.test (127.0.0.99: connection refused, 127.0.0.99: connection refused)"
    )
    assert finding.fix == snapshot(
        "Let this machine send to port 53, UDP and TCP, or set `resolvers` that it can reach."
    )


def test_resolvers_that_give_a_private_address_are_named(internet: Internet) -> None:
    internet.told(f"{HOST} 300 A 10.0.0.5")

    assert internet.probe().seen == snapshot(
        "private address: hooks.tenant.test leads to 10.0.0.5 at 127.0.0.1, which the internet cannot reach"
    )


def test_a_resolver_that_does_not_validate_is_warned_of(internet: Internet) -> None:
    for resolver in internet.resolvers[1:]:
        resolver.when(HOST, "A", says(KNOWN, flags="RA AD"))

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(("127.0.0.1 does not validate DNSSEC",))
