from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upvest_provider.overlap import normalised, shared_categories

PLAIN = "https://a.example/"


@pytest.mark.parametrize(
    "url",
    [
        PLAIN,
        "https://a.example",
        "HTTPS://A.EXAMPLE/",
        "https://a.example./",
        "https://a.example:443",
        "https://a.example:/",
        "https://a.example?",
        "https://a.example/#part",
        "https://me@a.example/",
    ],
)
def test_urls_that_reach_the_same_receiver_have_one_form(url: str) -> None:
    assert normalised(url) == PLAIN


@pytest.mark.parametrize(
    "url",
    [
        "https://b.example/",
        "https://a.example.b.example/",
        "https://a.example:8443/",
        "https://a.example/users",
        "https://a.example/?a=1",
        "http://a.example/",
        "//a.example/",
    ],
)
def test_urls_that_may_reach_another_receiver_have_another_form(url: str) -> None:
    assert normalised(url) != PLAIN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/users", "https://a.example/Users"),
        ("https://a.example/users", "https://a.example/users/"),
        ("https://a.example/?a=1", "https://a.example/?a=2"),
        ("https://a.example/?a=1&b=2", "https://a.example/?b=2&a=1"),
        ("https://a.example:8443/", "https://a.example:8444/"),
    ],
)
def test_path_query_and_port_tell_receivers_apart(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize("url", ["https://[", "https://a.example:65536/", "https://a.example:port/", ""])
def test_a_url_of_the_account_that_cannot_be_read_is_no_failure(url: str) -> None:
    assert normalised(url) not in (PLAIN, normalised("https://b.example:65536/"))


@given(url=st.text() | st.builds("https://{}".format, st.text()))
def test_no_url_of_the_account_is_so_odd_that_comparing_it_fails(url: str) -> None:
    assert normalised(url) == normalised(url)


@given(
    host=st.sampled_from(["a.example", "A.Example.", "a.example:443", "a.example:8443", "me@a.example"]),
    rest=st.sampled_from(["", "/", "?", "/?", "#"]) | st.text("aB/?#=&%.", max_size=8).map("/{}".format),
)
def test_the_form_of_a_form_is_itself(host: str, rest: str) -> None:
    form = normalised(f"https://{host}{rest}")

    assert normalised(form) == form


@pytest.mark.parametrize(
    ("types", "excluded", "others", "others_excluded", "shared"),
    [
        (["USER"], [], ["USER"], [], {"USER"}),
        (["USER"], [], ["ORDER"], [], set()),
        (["USER", "ORDER"], [], ["ORDER", "TOPUP"], [], {"ORDER"}),
        (["ALL"], [], ["USER"], [], {"USER"}),
        (["ALL"], ["USER"], ["USER"], [], set()),
        (["ALL"], ["USER"], ["USER", "ORDER"], [], {"ORDER"}),
        (["USER"], [], ["ALL"], ["ORDER"], {"USER"}),
        (["ALL"], [], ["ALL"], [], {"ALL"}),
        (["ALL"], ["USER"], ["ALL"], ["ORDER"], {"ALL"}),
        (["USER"], ["USER"], ["USER"], [], {"USER"}),
        (["USER"], ["USER"], ["ALL"], [], {"USER"}),
        (["ALL", "USER"], [], ["ORDER"], [], {"ORDER"}),
        (["OF_TOMORROW"], [], ["ALL"], [], {"OF_TOMORROW"}),
    ],
)
def test_what_two_subscriptions_both_deliver(
    types: list[str], excluded: list[str], others: list[str], others_excluded: list[str], shared: set[str]
) -> None:
    assert shared_categories(types, excluded, others, others_excluded) == shared


CATEGORIES = ["USER", "ORDER", "TOPUP"]
TYPES = st.lists(st.sampled_from(["ALL", *CATEGORIES]), min_size=1, max_size=3)
EXCLUDED = st.lists(st.sampled_from(CATEGORIES), max_size=3)


def delivered(types: list[str], excluded: list[str]) -> set[str]:
    """Every category that a subscription delivers, with one that is not known yet."""
    return {*CATEGORIES, "OF_TOMORROW"} - set(excluded) if "ALL" in types else set(types)


@given(types=TYPES, excluded=EXCLUDED, others=TYPES, others_excluded=EXCLUDED)
def test_overlap_is_the_same_seen_from_either_side_and_found_whenever_there_is_one(
    types: list[str], excluded: list[str], others: list[str], others_excluded: list[str]
) -> None:
    shared = shared_categories(types, excluded, others, others_excluded)
    both = delivered(types, excluded) & delivered(others, others_excluded)

    assert shared == shared_categories(others, others_excluded, types, excluded)
    assert bool(shared) == bool(both)
    assert shared in (both, {"ALL"})
