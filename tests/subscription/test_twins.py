from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.errors import AlreadySubscribed

if TYPE_CHECKING:
    from tests.subscription.conftest import Account, Proxy

URL = "https://hooks.tenant.tld/users"


def test_a_webhook_that_would_deliver_the_same_events_twice_is_refused_with_three_ways_out(
    account: Account,
) -> None:
    twin = account.plant(title="Made by hand", url=URL, type=["USER", "ORDER"])
    before = account.webhooks
    error = account.failure(lambda: account.run().create(account.wanted("users")), AlreadySubscribed)
    assert account.requests() == ["GET /webhooks"]
    assert account.webhooks == before
    assert twin in error.summary
    assert f'adopt_id="{twin}"' in error.fix
    assert account.plain(error) == snapshot("""\
webhook id-1 ('Made by hand') already delivers USER to this URL
Nothing was created: each event would arrive twice.
If the resource was renamed, tell Pulumi its old name: opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="OLD")]).
If it is a webhook of this program that moves away, let this one depend on it (depends_on).
If it is another stack's, subscribe to other categories or delete one of the two.
If Pulumi warns of a pending operation, an earlier run made it; `pulumi refresh --yes --clear-pending-creates` clears that.
`upvest-webhooks import id-1 --stack STACK` writes a file for `pulumi import`.
To take the webhook over as it is, add adopt_id="id-1".\
""")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://hooks.tenant.tld/users", "https://HOOKS.Tenant.TLD/users"),
        ("https://hooks.tenant.tld/users", "https://hooks.tenant.tld:443/users"),
        ("https://hooks.tenant.tld/users", "HTTPS://hooks.tenant.tld./users"),
        ("https://hooks.tenant.tld", "https://hooks.tenant.tld/"),
        ("https://hooks.tenant.tld?a=b", "https://hooks.tenant.tld:443/?a=b"),
    ],
)
def test_urls_that_reach_the_same_receiver_are_the_same(account: Account, one: str, other: str) -> None:
    for declared, held in ((one, other), (other, one)):
        planted = account.plant(url=held)
        create = partial(account.run().create, account.wanted("users", url=declared))
        account.failure(create, AlreadySubscribed)
        account.uproot(planted)
    assert account.bodies("POST") == []


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.tenant.tld/Users",
        "https://hooks.tenant.tld/users/",
        "https://hooks.tenant.tld/users?tenant=2",
        "https://hooks.tenant.tld:8443/users",
        "https://other.tenant.tld/users",
    ],
)
def test_another_url_is_no_twin(account: Account, url: str) -> None:
    account.plant(url=url)
    account.run().create(account.wanted("users", url=URL))
    assert account.held == [("Planted", True), ("Webhook of users", True)]


@pytest.mark.parametrize(
    ("declared", "held", "shared"),
    [
        ({"type": ["USER"]}, {"type": ["USER"]}, "USER"),
        ({"type": ["USER", "ORDER"]}, {"type": ["ORDER", "USER"]}, "ORDER and USER"),
        (
            {"type": ["USER", "ORDER", "ROLE"]},
            {"type": ["ROLE", "ORDER", "USER"]},
            "ORDER and 2 more categories",
        ),
        ({"type": ["USER", "ROLE"]}, {"type": ["ALL"], "exclude_type": ["USER"]}, "ROLE"),
        ({"type": ["ALL"], "exclude_type": ["ROLE"]}, {"type": ["ROLE", "ORDER"]}, "ORDER"),
        (
            {"type": ["ALL"], "exclude_type": ["USER"]},
            {"type": ["ALL"], "exclude_type": ["ORDER"]},
            "ALL",
        ),
        ({"type": ["USER"]}, {"type": ["USER"], "exclude_type": ["USER"]}, "USER"),
        ({"type": ["USER"], "enabled": False}, {"type": ["USER"]}, "USER"),
    ],
)
def test_what_two_webhooks_would_both_deliver_is_named(
    account: Account, declared: dict[str, object], held: dict[str, object], shared: str
) -> None:
    twin = account.plant(url=URL, **held)
    wanted = account.wanted("users", **declared)
    error = account.failure(lambda: account.run().create(wanted), AlreadySubscribed)
    assert error.summary == f"webhook {twin} ('Planted') already delivers {shared} to this URL"
    assert account.requests() == ["GET /webhooks"]


def test_a_twin_that_is_disabled_is_named_as_such(account: Account) -> None:
    twin = account.plant(url=URL, enabled=False)
    error = account.failure(lambda: account.run().create(account.wanted("users", url=URL)), AlreadySubscribed)
    assert error.summary == (
        f"webhook {twin} ('Planted') already is subscribed to USER at this URL, though disabled"
    )


@pytest.mark.parametrize(
    ("declared", "held"),
    [
        ({"type": ["USER"]}, {"type": ["ORDER", "ROLE"]}),
        ({"type": ["USER"]}, {"type": ["ALL"], "exclude_type": ["USER", "ROLE"]}),
        ({"type": ["ALL"], "exclude_type": ["USER"]}, {"type": ["USER"]}),
    ],
)
def test_other_categories_at_the_same_url_are_no_twin(
    account: Account, declared: dict[str, object], held: dict[str, object]
) -> None:
    account.plant(url=URL, **held)
    account.run().create(account.wanted("users", **declared))
    assert account.held == [("Planted", True), ("Webhook of users", True)]


def test_unfinished_work_of_others_is_no_twin(account: Account) -> None:
    account.plant(title="pulumi-00112233445566ff", url=URL, enabled=False)
    account.run().create(account.wanted("users"))
    assert account.held == [("pulumi-00112233445566ff", False), ("Webhook of users", True)]


def test_what_this_run_made_is_a_twin_though_the_shared_list_is_older(account: Account) -> None:
    run = account.run()
    made = run.create(account.wanted("old-name", url=URL))
    error = account.failure(lambda: run.create(account.wanted("new-name", url=URL)), AlreadySubscribed)
    assert made.id in error.summary
    assert account.requests().count("GET /webhooks") == 1
    assert account.held == [("Webhook of old-name", True)]


def test_what_this_run_deleted_is_no_twin_though_the_shared_list_still_shows_it(account: Account) -> None:
    planted = account.plant(url=URL)
    run = account.run()
    run.create(account.wanted("other"))
    run.delete(planted)
    run.create(account.wanted("users", url=URL))
    assert account.requests().count("GET /webhooks") == 1
    assert account.held == [("Webhook of other", True), ("Webhook of users", True)]


def test_a_refused_creation_still_deletes_what_an_earlier_run_left(account: Account) -> None:
    wanted = account.wanted("users")
    account.plant(url=URL)
    account.plant(title=wanted.claim, url=URL, enabled=False)
    account.failure(lambda: account.run().create(wanted), AlreadySubscribed)
    assert account.held == [("Planted", True)]


def test_a_url_that_nobody_can_read_is_no_twin(account: Account) -> None:
    account.plant(url="https://hooks.tenant.tld:99999/users")
    account.plant(url="https://[hooks/users")
    account.run().create(account.wanted("users"))
    assert account.held[2:] == [("Webhook of users", True)]


ALONE = {"title": "Mine", "url": "https://hooks.tenant.tld/elsewhere", "type": ["ORDER"], "enabled": True}

TOWARDS_THE_TWIN = [
    pytest.param({"url": URL}, {**ALONE, "type": ["USER"]}, id="moved"),
    pytest.param({"type": ["USER", "ORDER"]}, {**ALONE, "url": URL}, id="subscribed to more"),
    pytest.param(
        {"exclude_type": []},
        {**ALONE, "url": URL, "type": ["ALL"], "exclude_type": ["USER"]},
        id="no longer left out",
    ),
    pytest.param({"enabled": True}, {**ALONE, "url": URL, "type": ["USER"], "enabled": False}, id="enabled"),
]


@pytest.mark.parametrize(("change", "held"), TOWARDS_THE_TWIN)
def test_a_webhook_does_not_change_into_one_that_delivers_the_same_events_twice(
    account: Account, change: dict[str, object], held: dict[str, object]
) -> None:
    twin = account.plant(title="Made by hand", url=URL, type=["USER"])
    mine = account.plant(**held)
    before = account.webhooks
    body = {"type": held["type"], **change}
    error = account.failure(lambda: account.run().update(mine, body, held), AlreadySubscribed)
    assert account.requests() == ["GET /webhooks"]
    assert account.webhooks == before
    assert twin in error.summary
    assert twin in error.fix
    assert account.plain(error) == snapshot("""\
webhook id-1 ('Made by hand') already delivers USER to this URL
Webhook id-2 was not changed: each event would arrive twice.
If it is a webhook of this stack that is to change or go as well, `pulumi up --refresh` knows it.
If an earlier run of this stack left it, or nobody needs it, delete or disable it (`upvest-webhooks list --stack STACK` tells whose it is).
Subscribe to other categories, or delete or disable webhook id-1, then run `pulumi up` again.\
""")


@pytest.mark.parametrize(("change", "held"), TOWARDS_THE_TWIN)
@pytest.mark.parametrize(
    "twin",
    [
        pytest.param({"enabled": False}, id="disabled"),
        pytest.param({"type": ["CASH"]}, id="of other events"),
        pytest.param({"url": f"{URL}/other"}, id="at another URL"),
    ],
)
def test_a_webhook_that_doubles_nothing_is_in_nobodys_way(
    account: Account, twin: dict[str, object], change: dict[str, object], held: dict[str, object]
) -> None:
    account.plant(**{"title": "Made by hand", "url": URL, "type": ["USER"], **twin})
    mine = account.plant(**held)
    account.run().update(mine, {"type": held["type"], **change}, held)
    assert account.requests() == ["GET /webhooks", "PATCH /webhooks/…"]
    assert account.lines[1:] == []


def test_a_change_of_what_delivers_nothing_more_asks_for_no_list(account: Account) -> None:
    mine = account.plant(**ALONE)
    account.plant(**{**ALONE, "title": "Twin"})
    for change in ({"title": "Other"}, {"config": {"delay": "5s"}}, {"enabled": False}):
        account.run().update(mine, {"type": ["ORDER"], **change}, ALONE)
    assert account.requests() == ["PATCH /webhooks/…"] * 3


def test_webhooks_of_one_stack_may_take_each_others_place(account: Account) -> None:
    one, other = ({**ALONE, "url": f"{URL}/{name}", "title": name} for name in ("one", "other"))
    ids = [account.plant(**one), account.plant(**other)]
    run = account.run()
    for webhook_id in ids:
        run.read(webhook_id, "2026-01-01T00:00:00Z")
    run.update(ids[0], {"url": other["url"], "type": ["ORDER"]}, one)
    run.update(ids[1], {"url": one["url"], "type": ["ORDER"]}, other)
    assert [webhook["url"] for webhook in account.webhooks] == [other["url"], one["url"]]
    (said,) = [line for line in account.lines if "twice" in line]
    assert account.plain(said) == snapshot(
        "warning: webhook id-1: ORDER arrives twice at https://hooks.tenant.tld until webhook id-2, which is of this stack too, has changed or gone"
    )


def test_what_stood_in_the_way_is_not_deleted_before_its_place_is_taken(account: Account) -> None:
    """Pulumi deletes after a failed creation where it is told to continue on error."""
    old = account.plant(title="Old name", url=URL)
    run = account.run()
    account.failure(lambda: run.create(account.wanted("renamed", url=URL)), AlreadySubscribed)
    error = account.failure(lambda: run.delete(old))
    assert account.held == [("Old name", True)]
    assert account.plain(error) == snapshot("""\
'renamed' is to take its place and has not
Nothing was deleted: the events of webhook id-1 would be missed.
Mend what 'renamed' says, or take it out of the program, then run `pulumi up` again.\
""")
    account.run().delete(old)
    assert account.held == []


@pytest.mark.parametrize("old", [{"title": "Webhook of renamed"}, {"url": f"{URL}/", "type": ["CASH"]}])
@pytest.mark.parametrize("how", ["create", "adopt"])
def test_what_upvest_refuses_a_webhook_for_is_not_deleted_before_it(
    account: Account, proxy: Proxy, how: str, old: dict[str, object]
) -> None:
    """Whether Upvest refuses anything so, and whether it then names what is in the way, no document says."""
    there, other, adopted = account.plant(**old), account.plant(title="Another"), account.plant(title="Adopted")
    proxy.answer("PATCH", "/webhooks/", 409)
    run, wanted = account.run(), account.wanted("renamed", url=f"{URL}/", type=["ORDER"])
    act = {"create": lambda: run.create(wanted), "adopt": lambda: run.adopt(adopted, wanted)}[how]
    error = account.failure(act)
    assert f"({old.get('title', 'Planted')!r}) is in its way, and is not deleted in this run." in str(error)
    assert f'To take the webhook over as it is, add adopt_id="{there}".' in error.details
    assert error.fix == "To make another, declare what Upvest takes beside it: another title, or another URL."
    run.delete(other)
    assert "'renamed' is to take its place" in account.failure(lambda: run.delete(there)).summary


def test_what_a_repeated_post_is_refused_for_is_not_deleted_before_it_either(
    account: Account, proxy: Proxy
) -> None:
    there = account.plant(url=URL, type=["CASH"])
    proxy.refuse("POST", "/webhooks")
    proxy.answer("POST", "/webhooks", 409, [2])
    run = account.run()
    error = account.failure(lambda: run.create(account.wanted("renamed", url=URL, type=["ORDER"])))
    assert f"Webhook {there} ('Planted') is in its way, and is not deleted in this run." in error.details
    assert "'renamed' is to take its place" in account.failure(lambda: run.delete(there)).summary


def test_a_webhook_of_the_program_that_upvest_refuses_another_for_is_not_to_be_taken_over(
    account: Account, proxy: Proxy
) -> None:
    there = account.plant(title="Webhook of users")
    proxy.answer("PATCH", "/webhooks/", 409)
    run = account.run(holders={there: "people"})
    error = account.failure(lambda: run.create(account.wanted()))
    assert "adopt_id" not in str(error)
    assert error.fix == "Change what Upvest names, or what stands in its way, then run the command again."


def test_a_refresh_names_what_delivers_twice_once(account: Account) -> None:
    named: dict[str, dict[str, object]] = {
        "One": {"type": ["USER", "ORDER"]},
        "Two": {"url": "https://HOOKS.tenant.tld/planted"},
        "Disabled": {"enabled": False},
        "Of other events": {"type": ["CASH"]},
        "Elsewhere": {"url": URL},
    }
    for title, fields in named.items():
        account.plant(title=title, **fields)
    run = account.run()
    for webhook in account.webhooks:
        run.read(webhook["id"], "2026-01-01T00:00:00Z")
    (said,) = account.lines
    assert account.plain(said) == snapshot(
        "warning: webhooks id-1 ('One') and id-2 ('Two') both deliver USER to https://hooks.tenant.tld: delete or disable the one that no stack holds (`upvest-webhooks list --stack STACK` tells whose they are)"
    )


def test_of_many_that_deliver_the_same_each_is_named_and_not_each_two(account: Account) -> None:
    all_types = [["USER"], ["ORDER"], ["USER"], ["USER", "ORDER"], ["USER", "ORDER"], ["ALL"], ["CASH"], ["ALL"]]
    for number, types in enumerate(all_types):
        account.plant(title=f"Number {number}", type=types)
    account.run().read(account.webhooks[0]["id"], "2026-01-01T00:00:00Z")
    said = [re.findall(r"'Number (\d)'|both deliver (.*) to", line) for line in account.lines]
    assert [(one, other, shared) for (one, _), (other, _), (_, shared) in said] == [
        ("0", "2", "USER"),
        ("0", "3", "USER"),
        ("1", "3", "ORDER"),
        ("0", "4", "USER"),
        ("1", "4", "ORDER"),
        ("0", "5", "USER"),
        ("1", "5", "ORDER"),
        ("5", "6", "CASH"),
        ("0", "7", "USER"),
        ("1", "7", "ORDER"),
        ("5", "7", "ALL"),
        ("6", "7", "CASH"),
    ]


def test_a_list_that_cannot_be_had_leaves_a_webhook_as_it_is(account: Account, proxy: Proxy) -> None:
    mine = account.plant(**ALONE)
    proxy.answer("GET", "/webhooks?", 500, range(1, 9))
    error = account.failure(lambda: account.run().update(mine, {"url": URL, "type": ["ORDER"]}, ALONE))
    assert account.bodies("PATCH") == []
    assert f"Webhook {mine} was not changed." in error.details
    assert not error.outcome_unknown
