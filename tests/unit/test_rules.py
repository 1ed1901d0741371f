from __future__ import annotations

import math
import socket
from typing import Any

import pulumi
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from pulumi.output import Unknown

from upvest_provider import rules
from upvest_provider.categories import ALL, EVENT_CATEGORIES

UNKNOWN = Unknown()  # type: ignore[no-untyped-call] # pulumi's own

NO_ITEMS: list[object] = []
NO_MEMBERS: dict[str, object] = {}

GOOD = {"title": "User webhook", "url": "https://hooks.tenant.tld/users", "type": ["USER"]}

NO_TITLE = "must be a text of 1 to 100 characters"
NO_HOST = "must have a DNS name as its host; Upvest takes no IP address"
NO_USER = "must have no user or password before the host"
NO_FRAGMENT = "must have no fragment (#…)"
NO_SCHEME = "must start with https://"
UNREADABLE = "must be a https URL that can be read"
WHITE_SPACE = "must be a https URL without white space"
NO_TYPE = "must be a list of at least one event category"
NO_EXCLUSION = "must be a list of event categories"
NO_CONFIG = "must be an object with `delay` and `max_package_size`"
NO_DELAY = "must have a `delay` of whole seconds from 1s to 30s, as `2s`"
NO_SIZE = "must have a `max_package_size` of whole bytes from 100 to 1048576"
NO_ID = "must be the id (a UUID) of an existing webhook"


def faults(inputs: dict[str, Any]) -> list[rules.Fault]:
    return rules.faults(inputs, pulumi.contains_unknowns)


def doubts(inputs: dict[str, Any], old_inputs: dict[str, Any] | None = None) -> list[str]:
    return rules.doubts(GOOD | inputs, old_inputs or {}, pulumi.contains_unknowns)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "a"),
        ("title", "x" * 100),
        ("title", "Größe / 'quoted' <b> 🪝"),
        ("url", "https://hooks.tenant.tld"),
        ("url", "https://hooks.tenant.tld/"),
        ("url", "https://hooks.tenant.tld:8443/users?token=x&y=1"),
        ("url", "https://hooks.tenant.tld:443"),
        ("url", "HTTPS://HOOKS.TENANT.TLD/Users"),
        ("url", "https://hooks.tenant.tld./users"),
        ("url", "https://xn--bcher-kva.example"),
        ("url", "https://1.2.3.4.example"),
        ("url", "https://0x7f.example"),
        ("url", "https://a_b.example"),
        ("url", f"https://{'a' * 63}.example"),
        ("url", "https://hooks.tenant.tld/a@b"),
        ("url", "https://hooks.tenant.tld/" + "x" * 975),
        ("type", ["USER"]),
        ("type", ["ALL"]),
        ("type", ["USER", "USER"]),
        ("type", ["OF_TOMORROW"]),
        ("exclude_type", []),
        ("exclude_type", ["USER", "OF_TOMORROW"]),
        ("config", {}),
        ("config", {"delay": None, "max_package_size": None}),
        *(("config", {"delay": f"{seconds}s"}) for seconds in range(1, 31)),
        *(("config", {"max_package_size": size}) for size in (100, 100.0, 51200, 51200.0, 1048576, 1048576.0)),
        ("config", {"delay": "2s", "max_package_size": 51200}),
        ("enabled", True),
        ("enabled", False),
        ("adopt_id", "6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11"),
        ("adopt_id", "6F1D7E0C-5B0E-4F3A-9D51-0A4C1C2F9B11"),
        *((name, None) for name in ("exclude_type", "config", "enabled", "adopt_id", "account")),
        ("account", "tol"),
        ("__claim", object()),
    ],
)
def test_what_the_api_documents_may_be_declared(name: str, value: object) -> None:
    assert faults(GOOD | {name: value}) == []


@pytest.mark.parametrize(
    ("name", "value", "reasons"),
    [
        *((name, None, ["must be given"]) for name in ("title", "url", "type")),
        *(("title", value, [NO_TITLE]) for value in ("", "x" * 101, 7, True, ["title"], {"a": "b"})),
        *(("url", value, [WHITE_SPACE]) for value in (7, ["https://a.example"], NO_MEMBERS, True)),
        *(
            ("url", f"https://a.example/{blank}", [WHITE_SPACE])
            for blank in (" ", "\t", "\n", "\r", "\x00", "\x7f", "\u00a0", "\u2028", "\u3000")
        ),
        ("url", "", [NO_SCHEME, NO_HOST]),
        ("url", "hooks.tenant.tld", [NO_SCHEME, NO_HOST]),
        ("url", "//hooks.tenant.tld/users", [NO_SCHEME]),
        ("url", "http://hooks.tenant.tld", [NO_SCHEME]),
        ("url", "https:hooks.tenant.tld", [NO_HOST]),
        ("url", "https:///users", [NO_HOST]),
        ("url", "https://", [NO_HOST]),
        ("url", "https://:8443/", [NO_HOST]),
        ("url", "https://.", [NO_HOST]),
        ("url", "https://a..example", [NO_HOST]),
        ("url", "https://a.example..", [NO_HOST]),
        ("url", "https://-a.example", [NO_HOST]),
        ("url", "https://a-.example", [NO_HOST]),
        ("url", f"https://{'a' * 64}.example", [NO_HOST]),
        ("url", "https://a%2eexample", [NO_HOST]),
        ("url", "https://a*.example", [NO_HOST]),
        ("url", "https://a.example\\.other.example", [NO_HOST]),
        ("url", "https://bücher.example", [NO_HOST]),
        ("url", "https://\u212aelvin.example", [NO_HOST]),
        ("url", "https://\u017fharp.example", [NO_HOST]),
        ("url", "https://a\u200b.example", [NO_HOST]),
        ("url", "https://\u0661.\u0662.\u0663.\u0664", [NO_HOST]),
        ("url", "https://a\uff0eexample", [NO_HOST]),
        ("url", "https://a\uff0fexample", [UNREADABLE]),
        ("url", "https://a.example:port", [UNREADABLE]),
        ("url", "https://a.example:65536", [UNREADABLE]),
        ("url", "https://a.example:-1", [UNREADABLE]),
        ("url", "https://[::1", [UNREADABLE]),
        ("url", "https://a]b.example", [UNREADABLE]),
        ("url", "https://me@a.example", [NO_USER]),
        ("url", "https://me:secret@a.example", [NO_USER]),
        ("url", "https://@a.example", [NO_USER]),
        ("url", "https://a.example@10.0.0.1", [NO_HOST, NO_USER]),
        ("url", "https://a.example#", [NO_FRAGMENT]),
        ("url", "https://a.example/x?y#z", [NO_FRAGMENT]),
        ("url", "https://a.example/" + "x" * 983, ["must have at most 1000 characters, not 1001"]),
        (
            "url",
            "http://me@10.0.0.1/#" + "x" * 1000,
            [NO_SCHEME, NO_HOST, NO_USER, NO_FRAGMENT, "must have at most 1000 characters, not 1020"],
        ),
        *(
            ("type", value, [NO_TYPE])
            for value in ([], "USER", {}, {"USER": 1}, 1, [1], ["USER", None], [""], [["USER"]])
        ),
        *(
            ("exclude_type", value, [NO_EXCLUSION])
            for value in ("USER", NO_MEMBERS, 1, [1], [None], [""], [NO_ITEMS])
        ),
        ("exclude_type", ["USER", "ALL"], ["must not contain ALL"]),
        *(("config", value, [NO_CONFIG]) for value in ("2s", 1, True, [], ["delay"])),
        (
            "config",
            {"max_size": 1, "Delay": "2s"},
            ["must have no member but `delay` and `max_package_size`: Delay, max_size"],
        ),
        *(
            ("config", {"delay": delay}, [NO_DELAY])
            for delay in (
                "",
                "0s",
                "31s",
                "60s",
                "1m",
                "2",
                "2S",
                "02s",
                "2 s",
                " 2s",
                "2s\n",
                "-1s",
                "1.5s",
                "٢s",
            )
        ),
        *(("config", {"delay": delay}, [NO_DELAY]) for delay in (2, 2.0, True, ["2s"], {"seconds": 2})),
        *(
            ("config", {"max_package_size": size}, [NO_SIZE])
            for size in (0, -1, 99, 99.999, 100.5, 1048577, 1e300, 10**400, math.nan, math.inf, -math.inf)
        ),
        *(
            ("config", {"max_package_size": size}, [NO_SIZE])
            for size in (True, "100", "51200", [100], {"bytes": 100})
        ),
        *(
            ("enabled", value, ["must be true or false"])
            for value in (0, 1, 1.0, "true", "", NO_ITEMS, NO_MEMBERS)
        ),
        *(
            ("adopt_id", value, [NO_ID])
            for value in ("", "webhook", 7, 10**31, True, NO_ITEMS, NO_MEMBERS, "6f1d7e0c-5b0e-4f3a-9d51")
        ),
    ],
)
def test_what_the_api_would_refuse_is_told_with_its_reason(name: str, value: object, reasons: list[str]) -> None:
    assert faults(GOOD | {name: value}) == [rules.Fault(name, reason) for reason in reasons]


def test_every_fault_of_a_resource_is_told_at_once() -> None:
    inputs = {
        "title": "",
        "url": "http://10.0.0.1",
        "exclude_type": ["ALL"],
        "config": {"delay": "1m", "max_package_size": 99, "retries": 3},
        "enabled": "yes",
        "adopt_id": "mine",
    }

    assert [f"{fault.property} {fault.reason}" for fault in faults(inputs)] == snapshot(
        [
            "type must be given",
            "title must be a text of 1 to 100 characters",
            "url must start with https://",
            "url must have a DNS name as its host; Upvest takes no IP address",
            "exclude_type must not contain ALL",
            "config must have no member but `delay` and `max_package_size`: retries",
            "config must have a `delay` of whole seconds from 1s to 30s, as `2s`",
            "config must have a `max_package_size` of whole bytes from 100 to 1048576",
            "enabled must be true or false",
            "adopt_id must be the id (a UUID) of an existing webhook",
        ]
    )


IP_ADDRESSES = [
    "127.0.0.1",
    "10.0.0.1",
    "10.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "2130706433.",
    "0",
    "0x7f.1",
    "0x7f000001",
    "0X7F000001",
    "0x7f.0.0.0x1",
    "1.0x",
    "0177.0.0.1",
    "017700000001",
    "256.256.256.256",
    "[::1]",
    "[::]",
    "[2001:db8::1]",
    "[::ffff:127.0.0.1]",
    "[fe80::1%25eth0]",
    "[v1.example]",
    "[vF.a:b]",
]


@pytest.mark.parametrize("host", IP_ADDRESSES)
@pytest.mark.parametrize("rest", ["", ":8443/users"])
def test_no_disguise_makes_an_ip_address_a_dns_name(host: str, rest: str) -> None:
    assert faults(GOOD | {"url": f"https://{host}{rest}"}) == [rules.Fault("url", NO_HOST)]


NUMBERS = st.integers(0, 2**32 - 1)
NUMBERS_AS_TEXT = st.one_of(*(NUMBERS.map(form.format) for form in ("{}", "0{:o}", "0x{:x}", "0X{:X}", "{:04}")))


@given(
    host=st.one_of(
        st.lists(NUMBERS_AS_TEXT, min_size=1, max_size=5).map(".".join),
        st.text("0123456789abcdefx.", min_size=1, max_size=20),
    )
)
def test_what_the_c_library_takes_for_an_ip_address_is_no_dns_name(host: str) -> None:
    try:
        socket.inet_aton(host)
    except OSError:
        return

    assert rules.Fault("url", NO_HOST) in faults(GOOD | {"url": f"https://{host}/"})


NUMERIC = st.integers() | st.floats() | st.sampled_from([10**400, 100, 100.0, 1048576.0])
TEXT = st.text() | st.sampled_from(["2s", "1m", "ALL", "USER", "https://[", "https://a.example", "delay"])
LEAVES = st.none() | st.booleans() | NUMERIC | TEXT
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8)
URLS = st.builds(
    "{}{}{}".format, st.sampled_from(["https://", "https:", ""]), st.text(), st.sampled_from(["", "#", "@"])
)
CONFIGS = st.fixed_dictionaries({}, optional={"delay": JSON, "max_package_size": JSON, "other": JSON})
PROPERTIES: dict[str, st.SearchStrategy[Any]] = {
    "title": JSON,
    "url": URLS | JSON,
    "type": JSON,
    "exclude_type": JSON,
    "config": CONFIGS | JSON,
    "enabled": JSON,
    "adopt_id": JSON,
    "account": JSON,
    "gate": JSON,
    "verify": JSON,
    "__name": JSON,
}
ANYTHING = st.fixed_dictionaries({}, optional=PROPERTIES)


@given(inputs=ANYTHING)
@example(inputs={"config": {"max_package_size": math.nan}})
@example(inputs={"config": {"max_package_size": -math.inf}})
def test_no_input_is_so_odd_that_telling_its_faults_fails(inputs: dict[str, Any]) -> None:
    for fault in faults(inputs):
        assert fault.property in PROPERTIES
        assert fault.reason.startswith("must ")


@given(inputs=ANYTHING)
def test_the_faults_of_a_resource_are_those_of_its_properties(inputs: dict[str, Any]) -> None:
    alone = [fault for name, value in inputs.items() for fault in faults(GOOD | {name: value})]

    assert sorted(faults(GOOD | inputs)) == sorted(alone)


@given(inputs=ANYTHING, old_inputs=ANYTHING)
def test_no_allowed_input_is_so_odd_that_telling_its_doubts_fails(
    inputs: dict[str, Any], old_inputs: dict[str, Any]
) -> None:
    allowed = {name: value for name, value in inputs.items() if not faults(GOOD | {name: value})}

    assert all(doubt == doubt.strip() for doubt in doubts(allowed, old_inputs))


WITH_AN_UNKNOWN = st.recursive(
    st.just(UNKNOWN),
    lambda inner: (
        st.tuples(st.lists(JSON, max_size=2), inner).map(lambda both: [*both[0], both[1]])
        | st.tuples(st.dictionaries(TEXT, JSON, max_size=2), inner).map(lambda both: {**both[0], "delay": both[1]})
    ),
    max_leaves=3,
)


@given(name=st.sampled_from(sorted(PROPERTIES)), value=WITH_AN_UNKNOWN)
def test_a_value_that_is_not_known_yet_passes_without_a_doubt(name: str, value: object) -> None:
    assert faults(GOOD | {name: value}) == []
    assert doubts({name: value}) == []


def test_an_unknown_property_does_not_hide_the_faults_of_others() -> None:
    assert faults({"title": UNKNOWN, "url": UNKNOWN, "enabled": 1}) == [
        rules.Fault("type", "must be given"),
        rules.Fault("enabled", "must be true or false"),
    ]


@pytest.mark.parametrize("title", ["a", "x" * 32, "User webhook (v1.0) [x] {y}-z"])
def test_a_title_of_the_newest_rule_raises_no_doubt(title: str) -> None:
    assert doubts({"title": title}) == []


@pytest.mark.parametrize("title", ["x" * 33, "users/orders", "Größe", "users_webhook", "users\n", "a:b"])
def test_a_title_outside_the_newest_rule_is_doubted(title: str) -> None:
    assert doubts({"title": title}) == snapshot(
        ["the API may refuse its title: Upvest's newest rule is 1 to 32 of a-z A-Z 0-9 space ()[]{}.-"]
    )


@pytest.mark.parametrize("category", sorted(EVENT_CATEGORIES))
def test_a_known_category_raises_no_doubt(category: str) -> None:
    assert doubts({"type": [category]}) == []
    assert doubts({"type": [ALL], "exclude_type": [category]}) == []


@pytest.mark.parametrize(
    ("inputs", "sentences"),
    [
        pytest.param(
            {"type": ["BUSINESS_CHECK"]},
            snapshot(["this version does not know the event category BUSINESS_CHECK; the API decides"]),
            id="unknown",
        ),
        pytest.param(
            {"type": ["user"]},
            snapshot(["this version does not know the event category user (is USER meant?); the API decides"]),
            id="in other letters",
        ),
        pytest.param(
            {"type": ["All"]},
            snapshot(["this version does not know the event category All (is ALL meant?); the API decides"]),
            id="all in other letters",
        ),
        pytest.param(
            {"type": ["ALL"], "exclude_type": ["User", "NEW"]},
            snapshot(
                [
                    "this version does not know the event category NEW; the API decides",
                    "this version does not know the event category User (is USER meant?); the API decides",
                ]
            ),
            id="unknown exclusion",
        ),
        pytest.param(
            {"type": ["NEW", "A", "NEW"]},
            snapshot(
                [
                    "this version does not know the event category A; the API decides",
                    "this version does not know the event category NEW; the API decides",
                ]
            ),
            id="each once, sorted",
        ),
        pytest.param(
            {"type": ["USER"], "exclude_type": ["ORDER"]},
            snapshot(["exclude_type has no effect unless type is ['ALL']"]),
            id="exclusion without ALL",
        ),
        pytest.param({"type": ["USER"], "exclude_type": []}, [], id="no exclusion"),
        pytest.param(
            {"type": ["ALL", "USER"]},
            snapshot(["type names ALL and others; ALL says it all"]),
            id="ALL and others",
        ),
        pytest.param({"type": ["ALL"], "exclude_type": ["ORDER"]}, [], id="exclusion from ALL"),
    ],
)
def test_doubtful_categories_are_told(inputs: dict[str, Any], sentences: list[str]) -> None:
    assert doubts(inputs) == sentences


STAYS = "is no longer declared, and the API has no way back to its default:"
DELAY_STAYS = f"config.delay {STAYS} 2s stays"
SIZE_STAYS = f"config.max_package_size {STAYS} 51200 stays"
BOTH = {"delay": "2s", "max_package_size": 51200.0}


@pytest.mark.parametrize(
    ("config", "sentences"),
    [
        pytest.param(BOTH, [], id="still declared"),
        pytest.param({"delay": "3s", "max_package_size": 100}, [], id="changed"),
        pytest.param(
            {"delay": "2s"},
            [SIZE_STAYS],
            id="one gone",
        ),
        pytest.param(
            {"delay": None, "max_package_size": 100},
            [DELAY_STAYS],
            id="one made None",
        ),
        pytest.param(
            {},
            [DELAY_STAYS, SIZE_STAYS],
            id="both gone",
        ),
        pytest.param(
            None,
            [DELAY_STAYS, SIZE_STAYS],
            id="config gone",
        ),
        pytest.param(UNKNOWN, [], id="config unknown"),
        pytest.param({"delay": UNKNOWN, "max_package_size": 100}, [], id="a member unknown"),
        pytest.param(
            {"delay": UNKNOWN},
            [SIZE_STAYS],
            id="a member unknown, the other gone",
        ),
    ],
)
def test_a_member_of_config_that_is_no_longer_declared_is_told(config: object, sentences: list[str]) -> None:
    assert doubts({"config": config}, {"config": BOTH}) == sentences


@pytest.mark.parametrize(
    "old_inputs", [{}, {"config": None}, {"config": {}}, {"config": {"delay": None}}, {"config": UNKNOWN}]
)
def test_a_member_of_config_that_never_was_declared_raises_no_doubt(old_inputs: dict[str, Any]) -> None:
    assert doubts({}, old_inputs) == []


def test_all_doubts_are_told_at_once() -> None:
    inputs = {"title": "users/orders", "type": ["user"], "exclude_type": ["ORDER"]}

    assert doubts(inputs, {"config": {"delay": "2s"}}) == snapshot(
        [
            "the API may refuse its title: Upvest's newest rule is 1 to 32 of a-z A-Z 0-9 space ()[]{}.-",
            "this version does not know the event category user (is USER meant?); the API decides",
            "exclude_type has no effect unless type is ['ALL']",
            DELAY_STAYS,
        ]
    )
