from __future__ import annotations

import math
from typing import Any

import pulumi
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pulumi.output import Unknown

from upvest_provider import readiness_rules as rules
from upvest_provider.rules import Fault

UNKNOWN = Unknown()  # type: ignore[no-untyped-call] # pulumi's own

NO_MEMBERS: dict[str, object] = {}
NO_ITEMS: list[object] = []

GOOD = {"url": "https://hooks.tenant.tld"}

NO_HOST = "must have a DNS name as its host; Upvest takes no IP address"
NO_REACH = 'must be "anywhere" or "upvest"'
NO_END = 'must be "fail" or "report"'
NO_CHECKS = "must be an object with dns, tls or http"
NO_EXPECT = "must be a list of addresses, networks or one CNAME target"
NO_PLACE = "must hold addresses, networks or a CNAME target, not {!r}"
NO_RESOLVERS = "must be a list of addresses, as 9.9.9.9 or 127.0.0.1:5353"
NO_RESOLVER = "must hold addresses, as 9.9.9.9 or 127.0.0.1:5353, not {!r}"
NO_FILE = "must be the path of a PEM file"
NO_FLAG = "must be true or false"
NO_DURATION = "must be a duration, as 5s, 10m, 24h or 14d"
NO_PASSES = "must be a whole number from 1 to 100"
NO_REASON = 'must say why {} is skipped, as "skip: the receiver is behind a VPN"'
NO_MODE = 'must have `{}` as "require", "warn" or "skip: REASON"'
DURATIONS = ("timeout", "interval", "min_validity")
NOTHING_LEFT = "must leave at least one check; a gate that checks nothing is always open"
HTTP_WITHOUT_TLS = "must not skip tls where http is asked for"
TOO_LONG = "must not be longer than the timeout"


def faults(inputs: dict[str, Any]) -> list[Fault]:
    return rules.faults(inputs, pulumi.contains_unknowns)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", "https://hooks.tenant.tld:8443/webhooks?token=x"),
        ("url", "https://hooks.tenant.tld."),
        ("reachable_from", "anywhere"),
        ("reachable_from", "upvest"),
        ("checks", {}),
        ("checks", {"dns": "require", "tls": "warn", "http": "require"}),
        ("checks", {"dns": "skip: the name is in a hosts file"}),
        ("checks", {"tls": "skip:VPN", "http": None}),
        ("checks", {"tls": None}),
        ("expect", ["203.0.113.7"]),
        ("expect", ["203.0.113.0/24", "2001:db8::/32", "2001:db8::1"]),
        ("expect", ["lb-1.eu-central-1.elb.example"]),
        ("expect", ["LB-1.Elb.Example."]),
        ("resolvers", ["9.9.9.9"]),
        ("resolvers", ["127.0.0.1:5353", "[2620:fe::fe]:53", "[2620:fe::fe]"]),
        ("ca_file", "/etc/ssl/roots.pem"),
        ("allow_private", True),
        ("allow_private", False),
        *(
            (name, value)
            for name in ("timeout", "min_validity")
            for value in ("5s", "10m", "24h", "14d", "999999d")
        ),
        *(("interval", value) for value in ("1s", "10m")),
        *(("passes", value) for value in (1, 3, 3.0, 100)),
        ("on_timeout", "fail"),
        ("on_timeout", "report"),
        *((name, None) for name in rules.DEFAULTS),
        ("triggers", [NO_MEMBERS, 1, None]),
        ("__name", object()),
    ],
)
def test_what_is_described_may_be_declared(name: str, value: object) -> None:
    assert faults(GOOD | {name: value}) == []


@pytest.mark.parametrize(
    ("name", "value", "reasons"),
    [
        ("url", None, ["must be given"]),
        ("url", "http://hooks.tenant.tld", ["must start with https://"]),
        *(("url", f"https://{host}", [NO_HOST]) for host in ("203.0.113.7", "[2001:db8::1]", "0x7f.1", "")),
        *(
            ("reachable_from", value, [NO_REACH])
            for value in ("", "Upvest", "here", 1, True, NO_ITEMS, NO_MEMBERS)
        ),
        *(("on_timeout", value, [NO_END]) for value in ("", "Fail", "wait", 0, False, NO_ITEMS)),
        *(("checks", value, [NO_CHECKS]) for value in ("", "skip", 1, False, NO_ITEMS, ["tls"])),
        ("checks", {"ftp": "require"}, ["must have no member but dns, tls and http: ftp"]),
        (
            "checks",
            {"smtp": "skip", "ftp": 1},
            [f"must have no member but dns, tls and http: {name}" for name in ("ftp", "smtp")],
        ),
        *(
            ("checks", {check: mode}, [NO_MODE.format(check)])
            for check in rules.CHECKS
            for mode in (
                "",
                "Require",
                "off",
                True,
                0,
                "skipped",
                "skip the VPN",
                " skip: VPN",
                NO_ITEMS,
                NO_MEMBERS,
            )
        ),
        *(
            ("checks", {check: mode}, [NO_REASON.format(check)])
            for check in rules.CHECKS
            for mode in ("skip", "skip:", "skip: ", "skip:\n\t")
        ),
        ("checks", {"dns": "no", "tls": "skip"}, [NO_MODE.format("dns"), NO_REASON.format("tls")]),
        *(("expect", value, [NO_EXPECT]) for value in ("", "203.0.113.7", 1, True, NO_ITEMS, NO_MEMBERS)),
        *(
            ("expect", [value], [NO_PLACE.format(value)])
            for value in (
                "",
                ".",
                "203.0.113.7/33",
                "203.0.113.7/24",
                "203.0.113.300",
                "203.0.113",
                "https://lb.example",
                "lb.example:443",
                "*.lb.example",
                "b\u00fccher.example",
                "\u212aelvin.example",
                " lb.example",
                7,
                None,
                True,
                NO_ITEMS,
                NO_MEMBERS,
            )
        ),
        ("expect", ["203.0.113.7", "no place", 7], [NO_PLACE.format("no place"), NO_PLACE.format(7)]),
        *(("resolvers", value, [NO_RESOLVERS]) for value in ("", "9.9.9.9", 9, True, NO_ITEMS, NO_MEMBERS)),
        *(
            ("resolvers", [value], [NO_RESOLVER.format(value)])
            for value in (
                "",
                "dns.quad9.net",
                "9.9.9",
                "9.9.9.9:0",
                "9.9.9.9:65536",
                "9.9.9.9:dns",
                "9.9.9.9/24",
                "9.9.9.9?",
                "me@9.9.9.9",
                "9.9.9.9\n",
                "https://9.9.9.9",
                "2620:fe::fe",
                "[2620:fe::fe",
                9.9,
                None,
                True,
                NO_ITEMS,
                NO_MEMBERS,
            )
        ),
        ("resolvers", ["9.9.9.9", "", 1], [NO_RESOLVER.format(""), NO_RESOLVER.format(1)]),
        *(("ca_file", value, [NO_FILE]) for value in ("", 1, True, ["roots.pem"], NO_MEMBERS)),
        *(("allow_private", value, [NO_FLAG]) for value in ("", "true", 0, 1, 1.0, NO_ITEMS)),
        *(
            (name, value, [NO_DURATION])
            for name in DURATIONS
            for value in (
                "",
                "0s",
                "00m",
                "5",
                "s",
                "-5s",
                "+5s",
                "5 s",
                "1.5h",
                "5S",
                "5ms",
                "1h30m",
                "1000000s",
                5,
                5.0,
            )
        ),
        *((name, value, [NO_DURATION]) for name in DURATIONS for value in (True, math.inf, NO_ITEMS, NO_MEMBERS)),
        *(
            ("passes", value, [NO_PASSES])
            for value in (0, -1, 101, 2.5, math.nan, math.inf, 10**400, "3", True, False, NO_ITEMS, NO_MEMBERS)
        ),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_reason(name: str, value: object, reasons: list[str]) -> None:
    assert faults(GOOD | {name: value}) == [Fault(name, reason) for reason in reasons]


def test_all_faults_are_told_at_once() -> None:
    assert faults({"timeout": "soon", "passes": 0, "checks": {"tls": "skip"}}) == [
        Fault("url", "must be given"),
        Fault("checks", NO_REASON.format("tls")),
        Fault("timeout", NO_DURATION),
        Fault("passes", NO_PASSES),
    ]


SKIPPED = {"dns": "skip: a", "tls": "skip: b"}


@pytest.mark.parametrize(
    ("inputs", "property_", "reason"),
    [
        ({"interval": "11m"}, "interval", TOO_LONG),
        ({"interval": "6s", "timeout": "5s"}, "interval", TOO_LONG),
        ({"timeout": "4s"}, "interval", TOO_LONG),  # than which the default interval is longer
        ({"interval": "61s", "on_timeout": "report"}, "interval", TOO_LONG),
        *(
            (
                {"reachable_from": "upvest", "checks": {check: mode}},
                "checks",
                f'must not ask for {check} from here with reachable_from="upvest"',
            )
            for check, mode in (("tls", "require"), ("tls", "warn"))
        ),
        ({"checks": SKIPPED}, "checks", NOTHING_LEFT),
        ({"checks": {**SKIPPED, "http": "skip: c"}}, "checks", NOTHING_LEFT),
        ({"checks": {"dns": "skip: a"}, "reachable_from": "upvest"}, "checks", NOTHING_LEFT),
        ({"checks": {"tls": "skip: a", "http": "require"}}, "checks", HTTP_WITHOUT_TLS),
        ({"checks": {"tls": "skip: a", "http": "warn"}}, "checks", HTTP_WITHOUT_TLS),
    ],
)
def test_inputs_that_contradict_each_other_are_refused(
    inputs: dict[str, Any], property_: str, reason: str
) -> None:
    assert faults(GOOD | inputs) == [Fault(property_, reason)]


def test_every_contradiction_is_told() -> None:
    inputs = {"interval": "2m", "timeout": "1m", "reachable_from": "upvest", "checks": {"http": "require"}}

    assert faults(GOOD | inputs) == [
        Fault("interval", TOO_LONG),
        Fault("checks", 'must not ask for http from here with reachable_from="upvest"'),
        Fault("checks", HTTP_WITHOUT_TLS),
    ]


@pytest.mark.parametrize(
    "inputs",
    [
        {"interval": "10m"},
        {"interval": "5s", "timeout": "5s"},
        {"interval": "60s", "on_timeout": "report"},
        {"reachable_from": "upvest", "checks": {"tls": "skip: seen by Upvest alone"}},
        {"reachable_from": "upvest", "checks": {"tls": None, "http": None}},
        {"reachable_from": "upvest", "checks": {"dns": "warn"}},
        {"checks": {"dns": "skip: a", "http": "require"}},
    ],
)
def test_what_goes_together_is_not_refused(inputs: dict[str, Any]) -> None:
    assert faults(GOOD | inputs) == []


@pytest.mark.parametrize("unknown", ["url", "triggers", "expect", "resolvers", "ca_file"])
def test_contradictions_are_told_before_what_has_no_part_in_them_is_known(unknown: str) -> None:
    value = [UNKNOWN] if unknown == "triggers" else UNKNOWN

    assert faults(GOOD | {"interval": "11m", unknown: value}) == [Fault("interval", TOO_LONG)]


def test_what_is_not_known_yet_may_still_resolve_a_contradiction() -> None:
    assert faults(GOOD | {"interval": "11m", "timeout": UNKNOWN}) == []
    assert faults(GOOD | {"checks": {"tls": UNKNOWN}, "reachable_from": "upvest"}) == []


def test_an_unknown_property_does_not_hide_the_faults_of_others() -> None:
    assert faults({"url": UNKNOWN, "checks": {"tls": UNKNOWN}, "passes": 0}) == [Fault("passes", NO_PASSES)]


@pytest.mark.parametrize(
    ("inputs", "modes"),
    [
        ({}, rules.DEFAULTS),
        ({"reachable_from": "anywhere", "checks": None}, rules.DEFAULTS),
        ({"checks": {"tls": None, "http": "warn"}}, {"dns": "require", "tls": "require", "http": "warn"}),
        (
            {"reachable_from": "upvest"},
            {"dns": "require", "tls": rules.FROM_UPVEST_ONLY, "http": rules.FROM_UPVEST_ONLY},
        ),
        (
            {"reachable_from": "upvest", "checks": {"tls": "skip: firewall"}},
            {"dns": "require", "tls": "skip: firewall", "http": rules.FROM_UPVEST_ONLY},
        ),
    ],
)
def test_each_check_has_a_mode_whatever_is_declared(inputs: dict[str, Any], modes: dict[str, str]) -> None:
    assert rules.modes(GOOD | inputs) == modes


def test_times_have_their_defaults_and_their_units() -> None:
    assert (rules.timeout({}), rules.interval({}), rules.min_validity({})) == (600, 5, 86400)
    assert rules.timeout({"on_timeout": "report"}) == 60
    assert rules.timeout({"on_timeout": "report", "timeout": "10m"}) == 600
    assert rules.interval({"interval": "90s"}) == 90
    assert rules.min_validity({"min_validity": "14d"}) == 14 * 86400
    assert rules.min_validity({"min_validity": "36h"}) == 36 * 3600


NUMERIC = st.integers() | st.floats() | st.sampled_from([10**400, 3, 3.0])
WORDS = "require warn skip fail report upvest anywhere dns tls http 5s 11m 9.9.9.9 [::1]:53 [ https://[ lb.example"
TEXT = st.text() | st.sampled_from([*WORDS.split(), "skip: a", "https://a.example", "203.0.113.0/24"])
JSON = st.recursive(
    st.none() | st.booleans() | NUMERIC | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)
MODE = st.none() | st.sampled_from(["require", "warn", "skip: a", "skip"]) | JSON
CHECKS = st.fixed_dictionaries({}, optional={"dns": MODE, "tls": MODE, "http": MODE, "other": JSON})
ITEMS = st.lists(TEXT | JSON, max_size=3)
PROPERTIES: dict[str, st.SearchStrategy[Any]] = {
    "url": st.just(GOOD["url"]) | JSON,
    "reachable_from": st.sampled_from(["anywhere", "upvest"]) | JSON,
    "checks": CHECKS | JSON,
    "expect": ITEMS | JSON,
    "resolvers": ITEMS | JSON,
    "ca_file": JSON,
    "allow_private": JSON,
    "min_validity": JSON,
    "timeout": JSON,
    "interval": JSON,
    "passes": JSON,
    "on_timeout": st.sampled_from(["fail", "report"]) | JSON,
    "triggers": JSON,
    "__name": JSON,
}
ANYTHING = st.fixed_dictionaries({}, optional=PROPERTIES)


@given(inputs=ANYTHING)
@example(inputs={**GOOD, "checks": {"tls": None}})
@example(inputs={**GOOD, "passes": math.nan})
def test_no_input_is_so_odd_that_telling_its_faults_fails(inputs: dict[str, Any]) -> None:
    for fault in faults(inputs):
        assert fault.property in PROPERTIES
        assert fault.reason.startswith("must ")


@given(inputs=ANYTHING)
def test_inputs_without_a_fault_can_be_read(inputs: dict[str, Any]) -> None:
    alone = {
        name: value for name, value in inputs.items() if not faults(GOOD | {"timeout": "10000d", name: value})
    }
    allowed = {**GOOD, **alone}

    assert set(rules.modes(allowed)) == set(rules.CHECKS)
    assert all(isinstance(mode, str) for mode in rules.modes(allowed).values())
    assert min(rules.timeout(allowed), rules.interval(allowed), rules.min_validity(allowed)) > 0


@given(
    name=st.sampled_from(sorted(PROPERTIES)),
    value=st.sampled_from([UNKNOWN, [UNKNOWN], {"tls": UNKNOWN}, [{"other": [UNKNOWN]}]]),
)
def test_a_value_that_is_not_known_yet_passes(name: str, value: object) -> None:
    assert faults(GOOD | {name: value}) == []
