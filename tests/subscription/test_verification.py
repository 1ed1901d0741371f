"""What a failing test delivery undoes: what its own call did, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot

from tests.subscription.conftest import Reply
from upvest_provider.errors import EngineGone, NotReady
from upvest_provider.subscription import Enabling, fields_of
from upvest_provider.verification import Verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.subscription.conftest import Account, Forward, Proxy
    from upvest_provider.api import Webhook
    from upvest_provider.subscription import Subscriptions

TEST = "POST /webhooks/…/test"
PATCH, DELETE = "PATCH /webhooks/…", "DELETE /webhooks/…"
STRICT = (Verify.REQUIRE, Verify.AFTER_ENABLE)
EACH = (Verify.WARN, *STRICT)


class Receiver:
    """Answers test deliveries, and notes of what kind each webhook was then."""

    def __init__(self, account: Account, status: int = 200, *, api: int = 200) -> None:
        self.tested: list[Mapping[str, Any]] = []
        account.proxy.act("POST", "/webhooks/", self._meet, account.proxy.every)
        self._account, self._status, self._api = account, status, api

    def _meet(self, _: Forward) -> Reply:
        self.tested += self._account.webhooks
        headers = {"content-type": "application/json", "upvest-request-id": "1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11"}
        if self._api == 202:
            return Reply(202, headers, b"")
        if self._api != 200:
            problem = {"title": "Made up", "detail": f"made up as {self._api}"}
            return Reply(
                self._api, headers | {"content-type": "application/problem+json"}, json.dumps(problem).encode()
            )
        answer = {
            "url": "https://hooks.tenant.tld",
            "response": {"status": self._status, "headers": {}, "body": ""},
        }
        return Reply(200, headers, json.dumps(answer).encode())


def enabling(run: Subscriptions, mode: Verify, opens: Callable[[], bool] = lambda: True) -> Enabling:
    return Enabling(opens, run.verification(mode))


def sent(account: Account) -> list[str]:
    """What reached the API; the proxy answers test calls itself."""
    return [request for request in account.requests() if not request.startswith("GET")]


def held(account: Account, webhook_id: str) -> dict[str, Any]:
    """What the state holds of a webhook."""
    found: Webhook | None = account.run().read(webhook_id, "")
    assert found is not None
    account.forget_requests()
    return fields_of(found)


def without_time(account: Account) -> list[dict[str, Any]]:
    return [{name: webhook[name] for name in webhook if name != "updated_at"} for webhook in account.webhooks]


def test_without_verification_nothing_is_tested(account: Account) -> None:
    receiver = Receiver(account, 500)
    run = account.run()
    assert run.verification(Verify.OFF) is None
    run.create(account.wanted(), enabling(run, Verify.OFF))
    assert receiver.tested == []


@pytest.mark.parametrize(
    ("mode", "was_enabled"), [(Verify.REQUIRE, False), (Verify.WARN, False), (Verify.AFTER_ENABLE, True)]
)
def test_a_creation_tests_before_it_enables_or_right_after(
    account: Account, mode: Verify, *, was_enabled: bool
) -> None:
    receiver = Receiver(account)
    run = account.run()
    made = run.create(account.wanted(), enabling(run, mode))
    assert made.enabled
    assert [webhook["enabled"] for webhook in receiver.tested] == [was_enabled]
    assert sent(account) == ["POST /webhooks", PATCH]
    assert account.held == [("Webhook of users", True)]


@pytest.mark.parametrize("mode", EACH)
def test_a_webhook_that_stays_disabled_is_not_tested(account: Account, mode: Verify) -> None:
    receiver = Receiver(account, 500)
    run = account.run()
    run.create(account.wanted(enabled=False), enabling(run, mode))
    run.create(account.wanted("orders", type=["ORDER"]), enabling(run, mode, lambda: False))
    assert receiver.tested == []
    assert account.held == [("Webhook of users", False), ("Webhook of orders", False)]


@pytest.mark.parametrize("mode", STRICT)
@pytest.mark.parametrize(
    ("status", "api"), [(500, 200), (301, 200), (200, 202), (200, 404), (200, 409), (200, 500)]
)
def test_a_creation_whose_test_fails_leaves_nothing_behind(
    account: Account, mode: Verify, status: int, api: int
) -> None:
    receiver = Receiver(account, status, api=api)
    run = account.run()
    error = account.failure(lambda: run.create(account.wanted(), enabling(run, mode)))
    assert error.summary.startswith("the test delivery failed: ")
    assert error.details[-1] == (
        f"Nothing was left behind: webhook {receiver.tested[0]['id']}, made on the way, was deleted again."
    )
    assert account.webhooks == []
    patches = [PATCH] if mode is Verify.AFTER_ENABLE else []
    assert sent(account) == ["POST /webhooks", *patches, DELETE]


@pytest.mark.parametrize(("status", "api"), [(500, 200), (200, 202), (200, 409)])
def test_a_creation_that_only_warns_goes_on(account: Account, status: int, api: int) -> None:
    Receiver(account, status, api=api)
    run = account.run()
    assert run.create(account.wanted(), enabling(run, Verify.WARN)).enabled
    assert account.held == [("Webhook of users", True)]
    (line,) = account.lines
    assert line.startswith("warning: webhook ")
    assert "the test delivery failed: " in line


@pytest.mark.parametrize("mode", STRICT)
def test_a_receiver_that_answered_with_success_is_not_refused_for_what_upvest_leaves_out(
    account: Account, proxy: Proxy, mode: Verify
) -> None:
    headers = {"content-type": "application/json", "upvest-request-id": "1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11"}
    answer = {"url": None, "response": {"status": 200, "headers": None, "body": None, "error": None}}
    proxy.act("POST", "/webhooks/", lambda _: Reply(200, headers, json.dumps(answer).encode()))
    run = account.run()
    assert run.create(account.wanted(), enabling(run, mode)).enabled
    assert account.held == [("Webhook of users", True)]


def test_the_error_of_a_creation_whose_test_failed(account: Account) -> None:
    Receiver(account, 500)
    run = account.run()
    error = account.failure(lambda: run.create(account.wanted(), enabling(run, Verify.REQUIRE)))
    assert account.plain(error) == snapshot("""\
the test delivery failed: the receiver answered 500
Nothing was left behind: webhook id-1, made on the way, was deleted again.
Mend the receiver, then run `pulumi up` again; verify="warn" goes on without it.\
""")


def test_the_error_of_a_creation_that_upvest_would_not_test(account: Account) -> None:
    Receiver(account, api=409)
    run = account.run()
    error = account.failure(lambda: run.create(account.wanted(), enabling(run, Verify.REQUIRE)))
    assert account.plain(error) == snapshot("""\
the test delivery failed: Upvest did not test: Upvest answered 409: made up as 409
POST /webhooks/id-1/test at https://api, upvest-request-id …
Nothing was left behind: webhook id-1, made on the way, was deleted again.
If Upvest tests enabled webhooks only, set verify="after_enable".\
""")


@pytest.mark.parametrize("mode", STRICT)
def test_a_creation_whose_clean_up_fails_too_names_what_is_left(
    account: Account, proxy: Proxy, mode: Verify
) -> None:
    Receiver(account, 500)
    proxy.answer("DELETE", "/webhooks/", 403)
    run = account.run()
    error = account.failure(lambda: run.create(account.wanted(), enabling(run, mode)))
    (left,) = account.webhooks
    assert f"Left behind: webhook {left['id']}, for deleting it failed too" in str(error)
    assert left["enabled"] is (mode is Verify.AFTER_ENABLE)


def test_an_engine_that_dies_before_the_test_enables_nothing(account: Account) -> None:
    receiver = Receiver(account)
    run = account.run(account.engine(gone_at=4))  # token, list, POST, test
    account.failure(lambda: run.create(account.wanted(), enabling(run, Verify.REQUIRE)), EngineGone)
    assert receiver.tested == []
    assert [webhook["enabled"] for webhook in account.webhooks] == [False]


def test_a_gate_that_raises_leaves_no_request(account: Account) -> None:
    def shut() -> bool:
        raise NotReady("shut")

    run = account.run()
    account.failure(lambda: run.create(account.wanted(), enabling(run, Verify.REQUIRE, shut)), NotReady)
    assert account.proxy.taken == 0


def test_an_enabling_is_tested_as_it_will_be_and_only_then_made(account: Account) -> None:
    webhook_id = account.plant(enabled=False)
    receiver = Receiver(account)
    run = account.run()
    body = {"url": "https://hooks.tenant.tld/moved", "type": ["USER"], "enabled": True}
    updated = run.update(webhook_id, body, {}, run.verification(Verify.REQUIRE))
    assert updated.enabled
    assert [(webhook["url"], webhook["enabled"]) for webhook in receiver.tested] == [
        ("https://hooks.tenant.tld/moved", False)
    ]
    assert account.bodies("PATCH") == [
        {"url": "https://hooks.tenant.tld/moved", "type": ["USER"]},
        body,
    ]


@pytest.mark.parametrize("mode", STRICT)
def test_an_enabling_whose_test_fails_is_undone(account: Account, mode: Verify) -> None:
    webhook_id = account.plant(enabled=False)
    before, state = without_time(account), held(account, webhook_id)
    receiver = Receiver(account, 500)
    run = account.run()
    body = {"title": "New", "url": "https://hooks.tenant.tld/moved", "type": ["USER", "ORDER"], "enabled": True}
    error = account.failure(lambda: run.update(webhook_id, body, state, run.verification(mode)))
    assert len(receiver.tested) == 1
    assert without_time(account) == before
    assert account.bodies("PATCH")[-1] == {name: state[name] for name in body}
    assert error.summary == "the test delivery failed: the receiver answered 500"
    assert error.details[-1] == f"Webhook {webhook_id} was set back to its old values."


def test_a_mere_enabling_that_is_refused_never_was_enabled(account: Account) -> None:
    webhook_id = account.plant(enabled=False)
    state = held(account, webhook_id)
    Receiver(account, 500)
    run = account.run()
    account.failure(
        lambda: run.update(
            webhook_id, {"type": ["USER"], "enabled": True}, state, run.verification(Verify.REQUIRE)
        )
    )
    assert [body for body in account.bodies("PATCH") if body.get("enabled")] == []


@pytest.mark.parametrize("mode", EACH)
def test_a_move_of_an_enabled_webhook_is_tested_after_it(account: Account, mode: Verify) -> None:
    webhook_id = account.plant()
    receiver = Receiver(account)
    run = account.run()
    body = {"url": "https://hooks.tenant.tld/moved", "type": ["USER"]}
    run.update(webhook_id, body, {}, run.verification(mode))
    assert [webhook["url"] for webhook in receiver.tested] == ["https://hooks.tenant.tld/moved"]
    assert account.bodies("PATCH") == [body]


@pytest.mark.parametrize("mode", STRICT)
def test_a_move_whose_test_fails_brings_the_old_url_back_and_leaves_it_enabled(
    account: Account, mode: Verify
) -> None:
    webhook_id = account.plant()
    before, state = without_time(account), held(account, webhook_id)
    Receiver(account, 404)
    run = account.run()
    body = {"url": "https://hooks.tenant.tld/moved", "type": ["USER"]}
    error = account.failure(lambda: run.update(webhook_id, body, state, run.verification(mode)))
    assert without_time(account) == before
    assert account.plain(error) == snapshot("""\
the test delivery failed: the receiver answered 404
Webhook id-1 was set back to its old values.
Mend the receiver, then run `pulumi up` again; verify="warn" goes on without it.\
""")


def test_a_move_that_only_warns_stays(account: Account) -> None:
    webhook_id = account.plant()
    Receiver(account, 500)
    run = account.run()
    body = {"url": "https://hooks.tenant.tld/moved", "type": ["USER"]}
    assert run.update(webhook_id, body, {}, run.verification(Verify.WARN)).url == body["url"]
    assert account.bodies("PATCH") == [body]
    assert len(account.lines) == 1


def test_a_move_that_cannot_go_back_says_so(account: Account, proxy: Proxy) -> None:
    webhook_id = account.plant()
    state = held(account, webhook_id)
    Receiver(account, 500)
    proxy.answer("PATCH", "/webhooks/", 403, (2,))
    run = account.run()
    body = {"url": "https://hooks.tenant.tld/moved", "type": ["USER"]}
    error = account.failure(lambda: run.update(webhook_id, body, state, run.verification(Verify.REQUIRE)))
    assert account.webhooks[0]["url"] == "https://hooks.tenant.tld/moved"
    assert account.plain(error.details[-2]) == snapshot(
        "Webhook id-1 may hold the new values: going back failed (Upvest answered 403: made up as 403)."
    )


@pytest.mark.parametrize("mode", EACH)
@pytest.mark.parametrize(
    ("enabled", "body"),
    [
        (True, {"title": "New", "type": ["USER"]}),
        (True, {"url": "https://hooks.tenant.tld/moved", "type": ["USER"], "enabled": False}),
        (False, {"url": "https://hooks.tenant.tld/moved", "type": ["USER"]}),
        (False, {"title": "New", "type": ["USER"]}),
    ],
)
def test_what_neither_begins_nor_moves_deliveries_is_not_tested(
    account: Account, mode: Verify, *, enabled: bool, body: dict[str, Any]
) -> None:
    webhook_id = account.plant(enabled=enabled)
    receiver = Receiver(account, 500)
    run = account.run()
    run.update(webhook_id, body, {}, run.verification(mode))
    assert receiver.tested == []
    assert account.bodies("PATCH") == [body]


@pytest.mark.parametrize("mode", STRICT)
@pytest.mark.parametrize("enabled", [True, False])
def test_an_adoption_whose_test_fails_gives_the_old_values_back_and_deletes_nothing(
    account: Account, mode: Verify, *, enabled: bool
) -> None:
    webhook_id = account.plant(enabled=enabled, config={"delay": "7s", "max_package_size": 700})
    before = without_time(account)
    receiver = Receiver(account, 500)
    run = account.run()
    wanted = account.wanted(config={"delay": "2s"})
    error = account.failure(lambda: run.adopt(webhook_id, wanted, enabling(run, mode)))
    assert len(receiver.tested) == 1
    assert without_time(account) == before
    assert DELETE not in account.requests()
    assert error.details[-1] == f"Webhook {webhook_id} was set back to its old values."


@pytest.mark.parametrize("mode", EACH)
def test_an_adoption_that_changes_no_delivery_is_not_tested(account: Account, mode: Verify) -> None:
    webhook_id = account.plant(url="https://hooks.tenant.tld/users")
    receiver = Receiver(account, 500)
    run = account.run()
    run.adopt(webhook_id, account.wanted(), enabling(run, mode))
    assert receiver.tested == []
    assert account.held == [("Webhook of users", True)]


def test_an_adoption_behind_a_closed_gate_neither_moves_nor_enables(account: Account) -> None:
    moving, waiting = account.plant(), account.plant(enabled=False, url="https://hooks.tenant.tld/orders")
    receiver = Receiver(account, 500)
    run = account.run()
    assert run.adopt(moving, account.wanted(), enabling(run, Verify.REQUIRE, lambda: False)).enabled
    adopted = run.adopt(
        waiting, account.wanted("orders", type=["ORDER"]), enabling(run, Verify.REQUIRE, lambda: False)
    )
    assert not adopted.enabled
    assert receiver.tested == []
    assert [(webhook["title"], webhook["url"]) for webhook in account.webhooks] == [
        ("Webhook of users", "https://hooks.tenant.tld/planted"),
        ("Webhook of orders", "https://hooks.tenant.tld/orders"),
    ]


def test_an_adoption_whose_gate_fails_has_changed_nothing_not_even_what_is_unfinished(account: Account) -> None:
    webhook_id = account.plant(enabled=False)
    account.plant(title=account.wanted().claim, url="https://hooks.tenant.tld/begun", enabled=False)
    before = account.webhooks

    def closes() -> bool:
        raise NotReady("the gate is shut", fix="Open it.")

    run = account.run()
    account.failure(lambda: run.adopt(webhook_id, account.wanted(), enabling(run, Verify.OFF, closes)), NotReady)
    assert account.webhooks == before


def test_a_webhook_of_this_run_is_tested_by_upvest_at_its_receiver(account: Account) -> None:
    """The embedded API's own test call, to a receiver that is not there."""
    run = account.run()
    error = account.failure(lambda: run.create(account.wanted(), enabling(run, Verify.REQUIRE)))
    assert error.summary == snapshot(
        "the test delivery failed: Upvest could not reach the receiver: NameNotResolved: hooks.tenant.tld: NXDOMAIN"
    )
    assert account.requests() == ["GET /webhooks", "POST /webhooks", TEST, DELETE]


@pytest.mark.parametrize("adopts", [False, True])
def test_an_enabling_that_is_refused_after_the_test_brings_the_rest_back(
    account: Account, proxy: Proxy, adopts: bool
) -> None:
    webhook_id = account.plant(enabled=False)
    before, state = without_time(account), held(account, webhook_id)
    Receiver(account)
    proxy.answer("PATCH", "/webhooks/", 400, at=(2,))
    run = account.run()
    wanted = account.wanted("users", title="New")
    body = {**wanted.declared, "type": ["USER"]}

    def change() -> object:
        if adopts:
            return run.adopt(webhook_id, wanted, enabling(run, Verify.REQUIRE))
        return run.update(webhook_id, body, state, run.verification(Verify.REQUIRE))

    error = account.failure(change)
    assert without_time(account) == before
    assert error.summary == "Upvest answered 400: made up as 400"
    assert error.details[-1] == f"Webhook {webhook_id} was set back to its old values."
