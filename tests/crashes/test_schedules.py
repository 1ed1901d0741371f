"""Runs that fail half way or are repeated otherwise, and what is left to the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lifecycle.life import Life, hook, options, steps, users
from upvest_provider.cli.held import WEBHOOK
from upvest_provider.local import Fault, FaultKind
from upvest_provider.testing import PulumiCli
from upvest_provider.testing.urn import name_of

if TYPE_CHECKING:
    from upvest_provider.api import Webhook

both = pytest.mark.parametrize("life", ["rehearsal", "cli"], indirect=True)

REFUSED_POST = Fault(FaultKind.STATUS, method="POST", path="/webhooks", status=400)


class TestARenameThatAdoptsAndFailsElsewhere:
    """The state holds one webhook under two names then, and the next process has not seen the adoption."""

    @pytest.fixture
    def live(self, life: Life) -> str:
        """The id of the webhook."""
        life.declare(users())
        life.stack.up()
        live = life.webhook()
        renamed = hook("people", title='"User webhook"', url=f'"{live.url}"', adopt_id=f'"{live.id}"')
        life.upvest.faults.add(REFUSED_POST)
        life.declare(renamed + hook("orders", type='["ORDER"]', opts=options(depends_on="[people]")))
        assert "create of webhook 'orders' failed" in (life.stack.up().error or "")
        assert [webhook.id for webhook in life.webhooks()] == [live.id]
        life.sent()
        return live.id

    @both
    def test_repeated_it_keeps_what_the_new_name_holds(self, life: Life, live: str) -> None:
        outcome = life.stack.up(refresh=True)
        assert [step[:2] for step in steps(outcome) if step[0] != "refresh"] == [
            ("create", "orders"),
            ("same", "people"),
            ("delete", "users"),
        ]
        assert any(f"webhook {live} is kept" in message for message in outcome.messages)
        assert "DELETE" not in life.sent()
        assert {webhook.title: webhook.enabled for webhook in life.webhooks()} == {
            "User webhook": True,
            "Webhook orders": True,
        }

    @both
    def test_taken_back_it_keeps_what_the_old_name_holds(self, life: Life, live: str) -> None:
        life.declare(users())
        assert steps(life.stack.up()) == [("delete", "people"), ("same", "users")]
        assert life.sent() == []
        assert life.webhook().id == live

    def test_destroyed_it_is_deleted_once(self, life: Life, live: str) -> None:
        life.age_webhooks()  # a webhook of seconds is not believed to be gone
        life.stack.refresh()
        life.sent()
        outcome = life.stack.destroy()
        assert steps(outcome) == [("delete", "people"), ("delete", "users")]
        assert life.sent() == ["token", "DELETE", "DELETE"]
        assert any(f"webhook {live} was already gone" in message for message in outcome.messages)
        assert life.webhooks() == []


@both
def test_a_replacement_with_a_refresh_deletes_first_too(life: Life) -> None:
    life.declare(users())
    life.stack.up()
    old = life.webhook()
    life.sent()
    assert steps(life.stack.up(refresh=True, replace=["users"])) == [("refresh", "users"), ("replace", "users")]
    assert [request for request in life.sent() if request != "GET"] == ["token", "DELETE", "POST", "PATCH"]
    assert life.webhook().id != old.id
    assert life.webhook().enabled


@both
def test_an_update_whose_answer_was_lost_is_seen_by_a_refresh_alone(life: Life) -> None:
    """As its error says: the program was reverted since, and the state never held what was sent."""
    life.declare(users())
    life.stack.up()
    life.upvest.faults.add(Fault(FaultKind.STATUS_AFTER, method="PATCH", status=500))
    life.declare(users(title='"New"'))
    error = life.stack.up().error or ""
    assert "`pulumi up --refresh`" in error.splitlines()[-1]
    assert life.webhook().title == "New"
    life.declare(users())
    assert steps(life.stack.up()) == [("same", "users")]
    assert steps(life.stack.up(refresh=True)) == [
        ("refresh", "users", ("title",)),
        ("update", "users", ("title",)),
    ]
    assert life.webhook().title == "User webhook"


class TestContinueOnError:
    """`--continue-on-error` goes on after a failed creation, deletions included; no rehearsal does so."""

    @pytest.fixture
    def live(self, life: Life) -> Webhook:
        """A webhook of the stack, which the program is to have under another name."""
        life.declare(users())
        life.stack.up()
        return life.webhook()

    def go_on(self, life: Life) -> str:
        """An `up` that fails; what it prints."""
        assert isinstance(life.stack, PulumiCli)
        ran = life.stack.run("up", "--yes", "--skip-preview", "--continue-on-error", "--stack", "dev")
        assert ran.returncode != 0
        return ran.stdout + ran.stderr

    def held(self, life: Life) -> dict[str, str]:
        """The ids of the webhooks in the state, by their names."""
        resources = life.stack.export()["deployment"]["resources"]
        return {name_of(each["urn"]): each["id"] for each in resources if each["type"] == WEBHOOK}

    def test_the_other_webhooks_are_made(self, life: Life) -> None:
        life.declare("".join(hook(name) for name in ("first", "second", "third")))
        life.upvest.faults.add(REFUSED_POST)
        self.go_on(life)
        assert [webhook.enabled for webhook in life.webhooks()] == [True, True]
        made = {webhook.id for webhook in life.webhooks()}
        assert sorted(step[0] for step in steps(life.stack.up())) == ["create", "same", "same"]
        assert {webhook.title for webhook in life.webhooks()} == {
            "Webhook first",
            "Webhook second",
            "Webhook third",
        }
        assert made < {webhook.id for webhook in life.webhooks()}

    def test_a_rename_whose_adoption_fails_deletes_nothing(self, life: Life, live: Webhook) -> None:
        life.declare(hook("people", title='"User webhook"', url=f'"{live.url}"', adopt_id=f'"{live.id}"'))
        life.upvest.faults.add(Fault(FaultKind.STATUS, method="GET", path="/webhooks/", status=403))
        told = self.go_on(life)
        assert "create of webhook 'people' failed" in told
        assert f"delete of webhook 'users' ({live.id}) failed" in told
        assert life.webhook() == live
        assert self.held(life) == {"users": live.id}

        assert [step[:2] for step in steps(life.stack.up())] == [("create", "people"), ("delete", "users")]
        assert life.webhook() == live
        assert self.held(life) == {"people": live.id}

    def test_a_rename_without_an_alias_deletes_nothing(self, life: Life, live: Webhook) -> None:
        renamed = {"title": '"User webhook"', "url": f'"{live.url}"'}
        life.declare(hook("people", **renamed))
        told = self.go_on(life)
        assert f"webhook {live.id}" in told
        assert "create of webhook 'people' failed" in told
        assert f"delete of webhook 'users' ({live.id}) failed" in told
        assert life.webhook() == live
        assert self.held(life) == {"users": live.id}

        life.declare(hook("people", **renamed, opts=options(aliases='[pulumi.Alias(name="users")]')))
        assert steps(life.stack.up()) == [("same", "people")]
        assert life.webhook() == live
        assert self.held(life) == {"people": live.id}
