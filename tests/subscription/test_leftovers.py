from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

from upvest_provider.errors import ApiError

if TYPE_CHECKING:
    from tests.subscription.conftest import Account, Forward, Proxy, Reply

FOREIGN = "pulumi-00112233445566ff"


def test_what_an_earlier_run_left_unfinished_is_deleted_before_the_webhook_is_created(account: Account) -> None:
    wanted = account.wanted("users")
    old = account.plant(title=wanted.claim, url=wanted.declared["url"], enabled=False)
    made = account.run().create(wanted)
    assert account.requests() == [
        "GET /webhooks",
        "GET /webhooks/…",
        "DELETE /webhooks/…",
        "POST /webhooks",
        "PATCH /webhooks/…",
    ]
    assert made.id != old
    assert account.held == [("Webhook of users", True)]
    assert account.plain("\n".join(account.lines)) == snapshot(
        "'users': deleting webhook id-1, which an earlier run left unfinished (if Pulumi warns of a pending operation, `pulumi refresh --yes --clear-pending-creates` clears it)"
    )


def test_all_of_several_leftovers_are_deleted(account: Account) -> None:
    wanted = account.wanted("users")
    for _ in range(3):
        account.plant(title=wanted.claim, enabled=False)
    account.run().create(wanted)
    assert account.requests().count("DELETE /webhooks/…") == 3
    assert account.held == [("Webhook of users", True)]
    assert len(account.lines) == 3


def test_a_leftover_that_is_gone_meanwhile_does_not_hinder(account: Account, proxy: Proxy) -> None:
    wanted = account.wanted("users")
    old = account.plant(title=wanted.claim, enabled=False)

    def just_before(forward: Forward) -> Reply:
        account.uproot(old)
        return forward()

    proxy.act("DELETE", "/webhooks/", just_before)
    account.run().create(wanted)
    assert account.held == [("Webhook of users", True)]
    assert account.plain("\n".join(account.lines)) == snapshot("""\
'users': deleting webhook id-1, which an earlier run left unfinished (if Pulumi warns of a pending operation, `pulumi refresh --yes --clear-pending-creates` clears it)
webhook id-1 was already gone\
""")


def test_nothing_is_posted_where_a_leftover_cannot_be_deleted(account: Account, proxy: Proxy) -> None:
    wanted = account.wanted("users")
    account.plant(title=wanted.claim, enabled=False)
    proxy.answer("DELETE", "/webhooks/", 403)
    error = account.failure(lambda: account.run().create(wanted), ApiError)
    assert account.bodies("POST") == []
    assert account.plain(error) == snapshot("""\
Upvest answered 403: made up as 403
DELETE /webhooks/id-1 at https://api, upvest-request-id …
Have Upvest allow this client the scopes `webhooks:read` and `webhooks:admin`.\
""")


def test_a_foreign_claim_is_named_once_and_left(account: Account) -> None:
    foreign = account.plant(title=FOREIGN, enabled=False)
    run = account.run()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: run.create(account.wanted(f"number-{number}")), range(8)))
    assert "DELETE /webhooks/…" not in account.requests()
    assert (FOREIGN, False) in account.held
    (line,) = account.lines
    assert foreign in line
    assert account.plain(line) == snapshot(
        "warning: webhook id-1 (pulumi-00112233445566ff) is unfinished. The next `pulumi up` of the stack that made it removes it; if its resource is up already, renamed or dropped, delete it (DELETE /webhooks/id-1)"
    )


def test_each_foreign_claim_is_named(account: Account) -> None:
    ids = [account.plant(title=title, enabled=False) for title in (FOREIGN, FOREIGN.replace("f", "e"))]
    account.run().create(account.wanted("users"))
    assert [found in line for found, line in zip(ids, account.lines, strict=True)] == [True, True]


def test_a_title_that_only_resembles_a_claim_is_nobodys_unfinished_work(account: Account) -> None:
    for title in ("pulumi-0011", f"{FOREIGN}0", FOREIGN.upper(), f" {FOREIGN}"):
        account.plant(title=title)
    account.run().create(account.wanted("users"))
    assert account.lines == []


def test_what_another_thread_of_this_run_has_not_finished_is_not_called_foreign(
    account: Account, proxy: Proxy
) -> None:
    run = account.run()

    def meanwhile(forward: Forward) -> Reply:
        assert [title for title, _ in account.held] == [account.wanted("first").claim]
        account.ticks.pass_by(60)  # the shared list is too old: the second one sees the claim of the first
        run.create(account.wanted("second"))
        return forward()

    proxy.act("PATCH", "/webhooks/", meanwhile)
    run.create(account.wanted("first"))
    assert account.requests().count("GET /webhooks") == 2
    assert account.lines == []
    assert account.held == [("Webhook of first", True), ("Webhook of second", True)]


def test_a_finished_webhook_is_no_leftover_though_the_shared_list_still_shows_its_claim(
    account: Account, proxy: Proxy
) -> None:
    run = account.run()

    def meanwhile(forward: Forward) -> Reply:
        account.ticks.pass_by(60)
        run.create(account.wanted("second"))
        return forward()

    proxy.act("PATCH", "/webhooks/", meanwhile)
    made = run.create(account.wanted("first"))
    # A replacement that creates before it deletes, within the age of the list.
    replacement = run.create(account.wanted("first", url="https://hooks.tenant.tld/moved"))
    assert account.requests().count("GET /webhooks") == 2
    assert "DELETE /webhooks/…" not in account.requests()
    assert {made.id, replacement.id} <= {webhook["id"] for webhook in account.webhooks}


def test_what_the_program_declares_elsewhere_is_not_called_unfinished(account: Account) -> None:
    """An earlier run left two; the first one's creation sees the second's, which its own creation removes."""
    first, second = account.wanted("first"), account.wanted("second")
    for wanted in (first, second):
        account.plant(title=wanted.claim, enabled=False)
    run = account.run(declared={first.claim, second.claim})
    for wanted in (first, second):
        run.create(wanted)
    assert [line for line in account.lines if "warning" in line] == []
    assert account.held == [("Webhook of first", True), ("Webhook of second", True)]


def test_a_refresh_names_what_was_left_unfinished_once(account: Account) -> None:
    left = account.plant(title=FOREIGN, enabled=False)
    ids = [account.plant(title=f"Number {number}", type=[f"TYPE_{number}"]) for number in range(3)]
    run = account.run()
    for webhook_id in ids:
        run.read(webhook_id, "2026-01-01T00:00:00Z")
    (line,) = account.lines
    assert left in line
    assert account.requests() == ["GET /webhooks"]


def test_an_adoption_removes_what_an_earlier_run_of_it_left_unfinished(account: Account) -> None:
    wanted = account.wanted("users")
    live = account.plant(title="Live", url=wanted.declared["url"])
    account.plant(title=wanted.claim, url=wanted.declared["url"], enabled=False)
    assert account.run().adopt(live, wanted).id == live
    assert account.held == [("Webhook of users", True)]
