"""What to do after `kill -9`, and after half a rename."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.crashes.processes import Family, kill_engine_during
from tests.lifecycle.life import Life, hook, steps
from tests.runbooks.book import Runbook, on_cli, urn
from upvest_provider.local import Fault, FaultKind
from upvest_provider.testing import PulumiCli

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLE = "After a crash"
CANCEL = "pulumi cancel --yes"
REFRESHED_UP = "pulumi up --refresh"
CLEAR = "pulumi refresh --yes --clear-pending-creates"
FORGET = 'pulumi state delete "$OLD_URN" --yes'
URL = '"https://tenant.tld/webhooks/users"'
POST = Fault(FaultKind.HOLD_AFTER, method="POST", path="/webhooks")
LINUX = Path("/proc/self/environ").exists()


@pytest.fixture
def family(life: Life) -> Iterator[Family]:
    family = Family(life.upvest.state)
    yield family
    family.end()


def named(name: str, **more: str) -> str:
    return hook(name, url=URL, title='"Users"', **more)


@on_cli
@pytest.mark.skipif(not LINUX, reason="finds processes as Linux tells them")
def test_a_killed_up_is_freed_healed_and_its_warning_cleared(life: Life, family: Family) -> None:
    assert isinstance(life.stack, PulumiCli)
    book = Runbook(TITLE, life)
    life.declare(named("users"))
    kill_engine_during(life, POST)
    assert any("pulumi.dynamic" in command for command in family.members().values())
    life.sent()
    assert "`pulumi cancel`" in (life.stack.up().error or "")
    book.run(CANCEL)
    assert steps(book.up(REFRESHED_UP)) == [("create", "users")]
    assert life.sent() == ["token", "GET", "GET", "DELETE", "POST", "PATCH"]
    assert (life.webhook().title, life.webhook().enabled) == ("Users", True)
    book.run(CLEAR)
    assert json.loads(life.stack.run("stack", "export").stdout)["deployment"].get("pending_operations") is None
    outcome = life.stack.up()
    assert (steps(outcome), outcome.messages) == ([("same", "users")], ())


class TestHalfARename:
    @pytest.fixture
    def life(self, life: Life) -> Life:
        """The new name has the webhook already, and the state still has the old one."""
        assert isinstance(life.stack, PulumiCli)
        life.declare(named("users"))
        assert life.stack.up().ok
        life.declare(named("people", adopt_id=f'"{life.webhook().id}"'))
        run = life.stack.run("up", "--yes", "--skip-preview", "--target", urn("people"))
        assert run.returncode == 0, run.stdout + run.stderr
        life.sent()
        return life

    @on_cli
    def test_a_plain_up_finishes_it(self, life: Life) -> None:
        live = life.webhook()
        assert steps(Runbook(TITLE, life).up()) == [("same", "people"), ("delete", "users")]
        assert life.sent() == []
        assert life.webhook() == live

    @on_cli
    def test_the_state_can_forget_the_old_name(self, life: Life) -> None:
        live = life.webhook()
        Runbook(TITLE, life).run(FORGET, OLD_URN=urn("users"))
        assert steps(life.stack.up()) == [("same", "people")]
        assert life.sent() == []
        assert life.webhook() == live

    @on_cli
    @pytest.mark.parametrize("command", ["destroy", "up"])
    def test_a_target_really_deletes_the_live_webhook(self, life: Life, command: str) -> None:
        assert isinstance(life.stack, PulumiCli)
        run = life.stack.run(command, "--yes", "--skip-preview", "--target", urn("users"))
        assert run.returncode == 0, run.stdout + run.stderr
        assert life.webhooks() == []
