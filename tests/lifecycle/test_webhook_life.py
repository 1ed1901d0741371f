from __future__ import annotations

from pathlib import Path

from tests.lifecycle.life import ORDERS, USERS, Life, steps, users
from upvest_provider.local import LocalUpvest


class TestTheLifeOfAWebhook:
    def test_preview_up_and_again(self, life: Life) -> None:
        life.declare(USERS + ORDERS)
        assert steps(life.stack.preview()) == [("create", "orders"), ("create", "users")]
        assert life.sent() == []
        assert steps(life.stack.up()) == [("create", "orders"), ("create", "users")]
        assert sorted(life.sent()) == sorted(["token", "GET", "POST", "PATCH", "POST", "PATCH"])
        assert {webhook.title: webhook.enabled for webhook in life.webhooks()} == {
            "User webhook": True,
            "Orders": True,
        }
        assert steps(life.stack.preview()) == [("same", "orders"), ("same", "users")]
        assert steps(life.stack.up()) == [("same", "orders"), ("same", "users")]
        assert life.sent() == []

    def test_an_update_is_one_patch_of_what_differs(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        life.sent()
        life.declare(USERS.replace("51200", "65536"))
        assert steps(life.stack.preview()) == [("update", "users", ("config",))]
        assert life.sent() == []
        assert steps(life.stack.up()) == [("update", "users", ("config",))]
        assert life.sent() == ["token", "PATCH"]
        assert life.upvest.requests()[-1].body == {
            "type": ["USER"],
            "config": {"delay": "2s", "max_package_size": 65536},
        }
        assert steps(life.stack.up()) == [("same", "users")]

    def test_what_leaves_the_program_is_deleted(self, life: Life) -> None:
        life.declare(USERS + ORDERS)
        life.stack.up()
        life.sent()
        life.declare(USERS)
        assert steps(life.stack.up()) == [("delete", "orders"), ("same", "users")]
        assert life.sent() == ["token", "DELETE"]
        assert life.webhook().title == "User webhook"

    def test_destroy_deletes_each_once(self, life: Life) -> None:
        life.declare(USERS + ORDERS)
        life.stack.up()
        life.sent()
        assert steps(life.stack.destroy()) == [("delete", "orders"), ("delete", "users")]
        assert life.sent() == ["token", "DELETE", "DELETE"]
        assert life.webhooks() == []

    def test_a_webhook_declared_disabled_stays_disabled_and_is_enabled_later(self, life: Life) -> None:
        life.declare(users(enabled="False"))
        life.stack.up()
        assert (life.webhook().title, life.webhook().enabled) == ("User webhook", False)
        life.declare(users(enabled="True"))
        assert steps(life.stack.up()) == [("update", "users", ("enabled",))]
        assert life.webhook().enabled

    def test_every_field_is_updated_in_place(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        first = life.webhook()
        life.declare(
            """UpvestWebhook("users", title="All", url="https://other.tld/x", type=["ALL"], exclude_type=["ORDER"],
            config={"delay": "3s", "max_package_size": 100}, enabled=False)"""
        )
        changed = ("config", "enabled", "exclude_type", "title", "type", "url")
        assert steps(life.stack.up()) == [("update", "users", changed)]
        now = life.webhook()
        assert now.id == first.id
        assert (now.title, now.url, now.type, now.exclude_type, now.enabled) == (
            "All",
            "https://other.tld/x",
            ["ALL"],
            ["ORDER"],
            False,
        )
        assert now.config.model_dump() == {"delay": "3s", "max_package_size": 100}

    def test_categories_no_longer_excluded_are_delivered_again(self, life: Life) -> None:
        life.declare(users(type='["ALL"]', exclude_type='["ORDER"]'))
        life.stack.up()
        life.declare(users(type='["ALL"]'))
        assert steps(life.stack.up()) == [("update", "users", ("exclude_type",))]
        assert life.webhook().exclude_type == []
        assert steps(life.stack.up()) == [("same", "users")]

    def test_the_order_of_categories_is_no_difference_to_the_api(self, life: Life) -> None:
        life.declare(users(type='["USER", "ORDER"]'))
        life.stack.up()
        life.sent()
        life.declare(users(type='["ORDER", "USER"]'))
        assert [step[0] for step in steps(life.stack.up())] == ["same"]
        assert life.sent() == []

    def test_outputs_are_typed_in_the_program(self, life: Life) -> None:
        life.declare(
            USERS + 'pulumi.export("size", users.config.apply(lambda c: type(c.max_package_size).__name__))\n'
            'pulumi.export("api", users.api)\npulumi.export("enabled", users.enabled)\n'
            'pulumi.export("excluded", users.exclude_type)\n'
        )
        outcome = life.stack.up()
        assert outcome.outputs == {"size": "int", "api": "local", "enabled": True, "excluded": []}

    def test_each_write_leaves_a_line_with_its_request_id(self, life: Life) -> None:
        life.declare(USERS)
        messages = life.stack.up().messages
        posted, patched = life.upvest.requests()[-2:]
        id_ = life.webhook().id
        assert f"upvest: created webhook {id_} (upvest-request-id {posted.request_id})" in messages
        assert f"upvest: updated webhook {id_} (upvest-request-id {patched.request_id})" in messages


class TestDrift:
    def test_a_change_by_hand_is_found_and_repaired(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        life.change_by_hand(title="HAND EDIT", enabled=False)
        assert steps(life.stack.refresh()) == [("refresh", "users", ("enabled", "title"))]
        assert life.sent() == ["token", "GET"]
        assert steps(life.stack.preview()) == [("update", "users", ("enabled", "title"))]
        assert steps(life.stack.up()) == [("update", "users", ("enabled", "title"))]
        assert life.sent() == ["token", "GET", "PATCH"]
        assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)
        assert steps(life.stack.up()) == [("same", "users")]

    def test_refresh_without_drift_shows_none_and_leaves_the_next_preview_clean(self, life: Life) -> None:
        life.declare(USERS + ORDERS)
        life.stack.up()
        assert steps(life.stack.refresh()) == [("refresh", "orders"), ("refresh", "users")]
        assert steps(life.stack.preview()) == [("same", "orders"), ("same", "users")]

    def test_up_with_refresh_repairs_at_once(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        life.change_by_hand(url="https://elsewhere.tld/")
        assert life.stack.up(refresh=True).ok
        assert life.webhook().url == "https://tenant.tld/webhooks/users"

    def test_what_was_never_declared_is_the_servers(self, life: Life) -> None:
        life.declare(ORDERS)
        life.stack.up()
        life.change_by_hand(config={"delay": "9s"})
        assert steps(life.stack.refresh()) == [("refresh", "orders")]
        assert steps(life.stack.up()) == [("same", "orders")]
        assert life.webhook().config.delay == "9s"

    def test_a_webhook_deleted_by_hand_leaves_the_state_and_comes_back(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        life.age_webhooks()
        life.stack.refresh()
        life.delete_by_hand()
        assert steps(life.stack.refresh()) == [("delete", "users")]
        assert steps(life.stack.up()) == [("create", "users")]
        assert life.webhook().enabled

    def test_deleting_what_is_already_gone_succeeds_and_says_so(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        life.age_webhooks()
        life.stack.refresh()
        id_ = life.webhook().id
        life.delete_by_hand()
        outcome = life.stack.destroy()
        assert steps(outcome) == [("delete", "users")]
        assert f"upvest: webhook {id_} was already gone" in outcome.messages


class TestRenames:
    def test_a_rename_without_an_alias_never_deletes_the_live_webhook(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        live = life.webhook()
        life.declare(USERS.replace('"users"', '"people"', 1))
        outcome = life.stack.up()
        assert outcome.error is not None
        assert live.id in outcome.error
        assert "aliases=[pulumi.Alias(name=" in outcome.error
        assert f'adopt_id="{live.id}"' in outcome.error
        assert life.webhook() == live

    def test_a_rename_with_adopt_id_takes_the_live_webhook_over_and_keeps_it(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        live = life.webhook()
        life.declare(users(adopt_id=f'"{live.id}"').replace('"users"', '"people"', 1))
        outcome = life.stack.up()
        assert steps(outcome) == [("create", "people"), ("delete", "users")]
        assert any(f"webhook {live.id} is kept" in message for message in outcome.messages)
        assert life.webhook() == live
        assert steps(life.stack.preview()) == [("same", "people")]


class TestRefusals:
    def test_two_webhooks_that_would_deliver_twice_are_refused_in_preview_by_both_names(self, life: Life) -> None:
        life.declare(USERS + USERS.replace('"users"', '"people"', 1).replace("tenant.tld", "TENANT.tld:443"))
        outcome = life.stack.preview()
        assert outcome.error is not None
        assert "must not share USER with '" in outcome.error  # the one that was declared first
        assert "'people' and 'users' would both receive each event" in outcome.error
        assert life.sent() == []

    def test_all_faults_of_a_webhook_are_told_at_once_and_before_anything_happens(self, life: Life) -> None:
        life.declare(users(title='""', url='"http://127.0.0.1/x"', config='{"delay": "1m"}'))
        outcome = life.stack.up()
        assert outcome.error is not None
        for fault in (
            "1 to 100 characters",
            "must start with https://",
            "must have a DNS name",
            "must have a `delay`",
        ):
            assert fault in outcome.error
        assert life.sent() == []

    def test_a_missing_account_is_told_before_any_request(self, life: Life) -> None:
        life.declare(USERS)
        (life.folder.parent / "upvest" / "credentials.json").unlink()
        assert life.stack.preview().ok
        outcome = life.stack.up()
        assert outcome.error is not None
        assert "credentials.json is not there" in outcome.error
        assert life.sent() == []

    def test_doubtful_things_warn_and_go_on(self, life: Life) -> None:
        life.declare(users(title='"Users & friends"'))
        outcome = life.stack.preview()
        assert outcome.ok
        assert any("the API may refuse its title" in message for message in outcome.messages)


class TestAccounts:
    def test_the_wrong_account_never_empties_the_state(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        owner = life.upvest.credentials.client_id
        with LocalUpvest(life.folder / "another") as other:
            stack = life.stack_of(other)
            for operation in (stack.preview, stack.up, stack.refresh, stack.destroy):
                outcome = operation()
                assert outcome.error is not None
                assert f"belongs to client {owner} of local" in outcome.error
                assert f"the settings name client {other.credentials.client_id}" in outcome.error
            assert other.requests() == []
        assert life.webhook().enabled
        assert steps(life.stack_of(life.upvest).up()) == [("same", "users")]


class TestSecrets:
    def test_no_credential_stands_in_anything_that_was_written(self, life: Life) -> None:
        life.declare(USERS)
        said = [life.stack.preview(), life.stack.up(), life.stack.refresh()]
        life.declare(USERS.replace("51200", "99"))
        said.append(life.stack.preview())
        credentials = life.upvest.credentials
        key = Path(credentials.private_key_file).read_text().splitlines()[5]
        told = life.written() + repr(said)
        assert "User webhook" in told
        for secret in (credentials.client_secret, credentials.private_key_passphrase, key):
            assert secret not in told

    def test_a_secret_url_stands_in_plain_text_nowhere(self, life: Life) -> None:
        life.declare(users(url='pulumi.Output.secret("https://tenant.tld/canary-8d1f")'))
        said = [life.stack.preview(), life.stack.up(), life.stack.refresh()]
        life.declare(users(url='pulumi.Output.secret("https://tenant.tld/canary-8d1f")', title='"New"'))
        said += [life.stack.preview(), life.stack.up()]
        assert life.webhook().url == "https://tenant.tld/canary-8d1f"
        assert "canary-8d1f" not in life.written() + repr(said)


def test_a_program_with_1100_webhooks_works(life: Life) -> None:
    life.declare(
        """
for number in range(1100):
    UpvestWebhook(f"w{number}", title=f"w{number}", url=f"https://tenant.tld/{number}", type=["USER"])
"""
    )
    outcome = life.stack.preview()
    assert outcome.error is None
    assert len(outcome.steps) == 1100
    assert life.sent() == []
