"""Pulumi's resource options on webhooks: what each one does to the API, and what it leaves alone."""

from __future__ import annotations

from tests.lifecycle.life import CONFIG, USERS, Life, hook, options, steps, users

COMPONENT = """
class Receiver(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("test:index:Receiver", "receiver")
        self.register_outputs({})
receiver = Receiver()
"""


def subject(body: dict[str, object] | None) -> object:
    """What a PATCH or a POST was about."""
    return (body or {}).get("title")


class TestAliases:
    def test_a_rename_with_an_alias_changes_nothing(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        life.sent()
        opts = options(aliases='[pulumi.Alias(name="users")]')
        life.declare(users(config=CONFIG, opts=opts).replace('"users"', '"people"', 1))
        assert steps(life.stack.preview()) == [("same", "people")]
        assert steps(life.stack.up()) == [("same", "people")]
        assert life.sent() == []
        life.declare("")
        assert steps(life.stack.up()) == [("delete", "people")]
        assert life.webhooks() == []

    def test_what_was_renamed_by_alias_and_back_by_adoption_is_kept(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        live = life.webhook()
        people = users(config=CONFIG, opts=options(aliases='[pulumi.Alias(name="users")]'))
        life.declare(people.replace('"users"', '"people"', 1))
        life.stack.up()
        life.declare(users(config=CONFIG, adopt_id=f'"{live.id}"'))
        assert sorted(steps(life.stack.up())) == [("create", "users"), ("delete", "people")]
        assert life.webhook() == live

    def test_a_new_parent_with_an_alias_changes_nothing(self, life: Life) -> None:
        life.declare(users())
        life.stack.up()
        life.sent()
        moved = options(parent="receiver", aliases="[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]")
        life.declare(COMPONENT + users(opts=moved))
        assert steps(life.stack.up()) == [("create", "receiver"), ("same", "users")]
        life.declare(COMPONENT + users(opts=options(parent="receiver")))
        assert steps(life.stack.up()) == [("same", "receiver"), ("same", "users")]
        assert life.sent() == []


class TestProtection:
    def test_a_protected_webhook_is_neither_deleted_nor_replaced_until_it_is_free(self, life: Life) -> None:
        life.declare(users(opts=options(protect="True")))
        life.stack.up()
        live = life.webhook()
        life.sent()
        assert "protect" in (life.stack.destroy().error or "")
        assert "protect" in (life.stack.up(replace=["users"]).error or "")
        assert life.sent() == []
        assert life.webhook() == live
        life.declare(users())
        assert steps(life.stack.up()) == [("same", "users")]
        assert steps(life.stack.destroy()) == [("delete", "users")]
        assert life.webhooks() == []


class TestRetention:
    def test_a_retained_webhook_outlives_its_resource(self, life: Life) -> None:
        life.declare(users(opts=options(retain_on_delete="True")))
        life.stack.up()
        live = life.webhook()
        life.sent()
        life.declare("")
        assert steps(life.stack.up()) == [("delete", "users")]
        assert life.sent() == []
        assert life.webhook() == live

    def test_a_retained_webhook_stops_its_replacement_and_can_be_taken_back(self, life: Life) -> None:
        opts = options(retain_on_delete="True")
        life.declare(users(opts=opts))
        life.stack.up()
        live = life.webhook()
        outcome = life.stack.up(replace=["users"])
        assert f"webhook {live.id} ('User webhook') already delivers USER to this URL" in (outcome.error or "")
        assert (outcome.error or "").endswith(f'add adopt_id="{live.id}".')
        life.declare(users(opts=opts, adopt_id=f'"{live.id}"'))
        assert steps(life.stack.up()) == [("replace", "users", ("adopt_id",))]
        assert life.webhook() == live


class TestIgnoredChanges:
    def test_ignored_changes_are_neither_reported_nor_repaired(self, life: Life) -> None:
        opts = options(ignore_changes='["enabled", "config.delay"]')
        life.declare(users(config=CONFIG, opts=opts))
        life.stack.up()
        life.change_by_hand(enabled=False, config={"delay": "9s"})
        assert steps(life.stack.refresh()) == [("refresh", "users")]
        assert steps(life.stack.preview()) == [("same", "users")]
        life.declare(users(title='"New"', config='{"delay": "3s", "max_package_size": 200}', opts=opts))
        assert steps(life.stack.up()) == [("update", "users", ("config", "title"))]
        webhook = life.webhook()
        assert (webhook.title, webhook.enabled) == ("New", False)
        assert webhook.config.model_dump() == {"delay": "9s", "max_package_size": 200}

    def test_a_member_of_config_a_field_and_everything(self, life: Life) -> None:
        member, field, everything = (
            options(ignore_changes=f'["{path}"]') for path in ("config.delay", "title", "*")
        )
        life.declare(
            hook("member", config='{"delay": "2s"}', opts=member)
            + hook("field", opts=field)
            + hook("everything", config='{"delay": "2s"}', opts=everything)
        )
        life.stack.up()
        life.sent()
        before = life.webhooks()
        life.declare(
            hook("member", config='{"delay": "3s"}', opts=member)
            + hook("field", title='"New"', opts=field)
            + hook("everything", title='"New"', url='"https://tenant.tld/new"', enabled="False", opts=everything)
        )
        same = [("same", "everything"), ("same", "field"), ("same", "member")]
        assert steps(life.stack.up()) == same
        assert life.sent() == []
        assert life.webhooks() == before

    def test_what_drifted_while_it_was_ignored_is_repaired_once_it_is_not(self, life: Life) -> None:
        opts = options(ignore_changes='["title"]')
        life.declare(users(opts=opts))
        life.stack.up()
        life.change_by_hand(title="HAND EDIT")
        life.declare(users(type='["ORDER"]', opts=opts))
        assert steps(life.stack.up()) == [("update", "users", ("type",))]
        assert (life.webhook().title, life.webhook().type) == ("HAND EDIT", ["ORDER"])
        life.declare(users(type='["ORDER"]'))
        assert [step[0] for step in steps(life.stack.up())] == ["update"]
        assert life.webhook().title == "User webhook"


class TestOrder:
    def test_a_webhook_is_made_after_and_deleted_before_what_it_depends_on(self, life: Life) -> None:
        life.declare(hook("first") + hook("second", opts=options(depends_on="[first]")))
        life.stack.up()
        made = [subject(request.body) for request in life.upvest.requests() if request.method == "PATCH"]
        assert made == ["Webhook first", "Webhook second"]
        first, second = life.webhooks()
        life.stack.destroy()
        deleted = [request.path for request in life.upvest.requests() if request.method == "DELETE"]
        assert deleted == [f"/webhooks/{second.id}", f"/webhooks/{first.id}"]

    def test_webhooks_live_in_components_of_one_kind_side_by_side(self, life: Life) -> None:
        life.declare(
            """
class Receiver(pulumi.ComponentResource):
    def __init__(self, kind, host):
        super().__init__(f"test:index:{kind}", host)
        self.users = UpvestWebhook(f"{host}-users", title="u", url=f"https://{host}/u", type=["USER"],
            opts=pulumi.ResourceOptions(parent=self))
        self.orders = UpvestWebhook(f"{host}-orders", title="o", url=f"https://{host}/o", type=["ORDER"],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.users]))
Receiver("A", "a.tld")
Receiver("B", "b.tld")
"""
        )
        assert life.stack.preview().ok
        assert life.stack.up().ok
        assert len(life.webhooks()) == 4
        claims = [
            request.body["title"]
            for request in life.upvest.requests()
            if request.path == "/webhooks" and request.body
        ]
        assert len(set(claims)) == 4
        assert all(step[0] == "same" for step in steps(life.stack.up()))


class TestReplacements:
    def test_a_forced_replacement_deletes_first(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        old = life.webhook()
        life.sent()
        assert steps(life.stack.up(replace=["users"])) == [("replace", "users")]
        assert life.sent() == ["token", "DELETE", "GET", "POST", "PATCH"]
        assert life.webhook().id != old.id
        assert life.webhook().enabled

    def test_one_that_is_to_create_first_is_refused_by_the_live_webhooks_id(self, life: Life) -> None:
        life.declare(users(opts=options(delete_before_replace="False")))
        life.stack.up()
        live = life.webhook()
        outcome = life.stack.up(replace=["users"])
        assert f"webhook {live.id} ('User webhook') already delivers USER to this URL" in (outcome.error or "")
        assert life.webhook() == live

    def test_what_was_adopted_is_replaced_once_adopt_id_is_gone(self, life: Life) -> None:
        life.declare(users())
        life.stack.up()
        old = life.webhook()
        life.declare(users(adopt_id=f'"{old.id}"'))
        outcome = life.stack.up(replace=["users"])
        assert outcome.ok
        assert any(f"webhook {old.id} is kept" in message for message in outcome.messages)
        assert (life.webhook().id, life.webhook().enabled) == (old.id, True)
        life.declare(users())
        assert steps(life.stack.up(replace=["users"])) == [("replace", "users", ("adopt_id",))]
        assert life.webhook().id != old.id
        assert life.webhook().enabled


def test_options_that_cannot_work_are_refused_with_what_to_do_instead(life: Life) -> None:
    id_ = "00000000-0000-4000-8000-000000000001"
    attempts = {
        "timeouts": options(custom_timeouts='pulumi.CustomTimeouts(create="1m")'),
        "replaced": options(replace_on_changes='["title"]'),
        "imported": options(import_=f'"{id_}"'),
    }
    life.declare(
        "".join(
            f"try:\n    {hook(name, opts=opts)}except ValueError as error:\n    print(error)\n"
            for name, opts in attempts.items()
        )
    )
    outcome = life.stack.preview()
    assert outcome.steps == ()
    first, _, second, with_replace, third, with_adoption = outcome.messages
    assert first == "timeouts: custom_timeouts has no effect on dynamic resources."
    assert second.startswith("replaced: replace_on_changes has no effect on dynamic resources")
    assert "`pulumi up --replace`" in with_replace
    assert third.startswith("imported: import_ ")
    assert with_adoption == f'To take the webhook over, say adopt_id="{id_}" instead.'


class TestLookUps:
    def test_a_webhook_looked_up_by_its_id_is_read_and_never_written(self, life: Life) -> None:
        life.declare(users())
        life.stack.up()
        live = life.webhook()
        life.sent()
        found = hook("found", opts=options(id=f'"{live.id}"'))
        life.declare(users() + found + 'pulumi.export("title", found.title)\n')
        outcome = life.stack.up()
        assert steps(outcome) == [("read", "found"), ("same", "users")]
        assert outcome.outputs == {"title": "User webhook"}
        life.declare(users())
        assert steps(life.stack.up()) == [("discard", "found"), ("same", "users")]
        assert life.sent() == ["token", "GET"]
        assert life.webhook() == live

    def test_an_id_that_is_no_webhooks_is_an_error(self, life: Life) -> None:
        life.declare(hook("found", opts=options(id='"00000000-0000-4000-8000-000000000001"')))
        outcome = life.stack.up()
        assert "this account has no webhook 00000000-0000-4000-8000-000000000001" in (outcome.error or "")


def test_what_is_deleted_with_something_else_is_left_to_that(life: Life) -> None:
    """And so stays at Upvest, for no webhook goes with another."""
    life.declare(users() + hook("people", opts=options(deleted_with="users")))
    life.stack.up()
    life.sent()
    assert steps(life.stack.destroy()) == [("delete", "people"), ("delete", "users")]
    assert life.sent() == ["token", "DELETE"]
    assert life.webhook().title == "Webhook people"


def test_an_output_declared_secret_is_shown_nowhere(life: Life) -> None:
    opts = options(additional_secret_outputs='["created_at"]')
    life.declare(users(opts=opts) + 'pulumi.export("created", users.created_at)\n')
    outcome = life.stack.up()
    assert outcome.outputs == {"created": "[secret]"}
    assert life.webhook().created_at not in life.written() + repr(outcome)
