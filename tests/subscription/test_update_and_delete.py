from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider import limits
from upvest_provider.errors import ApiError, NotFound

if TYPE_CHECKING:
    from tests.subscription.conftest import Account, Forward, Proxy, Reply

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def test_an_update_is_one_patch_with_what_it_is_given(account: Account) -> None:
    webhook_id = account.plant()
    body = {"url": "https://hooks.tenant.tld/moved", "type": ["USER"]}
    changed = account.run().update(webhook_id, body, {})
    assert account.requests() == ["PATCH /webhooks/…"]
    assert account.bodies("PATCH") == [body]
    assert (changed.title, changed.url) == ("Planted", "https://hooks.tenant.tld/moved")
    assert account.lines == []


def test_what_upvest_does_not_take_is_said_and_not_sent_again(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()

    def stubborn(forward: Forward) -> Reply:
        reply = forward()
        document = json.loads(reply.body) | {"url": "https://hooks.tenant.tld/planted"}
        document["config"]["max_package_size"] = 51200
        return replace(reply, body=json.dumps(document).encode())

    proxy.act("PATCH", "/webhooks/", stubborn)
    body = {
        "url": "https://hooks.tenant.tld/moved",
        "type": ["USER"],
        "config": {"delay": "9s", "max_package_size": 900},
    }
    changed = account.run().update(webhook_id, body, {})
    assert (changed.config.delay, changed.config.max_package_size) == ("9s", 51200)
    assert account.requests() == ["PATCH /webhooks/…"]
    assert account.plain("\n".join(account.lines)) == snapshot("""\
warning: Upvest did not take url of webhook id-1 as it was sent
warning: Upvest did not take config.max_package_size of webhook id-1 as it was sent\
""")


def test_another_order_of_categories_is_taken_as_sent(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()

    def sorting(forward: Forward) -> Reply:
        reply = forward()
        document = json.loads(reply.body)
        return replace(reply, body=json.dumps(document | {"type": sorted(document["type"])}).encode())

    proxy.act("PATCH", "/webhooks/", sorting)
    account.run().update(webhook_id, {"type": ["USER", "ORDER"], "exclude_type": []}, {})
    assert account.lines == []


def test_an_update_whose_answers_are_all_lost_says_that_its_outcome_is_not_known(
    account: Account, proxy: Proxy
) -> None:
    webhook_id = account.plant()
    proxy.lose("PATCH", "/webhooks/", proxy.every)
    error = account.failure(lambda: account.run().update(webhook_id, {"title": "Changed", "type": ["USER"]}, {}))
    assert error.outcome_unknown
    assert account.held == [("Changed", True)]
    assert account.plain(error) == snapshot("""\
no answer from https://api to PATCH /webhooks/id-1: Server disconnected without sending a response.
Whether the request was handled is not known.
Webhook id-1 may hold the new values already.
Run `pulumi up --refresh` once the API answers again.\
""")


def test_an_update_that_upvest_refuses_has_a_known_outcome(account: Account) -> None:
    webhook_id = account.plant()
    error = account.failure(
        lambda: account.run().update(webhook_id, {"title": "", "type": ["USER"]}, {}), ApiError
    )
    assert not error.outcome_unknown
    assert account.held == [("Planted", True)]


def test_an_update_of_a_webhook_that_is_gone_says_so(account: Account) -> None:
    account.failure(lambda: account.run().update(UNKNOWN, {"type": ["USER"]}, {}), NotFound)


def test_a_deletion_is_one_request(account: Account) -> None:
    webhook_id = account.plant()
    other = account.plant()
    account.run().delete(webhook_id)
    assert account.requests() == ["DELETE /webhooks/…"]
    assert [webhook["id"] for webhook in account.webhooks] == [other]
    assert account.lines == []


def test_a_webhook_that_is_gone_already_is_deleted_with_a_line_that_says_so(account: Account) -> None:
    account.run().delete(UNKNOWN)
    assert account.lines == [f"webhook {UNKNOWN} was already gone"]


def test_a_deletion_whose_answer_is_lost_succeeds(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()
    proxy.lose("DELETE", "/webhooks/")
    account.run().delete(webhook_id)
    assert account.requests() == ["DELETE /webhooks/…"] * 2
    assert account.webhooks == []


@pytest.mark.parametrize("status", [403, 404, 500, 502])
def test_an_error_before_upvest_deletes_nothing_and_is_an_error(
    account: Account, proxy: Proxy, status: int
) -> None:
    webhook_id = account.plant()
    proxy.answer("DELETE", "/webhooks/", status, proxy.every, html=True)
    run = account.run()
    error = account.failure(lambda: run.delete(webhook_id))
    assert f"Webhook {webhook_id} may be deleted already." in error.details
    assert account.held == [("Planted", True)]
    assert account.lines == []
    proxy.mend()
    assert run.read(webhook_id, "") is not None


def test_the_404_of_a_proxy_is_not_told_as_upvests(account: Account, proxy: Proxy) -> None:
    proxy.answer("DELETE", "/webhooks/", 404, html=True)
    error = account.failure(lambda: account.run().delete(UNKNOWN))
    assert account.plain(error) == snapshot("""\
404 Not Found, from something between here and Upvest
DELETE /webhooks/id-1 at https://api, no upvest-request-id
Webhook id-1 may be deleted already.
Make sure that `upvest:api` and any HTTP proxy of this machine lead to Upvest, then run again.
Run `pulumi up --refresh` once the API answers again.\
""")


def test_a_webhook_of_seconds_is_not_believed_to_be_deleted(account: Account, proxy: Proxy) -> None:
    made = account.run().create(account.wanted("users"))
    proxy.answer("DELETE", "/webhooks/", 404)
    run = account.run()
    error = account.failure(lambda: run.delete(made.id, made.created_at))
    assert account.held == [("Webhook of users", True)]
    assert account.plain(error.summary) == snapshot(
        "webhook id-1 was made 0.0 s ago and Upvest does not show it yet"
    )
    account.clock.now += limits.NEWBORN
    proxy.answer("DELETE", "/webhooks/", 404)
    run.delete(made.id, made.created_at)
    assert account.lines[-1] == f"webhook {made.id} was already gone"


def test_a_webhook_that_upvest_disables_when_it_moves_is_named(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()

    def disabling(forward: Forward) -> Reply:
        reply = forward()
        return replace(reply, body=json.dumps(json.loads(reply.body) | {"enabled": False}).encode())

    proxy.act("PATCH", "/webhooks/", disabling)
    body = {"url": "https://hooks.tenant.tld/moved", "type": ["USER"]}
    account.run().update(webhook_id, body, {**body, "url": "https://hooks.tenant.tld/planted", "enabled": True})
    assert account.plain(account.lines[-1]) == snapshot(
        "warning: webhook id-1 delivers no longer: Upvest disabled it with this change"
    )
