"""CNAME targets are followed, across zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inline_snapshot import snapshot

from tests.probes.dns.conftest import ADDRESS, CDN, HOST
from tests.probes.dns.server import fails

if TYPE_CHECKING:
    from tests.probes.dns.conftest import Internet

OF_TWO_LINKS = (f"{HOST} 300 CNAME lb.cdn.test.", f"lb.cdn.test 60 A {ADDRESS}")


def publish_at_cdn(internet: Internet, *records: str) -> None:
    internet.cdn.holds("cdn.test", "@ NS ns", f"ns A {CDN}", *records)


def test_a_target_in_another_zone_passes(internet: Internet) -> None:
    internet.publish("hooks CNAME lb.cdn.test.")
    publish_at_cdn(internet, f"lb A {ADDRESS}", "lb AAAA 2606:2800:21f:cb07::1")
    internet.told(*OF_TWO_LINKS)

    finding = internet.probe()

    assert finding.passed
    assert finding.seen == snapshot(
        "hooks.tenant.test is lb.cdn.test -> 93.184.215.14 at 2 name servers of tenant.test and 3 resolvers"
    )
    assert finding.warnings == ()
    assert finding.addresses == (ADDRESS, "2606:2800:21f:cb07::1")


def test_a_target_is_never_asked_of_resolvers(internet: Internet) -> None:
    internet.publish("hooks CNAME lb.cdn.test.")
    publish_at_cdn(internet)

    assert internet.probe().seen == snapshot(
        "name not there: lb.cdn.test (where hooks.tenant.test leads to) does not exist (NXDOMAIN) at ns.cdn.test (127.0.0.20)"
    )
    assert internet.questions_to_resolvers() == {("test", "NS"), ("ns.test", "A")}


def test_a_target_that_is_not_there_is_named(internet: Internet) -> None:
    internet.publish("hooks CNAME lb.cdn.test.")
    publish_at_cdn(internet)

    finding = internet.probe()

    assert finding.seen == snapshot(
        "name not there: lb.cdn.test (where hooks.tenant.test leads to) does not exist (NXDOMAIN) at ns.cdn.test (127.0.0.20)"
    )
    assert finding.fix == snapshot(
        "Create an A or CNAME record for lb.cdn.test in cdn.test; if your DNS console shows one, cdn.test is delegated to other servers than the console's."
    )


def test_past_the_first_zone_cut_any_one_server_will_do(internet: Internet) -> None:
    internet.publish("hooks CNAME lb.cdn.test.")
    internet.other.zones.clear()
    internet.tld.holds(
        "test",
        "@ NS ns",
        "ns A 127.0.0.10",
        "tenant NS ns1.tenant",
        "ns1.tenant A 127.0.0.11",
        "cdn NS ns.elsewhere",
        "cdn NS ns.cdn",
        "ns.elsewhere A 127.0.0.13",
        f"ns.cdn A {CDN}",
    )
    publish_at_cdn(internet, f"lb A {ADDRESS}")
    internet.told(*OF_TWO_LINKS)

    assert internet.probe().passed


def test_a_target_in_the_hosts_own_zone_must_be_at_all_servers(internet: Internet) -> None:
    internet.publish("hooks CNAME lb", f"lb A {ADDRESS}")
    internet.publish_at(internet.name_servers[1], "hooks CNAME lb")

    assert internet.probe().seen == snapshot(
        "name not there: lb.tenant.test (where hooks.tenant.test leads to) does not exist (NXDOMAIN) at ns2.tenant.test (127.0.0.12); it is held at ns1.tenant.test (127.0.0.11)"
    )


def test_a_server_that_fails_for_the_target_is_lame(internet: Internet) -> None:
    internet.publish("hooks CNAME lb.cdn.test.")
    internet.cdn.when("lb.cdn.test", None, fails("SERVFAIL"))

    assert internet.probe().seen == snapshot(
        "lame: cdn.test, the zone of lb.cdn.test (where hooks.tenant.test leads to), is not served (SERVFAIL) at ns.cdn.test (127.0.0.20)"
    )


def test_targets_that_differ_are_named(internet: Internet) -> None:
    internet.publish("hooks CNAME new.cdn.test.")
    internet.publish_at(internet.name_servers[1], "hooks CNAME old.cdn.test.")

    finding = internet.probe()

    assert finding.seen == snapshot(
        "CNAME targets differ: hooks.tenant.test leads to new.cdn.test at ns1.tenant.test (127.0.0.11), old.cdn.test at ns2.tenant.test (127.0.0.12)"
    )
    assert finding.fix == snapshot(
        "Wait until all name servers of tenant.test hold the same record, or repair those that never will."
    )


def test_a_target_at_one_server_and_addresses_at_another_differ(internet: Internet) -> None:
    internet.publish_at(internet.name_servers[1], "hooks CNAME lb.cdn.test.")

    assert internet.probe().seen == snapshot(
        "CNAME targets differ: hooks.tenant.test leads to addresses at ns1.tenant.test (127.0.0.11), lb.cdn.test at ns2.tenant.test (127.0.0.12)"
    )


def test_an_expected_target_passes_whatever_its_addresses(internet: Internet) -> None:
    internet.publish("hooks CNAME lb.cdn.test.")
    publish_at_cdn(internet, f"lb A {ADDRESS}")
    internet.told(f"{HOST} 300 CNAME lb.cdn.test.", "lb.cdn.test 60 A 93.184.215.99")

    finding = internet.probe(["LB.cdn.test."])

    assert finding.passed
    assert finding.warnings == ()


def test_another_target_than_the_expected_is_refused(internet: Internet) -> None:
    internet.publish("hooks CNAME lb.cdn.test.")
    publish_at_cdn(internet, f"lb A {ADDRESS}")

    finding = internet.probe(["lb.other.test"])

    assert finding.seen == snapshot(
        "outside `expect`: hooks.tenant.test leads to lb.cdn.test -> 93.184.215.14 at ns.cdn.test (127.0.0.20), not to lb.other.test"
    )
    assert finding.fix == snapshot("Point hooks.tenant.test to lb.other.test, or correct `expect`.")


def test_targets_in_a_circle_are_refused(internet: Internet) -> None:
    internet.publish("hooks CNAME a", "a CNAME b", "b CNAME hooks")

    finding = internet.probe()

    assert finding.seen == snapshot(
        "CNAME loop: hooks.tenant.test -> a.tenant.test -> b.tenant.test -> hooks.tenant.test"
    )
    assert finding.fix == snapshot("Point hooks.tenant.test to a name that has addresses.")


def test_eight_targets_in_a_row_pass(internet: Internet) -> None:
    row = [f"t{number} CNAME t{number + 1}" for number in range(1, 8)]
    internet.publish("hooks CNAME t1", *row, f"t8 A {ADDRESS}")
    internet.told(f"{HOST} 300 CNAME t1.tenant.test.", f"t1.tenant.test 300 A {ADDRESS}")

    assert internet.probe().passed


def test_nine_targets_in_a_row_are_refused(internet: Internet) -> None:
    row = [f"t{number} CNAME t{number + 1}" for number in range(1, 9)]
    internet.publish("hooks CNAME t1", *row, f"t9 A {ADDRESS}")

    assert internet.probe().seen == snapshot(
        "CNAME chain too long: hooks.tenant.test -> t1.tenant.test -> t2.tenant.test -> t3.tenant.test -> t4.tenant.test -> t5.tenant.test -> t6.tenant.test -> t7.tenant.test -> t8.tenant.test -> t9.tenant.test"
    )
