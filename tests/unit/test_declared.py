from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown

from upvest_provider.declared import Declarations
from upvest_provider.rules import Fault

UNKNOWN = Unknown()  # type: ignore[no-untyped-call] # pulumi's own


def webhook(name: str, **fields: object) -> dict[str, Any]:
    return {"__name": name, "__claim": f"claim of {name}", "url": "https://a.example", "type": ["USER"], **fields}


def faults(declarations: Declarations, inputs: dict[str, Any], account: str = "") -> list[Fault]:
    return declarations.faults(inputs, account, pulumi.contains_unknowns)


def clash(declared: str, other: str, shared: str) -> Fault:
    return Fault(
        "type",
        f"must not share {shared} with {other!r}, which has the same URL: "
        "{!r} and {!r} would both receive each event. Give each event to one of them".format(
            *sorted([declared, other])
        ),
    )


@pytest.mark.parametrize(("first", "second"), [("users", "people"), ("people", "users")])
def test_twins_are_told_with_both_names_whichever_is_seen_first(first: str, second: str) -> None:
    declarations = Declarations()

    assert faults(declarations, webhook(first)) == []
    assert faults(declarations, webhook(second, url="HTTPS://A.example:443/")) == [clash(second, first, "USER")]


def test_each_of_several_twins_is_told_with_what_it_shares() -> None:
    declarations = Declarations()
    faults(declarations, webhook("users"))
    faults(declarations, webhook("orders", type=["ORDER_CANCELLATION", "ORDER"]))
    faults(declarations, webhook("reports", type=["REPORT"]))

    assert faults(declarations, webhook("all", type=["ALL"], exclude_type=["REPORT"])) == [
        clash("all", "users", "USER"),
        clash("all", "orders", "ORDER, ORDER_CANCELLATION"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "https://b.example"},
        {"url": "https://a.example/users"},
        {"type": ["ORDER"]},
        {"type": ["ALL"], "exclude_type": ["USER"]},
    ],
)
def test_webhooks_that_share_no_event_do_not_clash(fields: dict[str, Any]) -> None:
    declarations = Declarations()
    faults(declarations, webhook("users"))

    assert faults(declarations, webhook("others", **fields)) == []


@pytest.mark.parametrize("field", ["url", "type", "exclude_type"])
def test_what_is_not_known_yet_clashes_with_nothing(field: str) -> None:
    declarations = Declarations()
    unknown = webhook("unknown", type=["ALL"], exclude_type=[]) | {field: UNKNOWN}
    faults(declarations, webhook("users"))

    assert faults(declarations, unknown) == []
    assert faults(declarations, webhook("orders", type=["ORDER"])) == []


def test_an_item_that_is_not_known_yet_makes_its_list_unknown() -> None:
    declarations = Declarations()
    faults(declarations, webhook("users"))

    assert faults(declarations, webhook("others", type=["USER", UNKNOWN])) == []


def test_a_resource_never_clashes_with_itself() -> None:
    declarations = Declarations()

    assert faults(declarations, webhook("users")) == []
    assert faults(declarations, webhook("users")) == []
    assert faults(declarations, webhook("users", type=["ALL"])) == []


def test_a_resource_is_known_by_what_it_declared_last() -> None:
    declarations = Declarations()
    faults(declarations, webhook("users", url="https://b.example"))
    faults(declarations, webhook("users"))

    assert faults(declarations, webhook("others", url="https://b.example")) == []
    assert faults(declarations, webhook("twin")) != []


def test_resources_of_one_name_below_different_parents_are_told_apart() -> None:
    declarations = Declarations()
    faults(declarations, webhook("users"))

    assert faults(declarations, webhook("users", __claim="claim of another")) != []


def declared(*claims: str) -> Declarations:
    declarations = Declarations()
    for claim in claims:
        declarations.declare(claim)
    return declarations


def test_the_last_holder_counts() -> None:
    declarations = declared("old", "new")
    assert declarations.holder("id") is None
    declarations.hold("id", "first name", "old", "new")
    declarations.hold("id", "second name", "new")
    assert declarations.holder("id") == "second name"


def test_webhooks_of_two_accounts_are_no_twins() -> None:
    declarations = Declarations()
    assert faults(declarations, webhook("users"), "tol") == []
    assert faults(declarations, webhook("others"), "byol") == []
    assert faults(declarations, webhook("more"), "byol") == [clash("more", "others", "USER")]


def test_a_webhook_that_two_resources_have_is_told_with_the_other_name() -> None:
    declarations = declared("first", "second")
    assert declarations.hold("id", "users", "first") is None
    assert declarations.hold("id", "people", "second") == "users"
    assert declarations.hold("other id", "people", "second") is None


def test_a_webhook_that_another_resource_is_to_adopt_is_told_whichever_is_seen_first() -> None:
    adopting_later, adopting_first = declared("first", "second"), declared("first", "second")
    adopting_later.hold("id", "users", "first")
    assert adopting_later.adopt("id", "people", "second") == "users"
    assert adopting_first.adopt("id", "people", "second") is None
    assert adopting_first.hold("id", "users", "first") == "people"


def test_a_resource_may_adopt_what_it_has() -> None:
    declarations = declared("claim")
    assert declarations.adopt("id", "users", "claim") is None
    assert declarations.hold("id", "users", "old claim", "claim") is None
    assert declarations.adopt("id", "users", "claim") is None
    assert declarations.holder("id") == "users"
    assert declarations.holder("other id") is None


def test_what_the_program_does_not_declare_holds_nothing() -> None:
    declarations = declared("new")
    assert declarations.hold("id", "people", "new") is None
    assert declarations.hold("id", "users", "old") is None
    assert declarations.holder("id") == "people"
