from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.subscription.conftest import Account, Proxy

POST = ("POST", "/webhooks")
WITH_THE_WORK_DONE: dict[str, Callable[[Proxy], None]] = {
    "lost": lambda proxy: proxy.lose(*POST),
    "cut": lambda proxy: proxy.cut(*POST),
    "garbled": lambda proxy: proxy.garble(*POST),
    "500": lambda proxy: proxy.answer(*POST, 500, done=True),
    "502": lambda proxy: proxy.answer(*POST, 502, done=True),
    "503": lambda proxy: proxy.answer(*POST, 503, done=True),
    "504": lambda proxy: proxy.answer(*POST, 504, done=True),
    "504 by a proxy": lambda proxy: proxy.answer(*POST, 504, done=True, html=True),
}
WITHOUT: dict[str, Callable[[Proxy], None]] = {
    "refused": lambda proxy: proxy.refuse(*POST),
    "500": lambda proxy: proxy.answer(*POST, 500),
    "502": lambda proxy: proxy.answer(*POST, 502),
    "503": lambda proxy: proxy.answer(*POST, 503),
    "504": lambda proxy: proxy.answer(*POST, 504),
    "403 by a proxy": lambda proxy: proxy.answer(*POST, 403, html=True),
    "502 by a proxy": lambda proxy: proxy.answer(*POST, 502, html=True),
}
CLEAR: dict[str, Callable[[Proxy], None]] = {
    "400": lambda proxy: proxy.answer(*POST, 400),
    "403": lambda proxy: proxy.answer(*POST, 403),
    "429 for good": lambda proxy: proxy.answer(*POST, 429, proxy.every),
}


@pytest.mark.parametrize("fault", WITH_THE_WORK_DONE)
def test_a_post_that_did_its_work_is_found_in_the_list_and_not_repeated(
    account: Account, proxy: Proxy, fault: str
) -> None:
    WITH_THE_WORK_DONE[fault](proxy)
    made = account.run().create(account.wanted("users"))
    assert account.requests() == ["GET /webhooks", "POST /webhooks", "GET /webhooks", "PATCH /webhooks/…"]
    (held,) = account.webhooks
    assert (held["id"], held["title"], held["enabled"]) == (made.id, "Webhook of users", True)
    assert account.slept == []


@pytest.mark.parametrize("fault", WITHOUT)
def test_a_post_that_did_nothing_is_repeated_after_a_look_at_the_list(
    account: Account, proxy: Proxy, fault: str
) -> None:
    WITHOUT[fault](proxy)
    account.run().create(account.wanted("users"))
    assert account.requests() == ["GET /webhooks", "GET /webhooks", "POST /webhooks", "PATCH /webhooks/…"]
    assert account.held == [("Webhook of users", True)]


@pytest.mark.parametrize("fault", CLEAR)
def test_a_post_that_certainly_did_nothing_is_an_error_without_a_look_at_the_list(
    account: Account, proxy: Proxy, fault: str
) -> None:
    CLEAR[fault](proxy)
    account.failure(lambda: account.run().create(account.wanted("users")), ApiError)
    assert account.requests() == ["GET /webhooks"]
    assert account.webhooks == []


def test_a_post_that_came_too_early_is_repeated_without_a_look_at_the_list(account: Account, proxy: Proxy) -> None:
    proxy.answer(*POST, 429, range(1, 5))
    account.run().create(account.wanted("users"))
    assert account.requests() == ["GET /webhooks", "POST /webhooks", "PATCH /webhooks/…"]
    assert len(account.slept) == 4


@pytest.mark.parametrize("enabled", [True, False])
def test_a_webhook_that_a_lagging_list_hides_is_never_enabled(
    account: Account, proxy: Proxy, *, enabled: bool
) -> None:
    wanted = account.wanted("users", enabled=enabled)
    proxy.lose(*POST)
    proxy.lag(at=(2,))
    account.run().create(wanted)
    assert account.held == [(wanted.claim, False), ("Webhook of users", enabled)]
    assert account.bodies("POST")[0] == account.bodies("POST")[1]


def test_a_later_run_names_the_webhook_that_a_lagging_list_had_hidden(account: Account, proxy: Proxy) -> None:
    proxy.lose(*POST)
    proxy.lag(at=(2,))
    account.run().create(account.wanted("users"))
    surplus = account.webhooks[0]["id"]
    account.run().create(account.wanted("orders"))
    (line,) = account.lines
    assert surplus in line


def test_of_several_webhooks_that_a_lagging_list_shows_late_one_is_finished_and_the_others_are_deleted(
    account: Account, proxy: Proxy
) -> None:
    proxy.lose(*POST, at=(1, 2, 3))
    proxy.lag(at=(2, 3))
    made = account.run().create(account.wanted("users"))
    assert account.requests().count("POST /webhooks") == 3
    assert account.requests().count("DELETE /webhooks/…") == 2
    assert [(webhook["id"], webhook["enabled"]) for webhook in account.webhooks] == [(made.id, True)]


def test_after_three_unclear_tries_the_creation_fails(account: Account, proxy: Proxy) -> None:
    proxy.refuse(*POST, proxy.every)
    error = account.failure(lambda: account.run().create(account.wanted("users")))
    assert account.requests() == ["GET /webhooks"] * 4
    assert account.webhooks == []
    assert account.plain(error) == snapshot("""\
no answer from https://api to POST /webhooks: Server disconnected without sending a response.
Whether the request was handled is not known.
No webhook titled pulumi-1f194b75c0c87c29 was seen. If one shows up late, it is disabled. The next `pulumi up` removes it before it creates the webhook anew.
Run `pulumi up --refresh` once the API answers again.\
""")


def test_three_unclear_tries_behind_a_list_that_lags_leave_only_disabled_webhooks(
    account: Account, proxy: Proxy
) -> None:
    wanted = account.wanted("users")
    proxy.lose(*POST, proxy.every)
    proxy.lag(at=(2, 3, 4))
    account.failure(lambda: account.run().create(wanted))
    assert account.held == [(wanted.claim, False)] * 3
    proxy.mend()
    account.run().create(wanted)
    assert account.held == [("Webhook of users", True)]


def test_what_an_unclear_try_may_have_left_is_told_where_the_next_try_is_refused(
    account: Account, proxy: Proxy
) -> None:
    wanted = account.wanted("users")
    proxy.lose(*POST, at=(1,))
    proxy.answer(*POST, 403, at=(2,))
    proxy.lag(at=(2,))
    error = account.failure(lambda: account.run().create(wanted))
    assert account.held == [(wanted.claim, False)]
    assert account.plain(error) == snapshot("""\
Upvest answered 403: made up as 403
POST /webhooks at https://api, upvest-request-id …
No webhook titled pulumi-1f194b75c0c87c29 was seen. If one shows up late, it is disabled. The next `pulumi up` removes it before it creates the webhook anew.
Have Upvest allow this client the scopes `webhooks:read` and `webhooks:admin`.\
""")


def test_where_the_list_fails_after_an_unclear_post_the_claim_is_named(account: Account, proxy: Proxy) -> None:
    wanted = account.wanted("users")
    proxy.lose(*POST)
    proxy.answer("GET", "/webhooks?", 500, at=(2,))
    error = account.failure(lambda: account.run().create(wanted))
    assert account.requests() == ["GET /webhooks", "POST /webhooks"]
    assert account.held == [(wanted.claim, False)]
    assert wanted.claim in str(error)
    assert account.plain(error) == snapshot("""\
no answer from https://api to POST /webhooks: Server disconnected without sending a response.
Whether the request was handled is not known.
Left behind, perhaps: a disabled webhook titled pulumi-1f194b75c0c87c29. The next `pulumi up` removes it before it creates the webhook anew.
Run `pulumi up --refresh` once the API answers again.\
""")


def test_where_a_surplus_webhook_cannot_be_deleted_the_claim_is_named_and_nothing_is_enabled(
    account: Account, proxy: Proxy
) -> None:
    wanted = account.wanted("users")
    proxy.lose(*POST, at=(1, 2))
    proxy.lag(at=(2,))
    proxy.answer("DELETE", "/webhooks/", 403)
    error = account.failure(lambda: account.run().create(wanted))
    assert wanted.claim in str(error)
    assert account.held == [(wanted.claim, False)] * 2
    assert account.bodies("PATCH") == []


def test_four_threads_whose_posts_are_lost_each_find_their_own_webhook(account: Account, proxy: Proxy) -> None:
    proxy.lose(*POST, at=range(1, 9, 2))
    run = account.run()
    names = [f"number-{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda name: run.create(account.wanted(name)), names))
    assert account.requests().count("POST /webhooks") == 8
    assert "DELETE /webhooks/…" not in account.requests()
    assert [webhook.title for webhook in made] == [f"Webhook of {name}" for name in names]
    assert sorted((webhook["id"], webhook["title"], webhook["enabled"]) for webhook in account.webhooks) == sorted(
        (webhook.id, webhook.title, True) for webhook in made
    )
    assert account.lines == []
