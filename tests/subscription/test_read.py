from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.errors import ApiError

if TYPE_CHECKING:
    from tests.subscription.conftest import Account, Forward, Proxy, Reply

LONG_AGO = "2026-01-01T00:00:00Z"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def test_a_hundred_reads_in_four_threads_share_one_list(account: Account) -> None:
    ids = [account.plant(title=f"Number {number}") for number in range(100)]
    run = account.run()
    with ThreadPoolExecutor(4) as threads:
        read = list(threads.map(lambda webhook_id: run.read(webhook_id, LONG_AGO), ids))
    assert [webhook.title for webhook in read if webhook] == [f"Number {number}" for number in range(100)]
    assert account.requests(of="/") == ["POST /auth/token", "GET /webhooks"]


def test_an_id_that_the_list_lacks_is_asked_for_alone(account: Account) -> None:
    listed = account.plant()
    run = account.run()
    run.read(listed, LONG_AGO)
    later = account.plant(title="Later")
    found = run.read(later, LONG_AGO)
    assert found is not None
    assert found.title == "Later"
    assert account.requests() == ["GET /webhooks", "GET /webhooks/…"]


def test_a_webhook_that_upvest_does_not_know_is_gone(account: Account) -> None:
    assert account.run().read(UNKNOWN, LONG_AGO) is None
    assert account.requests() == ["GET /webhooks", "GET /webhooks/…"]


def test_a_webhook_whose_time_of_creation_is_not_known_can_be_gone(account: Account) -> None:
    assert account.run().read(UNKNOWN, "") is None


def test_the_404_of_a_proxy_does_not_say_that_a_webhook_is_gone(account: Account, proxy: Proxy) -> None:
    proxy.answer("GET", "/webhooks/", 404, html=True)
    error = account.failure(lambda: account.run().read(UNKNOWN, LONG_AGO), ApiError)
    assert account.plain(error) == snapshot("""\
404 Not Found, from something between here and Upvest
GET /webhooks/id-1 at https://api, no upvest-request-id
Make sure that `upvest:api` and any HTTP proxy of this machine lead to Upvest, then run again.\
""")


def test_a_404_without_upvests_request_id_does_not_say_that_a_webhook_is_gone(
    account: Account, proxy: Proxy
) -> None:
    def anonymous(forward: Forward) -> Reply:
        reply = forward()
        assert reply.status == 404
        return replace(reply, headers={"content-type": "application/problem+json"})

    proxy.act("GET", "/webhooks/", anonymous)
    account.failure(lambda: account.run().read(UNKNOWN, LONG_AGO), ApiError)


def test_a_404_of_upvests_that_is_no_problem_document_does_not_say_that_a_webhook_is_gone(
    account: Account, proxy: Proxy
) -> None:
    def page(forward: Forward) -> Reply:
        reply = forward()
        assert "upvest-request-id" in reply.headers
        return replace(reply, headers={**reply.headers, "content-type": "text/html"})

    proxy.act("GET", "/webhooks/", page)
    account.failure(lambda: account.run().read(UNKNOWN, LONG_AGO), ApiError)


@pytest.mark.parametrize("target", ["/auth/token", "/webhooks?", "/webhooks/"])
@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_webhook_that_cannot_be_read_is_not_gone(
    account: Account, proxy: Proxy, target: str, status: int
) -> None:
    proxy.answer("", target, status, proxy.every, html=True)
    account.failure(lambda: account.run().read(UNKNOWN, LONG_AGO), ApiError)


def test_an_empty_list_does_not_say_that_a_webhook_is_gone(account: Account, proxy: Proxy) -> None:
    account.run().read(UNKNOWN, LONG_AGO)
    webhook_id = account.plant()
    proxy.lag(at=(1,))
    found = account.run().read(webhook_id, LONG_AGO)
    assert found is not None
    assert found.id == webhook_id


@pytest.mark.parametrize("age", [0.0, 4.9])
def test_a_newborn_webhook_is_not_believed_to_be_gone(account: Account, age: float) -> None:
    run = account.run()
    made = run.create(account.wanted("users"))
    account.uproot(made.id)
    account.clock.now += age
    account.ticks.pass_by(60)
    error = account.failure(lambda: run.read(made.id, made.created_at))
    assert error.summary == f"webhook {made.id} was made {age:.1f} s ago and Upvest does not show it yet"


def test_a_webhook_made_five_seconds_ago_can_be_gone(account: Account) -> None:
    run = account.run()
    made = run.create(account.wanted("users"))
    account.uproot(made.id)
    account.clock.now += 5.0
    account.ticks.pass_by(60)
    assert run.read(made.id, made.created_at) is None


def test_the_error_of_a_newborn_webhook(account: Account) -> None:
    error = account.failure(lambda: account.run().read(UNKNOWN, "2026-09-21T14:13:18.75Z"))
    assert account.plain(error) == snapshot("""\
webhook id-1 was made 1.2 s ago and Upvest does not show it yet
GET /webhooks/id-1 at https://api, upvest-request-id …
Run `pulumi up --refresh` again.\
""")


def test_what_this_run_made_is_found_though_the_shared_list_is_older(account: Account) -> None:
    run = account.run()
    made = run.create(account.wanted("users"))
    assert run.read(made.id, made.created_at) == made
    assert account.requests().count("GET /webhooks") == 1


def test_what_this_run_changed_is_seen_though_the_shared_list_is_older(account: Account) -> None:
    webhook_id = account.plant()
    run = account.run()
    run.read(webhook_id, LONG_AGO)
    run.update(webhook_id, {"title": "Changed", "type": ["USER"]}, {})
    read = run.read(webhook_id, LONG_AGO)
    assert read is not None
    assert read.title == "Changed"
    assert account.requests() == ["GET /webhooks", "PATCH /webhooks/…"]


def test_what_this_run_deleted_is_gone_though_the_shared_list_still_shows_it(account: Account) -> None:
    webhook_id = account.plant()
    run = account.run()
    run.read(webhook_id, LONG_AGO)
    run.delete(webhook_id)
    assert run.read(webhook_id, LONG_AGO) is None


def test_what_somebody_else_changed_after_this_run_is_seen_with_the_next_list(account: Account) -> None:
    webhook_id = account.plant()
    run = account.run()
    run.update(webhook_id, {"title": "Changed", "type": ["USER"]}, {})
    account.plant(**account.webhooks[0] | {"title": "Theirs", "updated_at": "2026-09-21T14:13:21Z"})
    account.ticks.pass_by(60)
    read = run.read(webhook_id, LONG_AGO)
    assert read is not None
    assert read.title == "Theirs"


def test_a_list_from_before_a_change_of_this_run_does_not_undo_it_to_the_eye(account: Account) -> None:
    """Times of one second with fractions of different lengths, as a server that drops zeros writes them."""
    webhook_id = account.plant(updated_at="2026-09-21T14:13:20.5Z")
    run = account.run()
    run.read(webhook_id, LONG_AGO)
    changed = run.update(webhook_id, {"title": "Changed", "type": ["USER"]}, {})
    assert changed.updated_at == "2026-09-21T14:13:20.51Z"
    assert run.read(webhook_id, LONG_AGO) == changed
