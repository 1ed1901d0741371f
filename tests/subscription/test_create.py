from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.errors import ApiError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.subscription.conftest import Account, Forward, Proxy, Reply

CREATION = ["GET /webhooks", "POST /webhooks", "PATCH /webhooks/…"]


def test_a_webhook_is_posted_under_its_claim_and_then_titled_and_enabled_in_one_patch(account: Account) -> None:
    wanted = account.wanted("users", type=["USER", "USER_CHECK"])
    made = account.run().create(wanted)
    assert account.requests() == CREATION
    (posted,), (patched,) = account.bodies("POST"), account.bodies("PATCH")
    assert posted == {
        "title": wanted.claim,
        "url": "https://hooks.tenant.tld/users",
        "type": ["USER", "USER_CHECK"],
    }
    assert patched == {"title": "Webhook of users", "type": ["USER", "USER_CHECK"], "enabled": True}
    (held,) = account.webhooks
    assert (held["id"], held["title"], held["enabled"]) == (made.id, "Webhook of users", True)
    assert (made.title, made.enabled) == ("Webhook of users", True)
    assert account.lines == []
    assert account.slept == []


def test_a_webhook_not_declared_enabled_gets_its_title_alone_and_stays_disabled(account: Account) -> None:
    wanted = account.wanted("users", enabled=False)
    made = account.run().create(wanted)
    assert account.bodies("PATCH") == [{"title": "Webhook of users", "type": ["USER"]}]
    assert made.enabled is False
    assert account.held == [("Webhook of users", False)]


def test_a_post_passes_on_what_is_declared_and_never_holds_enabled(account: Account) -> None:
    fields = {"type": ["ALL"], "exclude_type": ["ORDER"], "config": {"delay": "2s", "max_package_size": 1000}}
    made = account.run().create(account.wanted("users", **fields))
    (posted,) = account.bodies("POST")
    assert "enabled" not in posted
    assert {name: posted[name] for name in fields} == fields
    (held,) = account.webhooks
    assert {name: held[name] for name in fields} == fields
    assert (made.type, made.exclude_type) == (["ALL"], ["ORDER"])


def test_one_token_and_one_list_serve_four_threads_that_create_eight_webhooks(account: Account) -> None:
    run = account.run()
    names = [f"number-{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda name: run.create(account.wanted(name)), names))
    assert [webhook.title for webhook in made] == [f"Webhook of {name}" for name in names]
    assert sorted(account.requests(of="/")) == sorted(
        ["POST /auth/token", "GET /webhooks", *["POST /webhooks"] * 8, *["PATCH /webhooks/…"] * 8]
    )
    assert account.lines == []
    assert sorted(account.held) == [(f"Webhook of {name}", True) for name in names]


def test_a_list_is_shared_for_ten_seconds_and_no_longer(account: Account) -> None:
    run = account.run()
    run.create(account.wanted("first"))
    account.ticks.pass_by(9.9)
    run.create(account.wanted("second"))
    assert account.requests().count("GET /webhooks") == 1
    account.ticks.pass_by(0.1)
    run.create(account.wanted("third"))
    assert account.requests().count("GET /webhooks") == 2


def test_a_creation_that_upvest_refuses_leaves_nothing_and_says_why(account: Account) -> None:
    error = account.failure(
        lambda: account.run().create(account.wanted("users", url="http://plain.tld/")), ApiError
    )
    assert account.requests() == ["GET /webhooks", "POST /webhooks"]
    assert account.webhooks == []
    assert account.plain(error) == snapshot("""\
Upvest answered 400: url: must have the scheme https
POST /webhooks at https://api, upvest-request-id …
Correct what Upvest names, then run the command again.\
""")


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_patch_that_is_refused_has_the_webhook_deleted_again(
    account: Account, proxy: Proxy, status: int
) -> None:
    proxy.answer("PATCH", "/webhooks/", status)
    error = account.failure(lambda: account.run().create(account.wanted("users")))
    assert account.requests() == ["GET /webhooks", "POST /webhooks", "DELETE /webhooks/…"]
    assert account.webhooks == []
    assert error.summary == f"Upvest answered {status}: made up as {status}"
    assert error.details[-1].startswith("Nothing was left behind: webhook ")


def test_the_error_of_a_refused_patch_says_that_nothing_was_left_behind(account: Account, proxy: Proxy) -> None:
    proxy.answer("PATCH", "/webhooks/", 403)
    error = account.failure(lambda: account.run().create(account.wanted("users")))
    assert account.plain(error) == snapshot("""\
Upvest answered 403: made up as 403
PATCH /webhooks/id-1 at https://api, upvest-request-id …
Nothing was left behind: webhook id-1, made on the way, was deleted again.
Have Upvest allow this client the scopes `webhooks:read` and `webhooks:admin`.\
""")


def test_a_patch_whose_answers_are_all_lost_has_the_webhook_deleted_again(account: Account, proxy: Proxy) -> None:
    proxy.lose("PATCH", "/webhooks/", proxy.every)
    error = account.failure(lambda: account.run().create(account.wanted("users")))
    assert account.requests() == [*CREATION, *["PATCH /webhooks/…"] * 4, "DELETE /webhooks/…"]
    assert account.webhooks == []
    assert len(account.slept) == 4
    assert account.plain(error) == snapshot("""\
no answer from https://api to PATCH /webhooks/id-1: Server disconnected without sending a response.
Whether the request was handled is not known.
Nothing was left behind: webhook id-1, made on the way, was deleted again.
Run `pulumi up --refresh` once the API answers again.\
""")


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_passing_fault_of_the_patch_is_waited_out(
    account: Account, proxy: Proxy, status: int, *, done: bool
) -> None:
    proxy.answer("PATCH", "/webhooks/", status, range(1, 5), done=done)
    account.run().create(account.wanted("users"))
    assert account.requests() == [*CREATION, *["PATCH /webhooks/…"] * (4 if done else 0)]
    assert account.held == [("Webhook of users", True)]
    assert len(account.slept) == 4


def test_a_patch_with_a_garbled_answer_has_the_webhook_deleted_again(account: Account, proxy: Proxy) -> None:
    proxy.garble("PATCH", "/webhooks/")
    error = account.failure(lambda: account.run().create(account.wanted("users")))
    assert account.requests() == [*CREATION, "DELETE /webhooks/…"]
    assert account.webhooks == []
    assert " cannot be read: " in error.summary
    assert error.details[-1].startswith("Nothing was left behind: webhook ")


@pytest.mark.parametrize(
    "break_patch",
    [
        pytest.param(lambda proxy: proxy.answer("PATCH", "", 400), id="refused"),
        pytest.param(lambda proxy: proxy.lose("PATCH", "", proxy.every), id="lost"),
        pytest.param(lambda proxy: proxy.cut("PATCH", "", proxy.every), id="cut"),
        pytest.param(lambda proxy: proxy.answer("PATCH", "", 502, proxy.every, html=True), id="proxy"),
    ],
)
def test_a_webhook_that_cannot_be_deleted_again_is_named(
    account: Account, proxy: Proxy, break_patch: Callable[[Proxy], None]
) -> None:
    break_patch(proxy)
    proxy.answer("DELETE", "/webhooks/", 403)
    error = account.failure(lambda: account.run().create(account.wanted("users")))
    (left,) = account.webhooks
    assert any(f"Left behind: webhook {left['id']}" in line for line in error.details)


def test_the_error_of_a_webhook_that_cannot_be_deleted_again_says_what_becomes_of_it(
    account: Account, proxy: Proxy
) -> None:
    proxy.answer("PATCH", "/webhooks/", 400)
    proxy.answer("DELETE", "/webhooks/", 500)
    error = account.failure(lambda: account.run().create(account.wanted("users")))
    assert account.plain(error) == snapshot("""\
Upvest answered 400: made up as 400
PATCH /webhooks/id-1 at https://api, upvest-request-id …
Left behind, perhaps: webhook id-1, for deleting it failed too (Upvest answered 500: made up as 500).
If it is still titled pulumi-1f194b75c0c87c29, it is disabled. The next `pulumi up` removes it before it creates the webhook anew.
Correct what Upvest names, then run the command again.\
""")
    assert account.held == [(account.wanted("users").claim, False)]


def test_a_deletion_whose_answer_is_lost_still_leaves_nothing_behind(account: Account, proxy: Proxy) -> None:
    proxy.answer("PATCH", "/webhooks/", 400)
    proxy.lose("DELETE", "/webhooks/")
    error = account.failure(lambda: account.run().create(account.wanted("users")))
    assert account.webhooks == []
    assert error.details[-1].startswith("Nothing was left behind: webhook ")


def test_what_upvest_does_not_take_of_the_finishing_patch_is_said(account: Account, proxy: Proxy) -> None:
    def ignored(forward: Forward) -> Reply:
        reply = forward()
        return replace(reply, body=reply.body.replace(b'"enabled":true', b'"enabled":false'))

    proxy.act("PATCH", "/webhooks/", ignored)
    made = account.run().create(account.wanted("users"))
    assert made.enabled is False
    assert account.plain("\n".join(account.lines)) == snapshot(
        "warning: Upvest did not take enabled of webhook id-1 as it was sent"
    )


def test_nothing_is_posted_where_the_account_cannot_be_listed(account: Account, proxy: Proxy) -> None:
    proxy.answer("GET", "/webhooks?", 503, proxy.every, html=True)
    error = account.failure(lambda: account.run().create(account.wanted("users")), ApiError)
    assert account.requests() == []
    assert len(account.slept) == 4
    assert account.plain(error) == snapshot("""\
503 Service Unavailable, from something between here and Upvest
GET /webhooks at https://api, no upvest-request-id
Make sure that `upvest:api` and any HTTP proxy of this machine lead to Upvest, then run again.\
""")


def test_nothing_is_sent_where_there_is_no_connection(account: Account) -> None:
    error = account.failure(
        lambda: account.run(api="http://127.0.0.1:1").create(account.wanted("users")), Unreachable
    )
    assert len(account.slept) == 4
    assert account.plain(error) == snapshot("""\
no connection to http://127.0.0.1:1: [Errno 111] Connection refused
POST /auth/token was not sent.
Make sure that this machine can reach http://127.0.0.1:1, then run the command again.\
""")
