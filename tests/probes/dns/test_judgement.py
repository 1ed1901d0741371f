"""Laws of the pure judgement, over observations that no network would give."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from upvest_provider.probes.dns import Expect, judge_dns
from upvest_provider.probes.dns_records import Answer, DnsObservation, Link, Outcome, Server

IPV4 = st.sampled_from(["93.184.215.14", "93.184.215.15", "10.0.0.5"])
IPV6 = st.sampled_from(["2606:2800:21f:cb07::1", "fd00::1"])
NAMES = st.sampled_from(["hooks.tenant.test", "lb.cdn.test", "other.test"])
NAME_SERVERS = st.sampled_from(["ns1.tenant.test", "ns2.tenant.test", ""])
SERVERS = st.builds(Server, st.sampled_from(["127.0.0.1", "127.0.0.2", ""]), NAME_SERVERS)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Mostly those that can be; for the others the outcome decides."""
    outcome = draw(st.sampled_from([*Outcome, *[Outcome.RECORDS] * 10, *[Outcome.ALIAS] * 2]))
    return Answer(
        draw(SERVERS),
        outcome,
        draw(st.sampled_from(["", "NXDOMAIN"])),
        ipv4=tuple(draw(st.lists(IPV4, max_size=2))) if outcome is Outcome.RECORDS else (),
        ipv6=tuple(draw(st.lists(IPV6, max_size=2))),
        ipv6_fault=draw(st.sampled_from(["", "", "SERVFAIL"])),
        aliases=tuple(draw(st.lists(NAMES, max_size=2))) if outcome in (Outcome.ALIAS, Outcome.RECORDS) else (),
        ttl=draw(st.none() | st.integers(0, 2**31 - 1)),
        validated=draw(st.booleans()),
    )


LINKS = st.builds(
    Link, NAMES, st.sampled_from(["tenant.test", "tenant.test", ""]), st.lists(answers(), max_size=3).map(tuple)
)
OBSERVATIONS = st.builds(
    DnsObservation,
    host=NAMES,
    links=st.lists(LINKS, max_size=3).map(tuple),
    parent=st.sampled_from(["", "test"]),
    delegated=st.lists(NAME_SERVERS, max_size=2).map(tuple),
    named=st.lists(NAME_SERVERS, max_size=2).map(tuple),
    sibling=st.none() | answers(),
    public=st.lists(answers(), max_size=4).map(tuple),
)
EXPECTATIONS = st.lists(st.sampled_from(["93.184.215.0/28", "fd00::/8", "lb.cdn.test"]), max_size=2).map(Expect.of)


GOOD = st.builds(Answer, SERVERS, st.just(Outcome.RECORDS), ipv4=st.lists(IPV4, min_size=1, max_size=2).map(tuple))
MOSTLY_GOOD = st.lists(GOOD | GOOD | GOOD | GOOD | answers(), min_size=1, max_size=4).map(tuple)
NEARLY_IN_ORDER = st.builds(
    DnsObservation,
    host=st.just("hooks.tenant.test"),
    links=st.builds(Link, st.just("hooks.tenant.test"), st.just("tenant.test"), MOSTLY_GOOD).map(
        lambda link: (link,)
    ),
    public=MOSTLY_GOOD,
)


@given(observation=OBSERVATIONS, expect=EXPECTATIONS, allow_private=st.booleans())
def test_a_finding_says_what_was_seen_in_one_line_and_what_to_do_where_it_refuses(
    observation: DnsObservation, expect: Expect, *, allow_private: bool
) -> None:
    finding = judge_dns(observation, expect=expect, allow_private=allow_private)

    assert finding.seen
    assert "\n" not in finding.seen
    assert bool(finding.fix) is not finding.passed
    assert finding.wait == 0 or not finding.passed


@given(observation=NEARLY_IN_ORDER | OBSERVATIONS, expect=EXPECTATIONS, allow_private=st.booleans())
def test_a_pass_means_that_addresses_were_seen_and_that_nobody_in_charge_denied_the_host(
    observation: DnsObservation, expect: Expect, *, allow_private: bool
) -> None:
    finding = judge_dns(observation, expect=expect, allow_private=allow_private)
    if not finding.passed:
        return

    assert any("." in address for address in finding.addresses)
    assert allow_private or not {"10.0.0.5", "fd00::1"} & set(finding.addresses)
    said = [answer.outcome for link in observation.links for answer in link.answers]
    assert set(said) <= {Outcome.RECORDS, Outcome.ALIAS, Outcome.NO_REPLY}
    unlike = [answer for answer in observation.public if answer.outcome is not Outcome.RECORDS]
    assert len(unlike) <= len(observation.public) // 3


@given(observation=NEARLY_IN_ORDER, allow_private=st.booleans())
def test_without_resolvers_nothing_passes(observation: DnsObservation, *, allow_private: bool) -> None:
    assert not judge_dns(replace(observation, public=()), expect=Expect(), allow_private=allow_private).passed


def test_nothing_seen_is_a_refusal() -> None:
    finding = judge_dns(DnsObservation("hooks.tenant.test", links=()), expect=Expect(), allow_private=False)

    assert finding.seen == snapshot("cannot ask: nobody was asked about hooks.tenant.test")
    assert finding.fix == snapshot("Try again.")


def test_long_lists_are_cut() -> None:
    absent = [Answer(Server(f"127.0.0.{number}", f"ns{number}.test"), Outcome.NO_NAME) for number in range(1, 7)]
    observation = DnsObservation("hooks.tenant.test", (Link("hooks.tenant.test", "tenant.test", tuple(absent)),))

    assert judge_dns(observation, expect=Expect(), allow_private=False).seen == snapshot(
        "name not there: hooks.tenant.test does not exist (NXDOMAIN) at ns1.test (127.0.0.1), ns2.test (127.0.0.2), ns3.test (127.0.0.3), ns4.test (127.0.0.4) and 2 more"
    )


def test_what_is_expected_is_told_apart_by_its_form() -> None:
    expect = Expect.of(["93.184.215.14", "93.184.216.0/24", "2606:2800::/32", "LB.cdn.test."])

    assert [str(network) for network in expect.networks] == [
        "93.184.215.14/32",
        "93.184.216.0/24",
        "2606:2800::/32",
    ]
    assert expect.targets == ("lb.cdn.test",)
    assert str(expect) == "93.184.215.14 or 93.184.216.0/24 or 2606:2800::/32 or lb.cdn.test"
    assert str(Expect()) == "anything"


def test_no_answer_lies_inside_what_is_expected() -> None:
    assert not Expect.of(["93.184.215.14"]).holds([], [])
    assert Expect().holds([], [])


@pytest.mark.parametrize(
    "value", ["", "300.1.1.1", "10.0.0.1/8", "10.0.0.0/33", "https://a.test", "a b.test", "a..b"]
)
def test_what_is_none_of_the_three_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=f"must hold IP addresses, networks and DNS names, not '{value}'"):
        Expect.of([value])
