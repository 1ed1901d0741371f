from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.errors import AlreadySubscribed, ApiError
from upvest_provider.subscription import Enabling
from upvest_provider.verification import Verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.subscription.conftest import Account, Proxy

MATCHING = {"title": "Webhook of users", "url": "https://hooks.tenant.tld/users", "type": ["USER", "ORDER"]}
URL = "https://hooks.tenant.tld/all"
WRITES = ("POST", "PATCH", "DELETE")


def writes(account: Account) -> list[str]:
    return [request for request in account.requests() if request.startswith(WRITES)]


def without_time(account: Account) -> list[dict[str, object]]:
    return [{name: webhook[name] for name in webhook if name != "updated_at"} for webhook in account.webhooks]


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        ({"title": "Renamed"}, {"title": "Renamed"}),
        ({"url": "https://a.tld/moved"}, {"url": "https://a.tld/moved", "enabled": True}),
        ({"enabled": False}, {"enabled": False}),
        ({"exclude_type": ["ROLE"]}, {"exclude_type": ["ROLE"]}),
        ({"config": {"delay": "9s"}}, {"config": {"delay": "9s", "max_package_size": 51200}}),
        ({"type": ["ROLE"]}, {"type": ["ROLE"]}),
    ],
)
def test_only_what_differs_is_patched(
    account: Account, declared: dict[str, object], sent: dict[str, object]
) -> None:
    webhook_id = account.plant(**MATCHING)
    (before,) = account.webhooks
    wanted = account.wanted("users", **{"type": ["ORDER", "USER"], **declared})
    adopted = account.run().adopt(webhook_id, wanted)
    assert account.requests() == ["GET /webhooks/…", "GET /webhooks", "PATCH /webhooks/…"]
    assert account.bodies("PATCH") == [{"type": MATCHING["type"], **sent}]
    (after,) = account.webhooks
    assert after == before | sent | {"updated_at": adopted.updated_at}
    assert adopted.id == webhook_id
    assert account.lines == []


def test_nothing_is_patched_where_nothing_differs(account: Account) -> None:
    webhook_id = account.plant(**MATCHING, exclude_type=["ROLE"])
    before = account.webhooks
    wanted = account.wanted("users", type=["ORDER", "USER"], config={"delay": "1s"})
    adopted = account.run().adopt(webhook_id, wanted)
    assert writes(account) == []
    assert account.webhooks == before
    assert (adopted.id, adopted.exclude_type) == (webhook_id, ["ROLE"])


def test_an_unknown_id_is_an_error_that_says_where_ids_are_found(account: Account) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    error = account.failure(lambda: account.run().adopt(unknown, account.wanted("users")))
    assert writes(account) == []
    assert account.plain(error) == snapshot("""\
adopt_id is id-1, and this account has no such webhook
GET /webhooks/id-1 at https://api, upvest-request-id …
Correct adopt_id (see `upvest-webhooks list --stack STACK`), or remove it to create one.\
""")


def test_the_404_of_a_proxy_does_not_say_that_there_is_no_such_webhook(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()
    proxy.answer("GET", "/webhooks/", 404, html=True)
    error = account.failure(lambda: account.run().adopt(webhook_id, account.wanted("users")), ApiError)
    assert error.summary == "404 Not Found, from something between here and Upvest"


def test_a_webhook_that_would_become_the_twin_of_another_is_not_adopted(account: Account) -> None:
    webhook_id = account.plant(title="Mine")
    twin = account.plant(title="Made by hand", url="https://HOOKS.tenant.tld:443/users", type=["ALL"])
    before = account.webhooks
    error = account.failure(lambda: account.run().adopt(webhook_id, account.wanted("users")), AlreadySubscribed)
    assert error.summary == f"webhook {twin} ('Made by hand') already delivers USER to this URL"
    assert writes(account) == []
    assert account.webhooks == before


def test_what_is_adopted_is_no_twin_of_itself(account: Account) -> None:
    webhook_id = account.plant(**MATCHING, enabled=False)
    account.run().adopt(webhook_id, account.wanted("users"))
    assert account.held == [("Webhook of users", True)]


def lost_then_throttled(proxy: Proxy) -> None:
    proxy.lose("PATCH", "")
    proxy.answer("PATCH", "", 429, range(2, 6))


def lost_then_refused(proxy: Proxy) -> None:
    proxy.lose("PATCH", "")
    proxy.answer("PATCH", "", 403, (2,))


REFUSED: dict[str, Callable[[Proxy], None]] = {
    "400": lambda proxy: proxy.answer("PATCH", "", 400),
    "403": lambda proxy: proxy.answer("PATCH", "", 403),
    "429": lambda proxy: proxy.answer("PATCH", "", 429, proxy.every),
}
UNCLEAR: dict[str, Callable[[Proxy], None]] = {
    "403 by a proxy": lambda proxy: proxy.answer("PATCH", "", 403, html=True),
    "500": lambda proxy: proxy.answer("PATCH", "", 500),
    "500 with the work done": lambda proxy: proxy.answer("PATCH", "", 500, done=True),
    "503 with the work done": lambda proxy: proxy.answer("PATCH", "", 503, range(1, 6), done=True),
    "lost": lambda proxy: proxy.lose("PATCH", "", range(1, 6)),
    "refused": lambda proxy: proxy.refuse("PATCH", "", range(1, 6)),
    "garbled": lambda proxy: proxy.garble("PATCH", ""),
    "lost, then throttled": lost_then_throttled,
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_refused_adoption_leaves_the_webhook_as_it_was(account: Account, proxy: Proxy, fault: str) -> None:
    webhook_id = account.plant(enabled=False)
    before = account.webhooks
    REFUSED[fault](proxy)
    error = account.failure(lambda: account.run().adopt(webhook_id, account.wanted("users")))
    assert account.webhooks == before
    assert writes(account) == []
    assert error.details[-1] == f"Webhook {webhook_id} is as it was."


@pytest.mark.parametrize(
    "fault",
    [
        *UNCLEAR,
        "lost, then refused",
    ],
)
def test_an_adoption_with_an_unclear_end_puts_the_old_values_back(
    account: Account, proxy: Proxy, fault: str
) -> None:
    webhook_id = account.plant(enabled=False, type=["ROLE"], config={"delay": "7s", "max_package_size": 700})
    before = without_time(account)
    {**UNCLEAR, "lost, then refused": lost_then_refused}[fault](proxy)
    wanted = account.wanted("users", config={"delay": "2s"})
    error = account.failure(lambda: account.run().adopt(webhook_id, wanted))
    assert without_time(account) == before
    assert "DELETE /webhooks/…" not in account.requests()
    assert account.bodies("PATCH")[-1] == {
        "title": "Planted",
        "url": "https://hooks.tenant.tld/planted",
        "type": ["ROLE"],
        "config": {"delay": "7s", "max_package_size": 700},
        "enabled": False,
    }
    late = "unless the change that got no answer arrives late"
    assert error.details[-1] == f"Webhook {webhook_id} was set back to its old values, {late}."


def test_the_error_of_a_refused_adoption(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()
    proxy.answer("PATCH", "/webhooks/", 400)
    error = account.failure(lambda: account.run().adopt(webhook_id, account.wanted("users")))
    assert account.plain(error) == snapshot("""\
Upvest answered 400: made up as 400
PATCH /webhooks/id-1 at https://api, upvest-request-id …
Webhook id-1 is as it was.
Correct what Upvest names, then run the command again.\
""")


def test_the_error_of_an_adoption_that_went_back(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()
    proxy.lose("PATCH", "/webhooks/", range(1, 6))
    error = account.failure(lambda: account.run().adopt(webhook_id, account.wanted("users")))
    assert account.plain(error) == snapshot("""\
no answer from https://api to PATCH /webhooks/id-1: Server disconnected without sending a response.
Whether the request was handled is not known.
Webhook id-1 was set back to its old values, unless the change that got no answer arrives late.
Run `pulumi up --refresh` once the API answers again.\
""")


def test_an_adoption_that_cannot_go_back_says_so_and_deletes_nothing(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()
    proxy.lose("PATCH", "/webhooks/", range(1, 6))
    proxy.answer("PATCH", "/webhooks/", 403, (6, 7))
    error = account.failure(lambda: account.run().adopt(webhook_id, account.wanted("users")))
    assert account.held == [("Webhook of users", True)]
    assert "DELETE /webhooks/…" not in account.requests()
    assert account.plain(error) == snapshot("""\
no answer from https://api to PATCH /webhooks/id-1: Server disconnected without sending a response.
Whether the request was handled is not known.
Webhook id-1 may hold the new values: going back failed (Upvest answered 403: made up as 403).
Run `pulumi up --refresh` once the API answers again.\
""")


def test_where_an_old_value_is_taken_no_more_events_go_where_they_went_all_the_same(
    account: Account, proxy: Proxy
) -> None:
    webhook_id = account.plant(enabled=False)
    proxy.answer("POST", f"/webhooks/{webhook_id}/test", 500, range(1, 9))
    proxy.answer("PATCH", "/webhooks/", 400, (2,))  # the first moves and enables, the second brings all of it back
    run = account.run()
    enabling = Enabling(verification=run.verification(Verify.AFTER_ENABLE))
    error = account.failure(lambda: run.adopt(webhook_id, account.wanted("users"), enabling))
    (webhook,) = account.webhooks
    assert (webhook["enabled"], webhook["url"]) == (False, "https://hooks.tenant.tld/planted")
    assert webhook["title"] == "Webhook of users"
    assert account.plain("\n".join(error.details[-3:-1])) == snapshot("""\
Webhook id-1 was set back to its old enabled, type, url.
Its other new values may stay, for going back failed (Upvest answered 400: made up as 400).\
""")


def test_what_the_program_leaves_to_the_server_counts_when_twins_are_looked_for(account: Account) -> None:
    adopted = account.plant(url=URL, type=["ALL"], exclude_type=["USER"])
    account.plant(title="Users", url=URL, type=["USER"])
    assert account.run().adopt(adopted, account.wanted("all", url=URL, type=["ALL"])).id == adopted
