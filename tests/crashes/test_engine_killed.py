"""`kill -9` of Pulumi around each request: its provider lives on, sends nothing more, and the next run heals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.crashes.processes import Family, kill_engine_during, unlock
from tests.lifecycle.life import Life, steps, users
from upvest_provider.claims import is_claim
from upvest_provider.local import Fault, FaultKind
from upvest_provider.testing import PulumiCli

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes as Linux tells them"),
    pytest.mark.usefixtures("family"),
]

both = pytest.mark.parametrize("life", ["rehearsal", "cli"], indirect=True)

LIST = Fault(FaultKind.HOLD_AFTER, method="GET", path="/webhooks?")
POST = Fault(FaultKind.HOLD_AFTER, method="POST", path="/webhooks")
PATCH = Fault(FaultKind.HOLD_AFTER, method="PATCH")
DELETE = Fault(FaultKind.HOLD_AFTER, method="DELETE")


def pending(stack: PulumiCli) -> list[str]:
    """The operations that the state believes to be under way."""
    export = json.loads(stack.run("stack", "export", "--stack", "dev").stdout)
    return [operation["type"] for operation in export["deployment"].get("pending_operations") or []]


class TestCreate:
    def test_after_the_list_nothing_more_is_sent_and_the_next_up_creates(self, life: Life) -> None:
        life.declare(users())
        kill_engine_during(life, LIST)
        unlock(life)
        assert steps(life.stack.up()) == [("create", "users")]
        assert life.sent() == ["token", "GET", "token", "GET", "POST", "PATCH"]
        assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)

    @both
    def test_after_the_post_nothing_more_is_sent_and_the_next_up_heals(self, life: Life) -> None:
        life.declare(users())
        kill_engine_during(life, POST)
        assert (is_claim(life.webhook().title), life.webhook().enabled) == (True, False)
        unlock(life)
        assert steps(life.stack.up()) == [("create", "users")]
        assert life.sent() == ["token", "GET", "POST", "token", "GET", "DELETE", "POST", "PATCH"]
        assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)

    @both
    def test_after_the_enabling_patch_the_next_up_names_what_is_left(self, life: Life) -> None:
        life.declare(users())
        kill_engine_during(life, PATCH)
        left = life.webhook()
        assert (left.title, left.enabled) == ("User webhook", True)
        unlock(life)
        error = life.stack.up().error or ""
        assert f"webhook {left.id} ('User webhook') already delivers USER to this URL" in error
        assert error.endswith(f'add adopt_id="{left.id}".')
        life.sent()
        life.declare(users(adopt_id=f'"{left.id}"'))
        assert steps(life.stack.up()) == [("create", "users")]
        assert life.sent() == ["token", "GET", "GET"]
        assert life.webhook() == left


def test_an_update_is_sent_again(life: Life) -> None:
    life.declare(users())
    life.stack.up()
    life.declare(users(title='"New"'))
    kill_engine_during(life, PATCH)
    unlock(life)
    life.sent()
    assert steps(life.stack.up()) == [("update", "users", ("title",))]
    assert life.sent() == ["token", "PATCH"]
    assert (life.webhook().title, life.webhook().enabled) == ("New", True)


@both
def test_what_is_deleted_already_is_found_gone(life: Life) -> None:
    life.declare(users())
    life.stack.up()
    kill_engine_during(life, DELETE, "destroy")
    assert life.webhooks() == []
    unlock(life)
    outcome = life.stack.destroy()
    assert steps(outcome) == [("delete", "users")]
    assert any("was already gone" in message for message in outcome.messages)


def test_what_the_cli_leaves_is_cleared_as_it_and_the_provider_say(life: Life, family: Family) -> None:
    stack = life.stack
    assert isinstance(stack, PulumiCli)
    life.declare(users())
    kill_engine_during(life, POST)
    assert any("pulumi.dynamic" in command for command in family.members().values())  # Pulumi's own does not end
    assert "`pulumi cancel`" in (stack.up().error or "")
    unlock(life)

    outcome = stack.up()
    assert outcome.ok
    assert any("1 pending operations from previous deployment" in message for message in outcome.messages)
    command = "pulumi refresh --yes --clear-pending-creates"
    assert any(command in message for message in outcome.messages)
    assert pending(stack) == ["creating"]

    _, *arguments = command.split()
    assert stack.run(*arguments, "--skip-preview", "--stack", "dev").returncode == 0
    assert pending(stack) == []
    outcome = stack.up()
    assert steps(outcome) == [("same", "users")]
    assert outcome.messages == ()
