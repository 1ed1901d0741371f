from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.errors import AlreadySubscribed

if TYPE_CHECKING:
    from tests.subscription.conftest import Account

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
