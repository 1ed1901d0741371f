"""A webhook goes from one stack to another, and stays what it is."""

from __future__ import annotations

from tests.lifecycle.life import API, Life, options, steps, users
from tests.runbooks.book import Runbook, on_cli, urn
from upvest_provider.testing import PulumiCli

TITLE = "Move a webhook to another stack"
MOVE = 'pulumi state move --source prod --dest prod-eu "$URN" --yes'


def declared_in(stack: str) -> str:
    protected = users(opts=options(protect="True"))
    return f'if pulumi.get_stack() == "{stack}":\n    {protected}'


def another_stack(life: Life) -> PulumiCli:
    """In the same backend; that of the test is selected again."""
    state = str(life.upvest.world.authority.ca_file.parent)
    other = PulumiCli(
        life.folder / "project",
        stack="other",
        backend=life.folder / "backend",
        config=API,
        environment={"UPVEST_LOCAL_STATE": state},
    )
    assert other.run("stack", "select", "dev").returncode == 0
    return other


@on_cli
def test_it_is_neither_made_nor_deleted_and_one_up_tells_the_state(life: Life) -> None:
    book, target = Runbook(TITLE, life), another_stack(life)
    life.declare(declared_in("dev"))
    assert life.stack.up().ok
    live = life.webhook()
    life.sent()

    book.run(MOVE, URN=urn("users"))
    life.declare(declared_in("other"))
    assert "users" not in book.run("pulumi preview --stack prod").stdout
    plan = book.run("pulumi preview --stack prod-eu").stdout
    assert "unchanged" in plan
    assert "to " not in plan.partition("Resources:")[2]
    assert steps(book.up("pulumi up --stack prod-eu", target)) == [("same", "users")]
    assert steps(life.stack.up()) == []
    assert life.sent() == []
    assert life.webhook() == live

    assert target.run("preview", "--refresh", "--expect-no-changes", "--stack", "other").returncode == 0
    assert "protect" in (target.destroy().error or "")
    assert life.webhook() == live
    life.declare(declared_in("other").replace("protect=True", ""))
    assert steps(target.up()) == [("same", "users")]
    assert steps(target.destroy()) == [("delete", "users")]
    assert life.webhooks() == []


@on_cli
def test_between_the_steps_the_source_is_refused(life: Life) -> None:
    another_stack(life)
    life.declare(declared_in("dev"))
    assert life.stack.up().ok
    live = life.webhook()
    Runbook(TITLE, life).run(MOVE, URN=urn("users"))
    assert f"webhook {live.id} ('User webhook') already delivers USER" in (life.stack.up().error or "")
    assert life.webhook() == live


@on_cli
def test_another_client_in_the_target_is_refused_offline(life: Life) -> None:
    target = another_stack(life)
    life.declare(declared_in("dev"))
    assert life.stack.up().ok
    Runbook(TITLE, life).run(MOVE, URN=urn("users"))
    life.declare(declared_in("other"))
    life.sent()
    target.set_config("upvest:api", "sandbox")
    target.set_config("upvest:clientId", "2f1c7f3e-9d1b-4c55-8a52-5f3d0f9a6c11")
    assert "under another account the webhook would look deleted" in (target.up().error or "")
    assert life.sent() == []
