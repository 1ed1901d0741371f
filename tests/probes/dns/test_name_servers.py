"""What the authoritative servers say, and that nobody else is asked before they are in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from tests.probes.dns.conftest import ADDRESS, CDN, CLOSED, HOST, NS1, NS2, NS3, TLD
from tests.probes.dns.server import babbles, fails, in_turn, is_silent, says
from upvest_provider.probes.network import Resolver

if TYPE_CHECKING:
    from tests.probes.dns.conftest import Internet

OTHER = "93.184.215.15"


def test_a_host_that_all_servers_hold_passes(internet: Internet) -> None:
    finding = internet.probe()

    assert finding.passed
    assert finding.seen == snapshot(
        "hooks.tenant.test is 93.184.215.14 at 2 name servers of tenant.test and 3 resolvers"
    )
    assert finding.fix == ""
    assert finding.warnings == ()
    assert finding.addresses == (ADDRESS,)


def test_a_name_that_no_server_holds_is_not_there(internet: Internet) -> None:
    internet.publish()

    finding = internet.probe()

    assert finding.seen == snapshot(
        "name not there: hooks.tenant.test does not exist (NXDOMAIN) at ns1.tenant.test (127.0.0.11), ns2.tenant.test (127.0.0.12)"
    )
    assert finding.fix == snapshot(
        "Create an A or CNAME record for hooks.tenant.test in tenant.test; if your DNS console shows one, tenant.test is delegated to other servers than the console's."
    )


def test_a_name_that_one_server_does_not_hold_is_not_there_yet(internet: Internet) -> None:
    internet.publish_at(internet.name_servers[1])

    finding = internet.probe()

    assert finding.seen == snapshot(
        "name not there: hooks.tenant.test does not exist (NXDOMAIN) at ns2.tenant.test (127.0.0.12); it is held at ns1.tenant.test (127.0.0.11)"
    )
    assert finding.fix == snapshot(
        "Wait until all name servers of tenant.test hold the record, or repair those that never will."
    )


@pytest.mark.parametrize("one_server", [True, False])
def test_resolvers_hear_nothing_of_a_host_that_is_not_there(internet: Internet, *, one_server: bool) -> None:
    for server in internet.name_servers[one_server:]:
        internet.publish_at(server)

    assert not internet.probe().passed
    assert internet.questions_to_resolvers() == {("test", "NS"), ("ns.test", "A")}


def test_resolvers_hear_nothing_of_a_host_that_still_points_elsewhere(internet: Internet) -> None:
    assert not internet.probe([OTHER]).passed
    assert internet.questions_to_resolvers() == {("test", "NS"), ("ns.test", "A")}


def test_resolvers_are_asked_about_the_host_alone_once_it_is_there(internet: Internet) -> None:
    assert internet.probe().passed
    assert internet.questions_to_resolvers() == {("test", "NS"), ("ns.test", "A"), (HOST, "A")}


def test_resolvers_hear_nothing_of_a_name_server_below_the_host(internet: Internet) -> None:
    internet.publish("hooks NS ns.hooks")

    assert internet.probe().seen == snapshot(
        "lame: no IPv4 address is known of the name servers of hooks.tenant.test: ns.hooks.tenant.test"
    )
    assert internet.questions_to_resolvers() == {("test", "NS"), ("ns.test", "A")}


def test_a_name_with_other_records_has_no_address(internet: Internet) -> None:
    internet.publish('hooks TXT "soon"')

    finding = internet.probe()

    assert finding.seen == snapshot(
        "no address: hooks.tenant.test exists without an IPv4 address at ns1.tenant.test (127.0.0.11), ns2.tenant.test (127.0.0.12)"
    )
    assert finding.fix == snapshot(
        "Create an A or CNAME record for hooks.tenant.test in tenant.test; if your DNS console shows one, tenant.test is delegated to other servers than the console's."
    )


def test_a_name_with_ipv6_alone_has_no_address(internet: Internet) -> None:
    internet.publish("hooks AAAA 2606:2800:21f:cb07::1")

    finding = internet.probe()

    assert finding.seen == snapshot(
        "no address: hooks.tenant.test exists without an IPv4 address at ns1.tenant.test (127.0.0.11), ns2.tenant.test (127.0.0.12) (IPv6 only: 2606:2800:21f:cb07::1)"
    )
    assert finding.fix == snapshot(
        "Create an A or CNAME record for hooks.tenant.test in tenant.test; if your DNS console shows one, tenant.test is delegated to other servers than the console's."
    )


def test_an_empty_name_above_others_has_no_address(internet: Internet) -> None:
    internet.publish(f"below.hooks A {ADDRESS}")

    assert internet.probe().seen == snapshot(
        "no address: hooks.tenant.test exists without an IPv4 address at ns1.tenant.test (127.0.0.11), ns2.tenant.test (127.0.0.12)"
    )


def test_a_server_that_refuses_is_named(internet: Internet) -> None:
    internet.name_servers[1].zones.clear()

    finding = internet.probe()

    assert finding.seen == snapshot(
        "server refuses: REFUSED for hooks.tenant.test at ns2.tenant.test (127.0.0.12); it is held at ns1.tenant.test (127.0.0.11)"
    )
    assert finding.fix == snapshot("Set up tenant.test at these servers, or delegate it to those that hold it.")


def test_servers_that_all_refuse_are_named(internet: Internet) -> None:
    for server in internet.name_servers:
        server.zones.clear()

    assert internet.probe().seen == snapshot(
        "server refuses: REFUSED for hooks.tenant.test at ns1.tenant.test (127.0.0.11), ns2.tenant.test (127.0.0.12)"
    )


def test_a_server_that_fails_is_lame(internet: Internet) -> None:
    internet.name_servers[1].when(HOST, None, fails("SERVFAIL"))

    finding = internet.probe()

    assert finding.seen == snapshot(
        "lame: tenant.test, the zone of hooks.tenant.test, is not served (SERVFAIL) at ns2.tenant.test (127.0.0.12); it is held at ns1.tenant.test (127.0.0.11)"
    )
    assert finding.fix == snapshot("Set up tenant.test at these servers, or delegate it to those that hold it.")


def test_a_server_that_refers_upwards_is_lame(internet: Internet) -> None:
    internet.name_servers[1].when(HOST, None, says(flags="", authority="test 300 NS ns.test"))

    assert internet.probe().seen == snapshot(
        "lame: tenant.test, the zone of hooks.tenant.test, is not served (refers to the name servers of test) at ns2.tenant.test (127.0.0.12); it is held at ns1.tenant.test (127.0.0.11)"
    )


def test_a_server_that_has_nothing_to_say_is_lame(internet: Internet) -> None:
    internet.name_servers[1].when(HOST, None, says(flags=""))

    assert internet.probe().seen == snapshot(
        "lame: tenant.test, the zone of hooks.tenant.test, is not served (no AA bit, and no answer) at ns2.tenant.test (127.0.0.12); it is held at ns1.tenant.test (127.0.0.11)"
    )


def test_one_server_that_only_forwards_is_lame(internet: Internet) -> None:
    internet.name_servers[1].when(HOST, None, says(f"{HOST} 300 A {ADDRESS}", flags="RA"))

    assert internet.probe().seen == snapshot(
        "lame: tenant.test, the zone of hooks.tenant.test, is not served (no AA bit) at ns2.tenant.test (127.0.0.12); it is held at ns1.tenant.test (127.0.0.11)"
    )


def test_a_network_that_answers_for_the_name_servers_is_found_out(internet: Internet) -> None:
    for server in internet.name_servers:
        server.when(HOST, None, says(f"{HOST} 300 A {ADDRESS}", flags="RA"))

    finding = internet.probe()

    assert finding.seen == snapshot(
        "this network answers for the name servers: no AA bit in the answers of ns1.tenant.test (127.0.0.11), ns2.tenant.test (127.0.0.12)"
    )
    assert finding.fix == snapshot("Run from a network that lets port 53 through to the name servers themselves.")


def test_a_network_that_answers_for_the_name_servers_above_never_hears_of_the_host(internet: Internet) -> None:
    internet.tld.when("tenant.test", None, says("tenant.test 300 NS ns1.tenant.test", flags="RA"))

    assert internet.probe().seen == snapshot(
        "this network answers for the name servers: no AA bit in the answers of ns.test (127.0.0.10)"
    )
    assert HOST not in {asked.name for asked in internet.world.asked}


def test_servers_that_none_can_be_reached_of_cannot_be_asked(internet: Internet) -> None:
    internet.tld.holds("test", "@ NS ns", f"ns A {TLD}", "tenant NS ns1.tenant", f"ns1.tenant A {CLOSED}")

    finding = internet.probe()

    assert finding.seen == snapshot(
        "cannot ask: no name server of tenant.test replies (ns1.tenant.test (127.0.0.99): connection refused)"
    )
    assert finding.fix == snapshot("Let this machine send to port 53, UDP and TCP, of any address.")


def test_servers_that_stay_silent_cannot_be_asked(internet: Internet) -> None:
    internet.network = replace(internet.network, dns_timeout=0.5)
    internet.tld.when("tenant.test", None, is_silent)

    assert internet.probe().seen == snapshot(
        "cannot ask: no name server of test replies (ns.test (127.0.0.10): timed out)"
    )


def test_what_is_no_dns_is_no_reply(internet: Internet) -> None:
    internet.network = replace(internet.network, dns_timeout=0.5)
    internet.tld.when("tenant.test", None, babbles)

    assert internet.probe().seen == snapshot(
        "cannot ask: no name server of test replies (ns.test (127.0.0.10): replied with what is no DNS)"
    )


def test_a_server_that_cannot_be_reached_is_warned_of(internet: Internet) -> None:
    internet.tld.holds(
        "test",
        "@ NS ns",
        f"ns A {TLD}",
        "tenant NS ns1.tenant",
        "tenant NS ns2.tenant",
        f"ns1.tenant A {NS1}",
        f"ns2.tenant A {CLOSED}",
    )

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(("ns2.tenant.test (127.0.0.99) cannot be asked: connection refused",))


def test_a_server_without_an_address_is_warned_of(internet: Internet) -> None:
    internet.tld.holds(
        "test",
        "@ NS ns",
        f"ns A {TLD}",
        "tenant NS ns1.tenant",
        "tenant NS ns2.tenant",
        f"ns1.tenant A {NS1}",
    )

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(("ns2.tenant.test cannot be asked: no IPv4 address of it is known",))


def test_a_record_that_lives_on_the_zones_own_servers_alone_is_delegated_elsewhere(internet: Internet) -> None:
    for server in internet.name_servers:
        server.holds("tenant.test", "@ NS ns.elsewhere.test.")
    internet.other.holds("tenant.test", "@ NS ns.elsewhere.test.", f"hooks A {ADDRESS}")

    finding = internet.probe()

    assert finding.seen == snapshot(
        "delegated to other servers: test delegates tenant.test to ns1.tenant.test, ns2.tenant.test, but hooks.tenant.test lives on ns.elsewhere.test (127.0.0.13)"
    )
    assert finding.fix == snapshot("Delegate tenant.test to ns.elsewhere.test, where test is kept.")


def test_a_server_that_the_zone_names_itself_must_hold_the_record_too(internet: Internet) -> None:
    own = ("@ NS ns1", "@ NS ns2", "@ NS ns3", f"ns1 A {NS1}", f"ns2 A {NS2}", f"ns3 A {NS3}")
    for server in internet.name_servers:
        server.holds("tenant.test", *own, f"hooks A {ADDRESS}")
    internet.other.holds("tenant.test", *own)

    finding = internet.probe()

    assert finding.seen == snapshot(
        "delegated to other servers: test delegates tenant.test to ns1.tenant.test, ns2.tenant.test, but the zone's own NS records also name ns3.tenant.test (127.0.0.13), without hooks.tenant.test (NXDOMAIN)"
    )
    assert finding.fix == snapshot("Name the same servers in the NS records of tenant.test as in its delegation.")


def test_two_lists_of_servers_that_all_hold_the_record_are_warned_of(internet: Internet) -> None:
    own = (
        "@ NS ns1",
        "@ NS ns2",
        "@ NS ns3",
        f"ns1 A {NS1}",
        f"ns2 A {NS2}",
        f"ns3 A {NS3}",
        f"hooks A {ADDRESS}",
    )
    for server in (*internet.name_servers, internet.other):
        server.holds("tenant.test", *own)

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(
        (
            "test delegates tenant.test to ns1.tenant.test, ns2.tenant.test, the zone itself names ns1.tenant.test, ns2.tenant.test, ns3.tenant.test",
        )
    )


def test_an_address_from_a_server_that_is_not_in_charge_of_it_is_looked_up(internet: Internet) -> None:
    referral = "tenant.test 300 NS ns.elsewhere.net"
    internet.tld.when(
        "tenant.test", None, says(flags="", authority=referral, additional=f"ns.elsewhere.net 300 A {CDN}")
    )
    for resolver in internet.resolvers:
        resolver.when("ns.elsewhere.net", "A", says(f"ns.elsewhere.net 300 A {NS3}", flags="RA"))
    internet.other.holds("tenant.test", "@ NS ns.elsewhere.net.", f"hooks A {ADDRESS}")

    assert internet.probe().passed
    assert internet.cdn.asked == []


def test_a_host_with_a_zone_of_its_own_is_asked_for_there(internet: Internet) -> None:
    internet.publish("hooks NS ns.elsewhere.test.")
    internet.other.holds(HOST, "@ NS ns.elsewhere.test.", f"@ A {ADDRESS}")

    finding = internet.probe()

    assert finding.passed
    assert finding.seen == snapshot(
        "hooks.tenant.test is 93.184.215.14 at 1 name server of hooks.tenant.test and 3 resolvers"
    )


def test_a_zone_on_the_servers_of_its_parent_is_found(internet: Internet) -> None:
    for server in internet.name_servers:
        server.holds(HOST, "@ NS ns1.tenant.test.", f"@ A {ADDRESS}")

    finding = internet.probe()

    assert finding.passed
    assert finding.seen == snapshot(
        "hooks.tenant.test is 93.184.215.14 at 1 name server of hooks.tenant.test and 3 resolvers"
    )


def test_a_domain_that_nobody_registered_is_not_there(internet: Internet) -> None:
    finding = internet.probe(host="hooks.nobody.test")

    assert finding.seen == snapshot(
        "name not there: hooks.nobody.test does not exist (NXDOMAIN) at ns.test (127.0.0.10)"
    )
    assert finding.fix == snapshot(
        "Register the domain of hooks.nobody.test, or have it delegated to your name servers."
    )


def test_a_top_level_domain_that_does_not_exist_is_said_by_the_root(internet: Internet) -> None:
    for resolver in internet.resolvers:
        resolver.when("wrong", "NS", says(flags="RA", rcode="NXDOMAIN"))

    finding = internet.probe(host="hooks.tenant.wrong")

    assert finding.seen == snapshot(
        "name not there: hooks.tenant.wrong does not exist (NXDOMAIN) at ns.test (127.0.0.10)"
    )
    assert finding.fix == snapshot(
        "Register the domain of hooks.tenant.wrong, or have it delegated to your name servers."
    )
    assert internet.questions_to_resolvers() == {("wrong", "NS"), (".", "NS"), ("ns.test", "A")}


def test_a_registry_that_denies_a_domain_is_asked_once(internet: Internet) -> None:
    internet.probe(host="hooks.nobody.test")

    assert [(asked.name, asked.kind) for asked in internet.tld.asked] == [("nobody.test", "NS")]


def test_a_resolver_is_never_asked_about_a_host_of_one_label(internet: Internet) -> None:
    assert not internet.probe(host="hooks").passed
    assert internet.questions_to_resolvers() == {(".", "NS"), ("ns.test", "A")}


def test_without_resolvers_there_is_nobody_to_ask(internet: Internet) -> None:
    internet.network = replace(internet.network, resolvers=())

    assert internet.probe().seen == snapshot("cannot ask: no resolver replies")


def test_resolvers_that_refuse_are_named(internet: Internet) -> None:
    for resolver in internet.resolvers:
        for name in ("test", "."):
            resolver.when(name, "NS", fails("REFUSED"))

    finding = internet.probe()

    assert finding.seen == snapshot(
        "server refuses: no resolver tells which zone hooks.tenant.test is in (127.0.0.1: REFUSED, 127.0.0.2: REFUSED, 127.0.0.3: REFUSED)"
    )
    assert finding.fix == snapshot("Set `resolvers` that answer this machine.")


def test_resolvers_that_cannot_be_reached_are_named(internet: Internet) -> None:
    internet.network = replace(internet.network, resolvers=(Resolver(CLOSED, internet.world.port),))

    finding = internet.probe()

    assert finding.seen == snapshot("cannot ask: no resolver replies (127.0.0.99: connection refused)")
    assert finding.fix == snapshot(
        "Let this machine send to port 53, UDP and TCP, or set `resolvers` that it can reach."
    )


def test_one_resolver_that_cannot_be_reached_stops_nothing(internet: Internet) -> None:
    first, *others = internet.network.resolvers
    internet.network = replace(internet.network, resolvers=(replace(first, address=CLOSED), *others))

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(("127.0.0.99 cannot be asked: connection refused",))


def test_servers_that_rotate_a_subset_of_the_addresses_pass(internet: Internet) -> None:
    subsets = [
        says(f"{HOST} 60 A 93.184.215.{number}", f"{HOST} 60 A 93.184.215.{number + 1}") for number in (20, 22)
    ]
    for server in internet.name_servers:
        server.when(HOST, "A", in_turn(*subsets))
    internet.told(f"{HOST} 60 A 93.184.215.20", f"{HOST} 60 A 93.184.215.23")

    findings = [internet.probe() for _ in range(3)]

    assert all(finding.passed for finding in findings)
    assert {address for finding in findings for address in finding.addresses} == {
        "93.184.215.20",
        "93.184.215.21",
        "93.184.215.22",
        "93.184.215.23",
    }


def test_servers_that_rotate_pass_where_all_is_expected(internet: Internet) -> None:
    for server in internet.name_servers:
        server.when(HOST, "A", in_turn(says(f"{HOST} 60 A {ADDRESS}"), says(f"{HOST} 60 A {OTHER}")))

    finding = internet.probe(["93.184.215.0/24"])

    assert finding.passed
    assert finding.warnings == ()


def test_a_host_outside_what_is_expected_is_refused(internet: Internet) -> None:
    finding = internet.probe([OTHER, "93.184.216.0/24"])

    assert finding.seen == snapshot(
        "outside `expect`: hooks.tenant.test leads to 93.184.215.14 at ns1.tenant.test (127.0.0.11), not to 93.184.215.15 or 93.184.216.0/24"
    )
    assert finding.fix == snapshot(
        "Point hooks.tenant.test to 93.184.215.15 or 93.184.216.0/24, or correct `expect`."
    )


def test_one_server_outside_what_is_expected_is_enough(internet: Internet) -> None:
    internet.publish_at(internet.name_servers[1], f"hooks A {OTHER}")

    assert internet.probe([ADDRESS]).seen == snapshot(
        "outside `expect`: hooks.tenant.test leads to 93.184.215.15 at ns2.tenant.test (127.0.0.12), not to 93.184.215.14"
    )


def test_a_private_address_is_refused(internet: Internet) -> None:
    internet.publish("hooks A 10.0.0.5")

    finding = internet.probe()

    assert finding.seen == snapshot(
        "private address: hooks.tenant.test leads to 10.0.0.5 at ns1.tenant.test (127.0.0.11), which the internet cannot reach"
    )
    assert finding.fix == snapshot(
        "Publish a public address, run where the public zone is seen, or set `allow_private`."
    )
    assert internet.questions_to_resolvers() == {("test", "NS"), ("ns.test", "A")}


def test_a_private_address_passes_where_it_is_allowed(internet: Internet) -> None:
    internet.publish("hooks A 10.0.0.5")
    internet.told(f"{HOST} 300 A 10.0.0.5")

    finding = internet.probe(allow_private=True)

    assert finding.passed
    assert finding.addresses == ("10.0.0.5",)


def test_a_wildcard_is_warned_of(internet: Internet) -> None:
    internet.publish(f"* A {ADDRESS}")

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(
        ("wildcard: a random name beside hooks.tenant.test leads there too, so any name would pass; say `expect`",)
    )


def test_a_wildcard_of_aliases_is_warned_of(internet: Internet) -> None:
    internet.publish("* CNAME lb", f"lb A {ADDRESS}")
    internet.told(f"{HOST} 300 CNAME lb.tenant.test.", f"lb.tenant.test 300 A {ADDRESS}")

    assert internet.probe().warnings == snapshot(
        ("wildcard: a random name beside hooks.tenant.test leads there too, so any name would pass; say `expect`",)
    )


def test_a_wildcard_beside_a_host_with_another_address_is_no_matter(internet: Internet) -> None:
    internet.publish(f"* A {OTHER}", f"hooks A {ADDRESS}")

    assert internet.probe().warnings == ()


def test_a_wildcard_is_no_matter_where_the_address_is_expected(internet: Internet) -> None:
    internet.publish(f"* A {ADDRESS}")

    assert internet.probe([ADDRESS]).warnings == ()


def test_ipv6_addresses_come_last(internet: Internet) -> None:
    internet.publish(f"hooks A {ADDRESS}", "hooks AAAA 2606:2800:21f:cb07::1")

    assert internet.probe().addresses == (ADDRESS, "2606:2800:21f:cb07::1")


@pytest.mark.parametrize("rcode", ["SERVFAIL", "NXDOMAIN", "NOTIMP"])
def test_a_broken_aaaa_is_warned_of(internet: Internet, rcode: str) -> None:
    internet.name_servers[1].when(HOST, "AAAA", says(rcode=rcode))

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == (f"AAAA of {HOST} is broken at ns2.tenant.test ({NS2}): {rcode}",)


def test_silence_about_ipv6_is_warned_of(internet: Internet) -> None:
    internet.network = replace(internet.network, dns_timeout=0.5)
    internet.name_servers[1].when(HOST, "AAAA", is_silent)

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(
        ("AAAA of hooks.tenant.test is broken at ns2.tenant.test (127.0.0.12): timed out",)
    )


def test_a_private_aaaa_is_warned_of_and_left_out(internet: Internet) -> None:
    internet.publish(f"hooks A {ADDRESS}", "hooks AAAA fd00::1")

    finding = internet.probe()

    assert finding.passed
    assert finding.warnings == snapshot(("AAAA of hooks.tenant.test is not public: fd00::1",))
    assert finding.addresses == (ADDRESS,)


def test_an_aaaa_outside_what_is_expected_is_warned_of(internet: Internet) -> None:
    internet.publish(f"hooks A {ADDRESS}", "hooks AAAA 2606:2800:21f:cb07::1")

    assert internet.probe([ADDRESS]).warnings == ()
    assert internet.probe([ADDRESS, "2606:2800::/48"]).warnings == snapshot(
        ("AAAA of hooks.tenant.test is outside `expect`: 2606:2800:21f:cb07::1",)
    )


def test_answers_that_do_not_fit_into_a_datagram_come_over_tcp(internet: Internet) -> None:
    for server in internet.name_servers:
        server.cut_off = True

    assert internet.probe().passed
    assert {asked.over for asked in internet.name_servers[0].asked} == {"udp", "tcp"}


def test_a_server_that_does_not_know_edns_is_asked_without(internet: Internet) -> None:
    for server in internet.name_servers:
        server.knows_edns = False

    assert internet.probe().passed
    assert {asked.edns for asked in internet.name_servers[0].asked} == {True, False}


def test_messages_name_the_host_as_people_write_it(internet: Internet) -> None:
    assert internet.probe(host="Hooks.Tenant.TEST.").seen.startswith(f"{HOST} is ")
