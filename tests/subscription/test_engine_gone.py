"""Pulumi is killed before the n-th request of a creation, for every n of every way that one can go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.errors import AlreadySubscribed, EngineGone, UpvestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.subscription.conftest import Account, Proxy


@dataclass(frozen=True)
class Life:
    requests: int
    """Of the whole creation, where the engine stays."""
    prepare: Callable[[Account], object]
    succeeds: bool = True


def leftovers(account: Account, count: int) -> None:
    wanted = account.wanted("users")
    for _ in range(count):
        account.plant(title=wanted.claim, url=wanted.declared["url"], enabled=False)


def token_and_list_late(account: Account) -> None:
    account.proxy.answer("POST", "/auth/token", 503)
    account.proxy.answer("GET", "/webhooks?", 503)


def late_list(account: Account) -> None:
    """Two posts are lost, and the list shows both only after the second."""
    account.proxy.lose("POST", "/webhooks", at=(1, 2))
    account.proxy.lag(at=(2,))


def undone(account: Account) -> None:
    account.proxy.answer("PATCH", "/webhooks/", 400)


def undone_at_last(account: Account) -> None:
    account.proxy.answer("PATCH", "/webhooks/", 403)
    account.proxy.lose("DELETE", "/webhooks/")


LIVES = {
    # token, list, POST, PATCH
    "plain": Life(4, lambda _: None),
    "after a leftover": Life(6, lambda account: leftovers(account, 1)),
    "after two leftovers": Life(8, lambda account: leftovers(account, 2)),
    "token and list late": Life(6, token_and_list_late),
    "post lost after the work": Life(5, lambda account: account.proxy.lose("POST", "/webhooks")),
    "post lost before the work": Life(6, lambda account: account.proxy.refuse("POST", "/webhooks")),
    "post throttled": Life(5, lambda account: account.proxy.answer("POST", "/webhooks", 429)),
    "list late": Life(8, late_list),
    "patch late": Life(6, lambda account: account.proxy.answer("PATCH", "/webhooks/", 503, at=(1, 2))),
    "patch refused": Life(5, undone, succeeds=False),
    "patch refused, deletion lost": Life(6, undone_at_last, succeeds=False),
}
TABLE = [
    pytest.param(life, n, id=f"{name}-{n}") for name, life in LIVES.items() for n in range(1, life.requests + 1)
]


@pytest.mark.parametrize("name", LIVES)
def test_the_table_holds_every_request_of_every_life(account: Account, name: str) -> None:
    life = LIVES[name]
    life.prepare(account)
    engine = account.engine()
    if life.succeeds:
        account.run(engine).create(account.wanted("users"))
    else:
        account.failure(lambda: account.run(engine).create(account.wanted("users")))
    assert engine.asked == life.requests
    assert account.proxy.taken == life.requests
    assert account.held == ([("Webhook of users", True)] if life.succeeds else [])


@pytest.mark.parametrize(("life", "n"), TABLE)
def test_nothing_is_sent_once_the_engine_is_gone_and_the_next_run_heals(
    account: Account, life: Life, n: int
) -> None:
    wanted = account.wanted("users")
    life.prepare(account)
    with pytest.raises(UpvestError) as caught:
        account.run(account.engine(gone_at=n)).create(wanted)
    assert account.proxy.taken == n - 1
    assert [enabled for _, enabled in account.held if enabled] == []
    assert {title for title, _ in account.held} <= {wanted.claim}
    if account.held and account.bodies("POST"):
        named = str(caught.value)
        assert wanted.claim in named or any(webhook["id"] in named for webhook in account.webhooks)

    account.proxy.mend()
    made = account.run().create(wanted)
    assert [(webhook["id"], webhook["title"], webhook["enabled"]) for webhook in account.webhooks] == [
        (made.id, "Webhook of users", True)
    ]


@pytest.mark.parametrize(
    ("life", "n"),
    [
        pytest.param(life, n, id=f"{name}-{n}")
        for name, life in LIVES.items()
        if life.succeeds
        for n in range(1, life.requests + 1)
    ],
)
def test_that_the_engine_is_gone_is_what_the_error_says(account: Account, life: Life, n: int) -> None:
    life.prepare(account)
    error = account.failure(
        lambda: account.run(account.engine(gone_at=n)).create(account.wanted("users")), EngineGone
    )
    assert error.summary == "Pulumi's engine is gone, so nothing further was sent to Upvest"


def test_the_error_of_a_creation_without_an_engine_names_what_is_left(account: Account) -> None:
    error = account.failure(lambda: account.run(account.engine(4)).create(account.wanted("users")), EngineGone)
    assert account.plain(error) == snapshot("""\
Pulumi's engine is gone, so nothing further was sent to Upvest
Left behind: webhook id-1.
If it is still titled pulumi-1f194b75c0c87c29, it is disabled. The next `pulumi up` removes it before it creates the webhook anew.
Run up.\
""")


def test_the_error_of_a_creation_whose_clean_up_lost_the_engine_names_what_is_left(account: Account) -> None:
    undone(account)
    error = account.failure(lambda: account.run(account.engine(5)).create(account.wanted("users")))
    assert account.plain(error) == snapshot("""\
Upvest answered 400: made up as 400
PATCH /webhooks/id-1 at https://api, upvest-request-id …
Left behind: webhook id-1, for deleting it failed too (Pulumi's engine is gone, so nothing further was sent to Upvest).
If it is still titled pulumi-1f194b75c0c87c29, it is disabled. The next `pulumi up` removes it before it creates the webhook anew.
Correct what Upvest names, then run the command again.\
""")


@pytest.mark.parametrize("done", [True, False])
def test_where_an_unanswered_patch_may_have_enabled_the_webhook_it_is_not_called_disabled(
    account: Account, proxy: Proxy, *, done: bool
) -> None:
    (proxy.lose if done else proxy.refuse)("PATCH", "/webhooks/")
    error = account.failure(lambda: account.run(account.engine(5)).create(account.wanted("users")), EngineGone)
    (left,) = account.webhooks
    assert left["enabled"] is done
    assert f"Left behind: webhook {left['id']}." in error.details


def test_a_webhook_enabled_as_the_engine_went_is_named_by_the_next_run_and_not_doubled(
    account: Account, proxy: Proxy
) -> None:
    proxy.lose("PATCH", "/webhooks/")
    account.failure(lambda: account.run(account.engine(5)).create(account.wanted("users")), EngineGone)
    proxy.mend()
    error = account.failure(lambda: account.run().create(account.wanted("users")), AlreadySubscribed)
    (left,) = account.webhooks
    assert (left["title"], left["enabled"]) == ("Webhook of users", True)
    assert left["id"] in error.summary


@pytest.mark.parametrize("n", [1, 2, 3])
def test_an_adoption_sends_nothing_once_the_engine_is_gone(account: Account, n: int) -> None:
    webhook_id = account.plant()
    before = account.webhooks
    account.failure(lambda: account.run(account.engine(n)).adopt(webhook_id, account.wanted("users")), EngineGone)
    assert account.proxy.taken == n - 1
    assert account.webhooks == before


def test_an_adoption_does_not_go_back_once_the_engine_is_gone(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()
    proxy.lose("PATCH", "/webhooks/")
    error = account.failure(
        lambda: account.run(account.engine(5)).adopt(webhook_id, account.wanted("users")), EngineGone
    )
    assert account.proxy.taken == 4
    assert "as it was" not in str(error)
    assert account.requests() == ["GET /webhooks/…", "GET /webhooks", "PATCH /webhooks/…"]
