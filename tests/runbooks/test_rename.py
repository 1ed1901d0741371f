"""A resource gets another name, and its webhook notices nothing."""

from __future__ import annotations

from tests.lifecycle.life import Life, hook, options, steps
from tests.runbooks.book import Runbook, on_cli

TITLE = "Rename a resource"
URL = '"https://tenant.tld/webhooks/users"'


def renamed(**more: str) -> str:
    return hook("people", url=URL, title='"Users"', **more)


ALIASED = renamed(opts=options(aliases='[pulumi.Alias(name="users")]'))


@on_cli
def test_with_an_alias_nothing_changes_and_it_may_go_afterwards(life: Life) -> None:
    book = Runbook(TITLE, life)
    life.declare(hook("users", url=URL, title='"Users"'))
    assert life.stack.up().ok
    life.sent()
    life.declare(ALIASED)
    assert steps(book.preview()) == [("same", "people")]
    assert steps(book.up()) == [("same", "people")]
    life.declare(renamed())
    assert steps(book.up()) == [("same", "people")]
    assert life.sent() == []


def test_without_one_the_up_is_refused_and_names_three_ways_out_of_which_an_alias_is_one(life: Life) -> None:
    book = Runbook(TITLE, life)
    life.declare(hook("users", url=URL, title='"Users"'))
    assert life.stack.up().ok
    live = life.webhook()
    life.sent()
    life.declare(renamed())
    assert steps(book.preview()) == [("create", "people"), ("delete", "users")]
    assert life.sent() == []
    error = book.up().error or ""
    assert f"webhook {live.id} ('Users') already delivers USER to this URL" in error
    assert all(way in error for way in ("aliases", "adopt_id", "import"))
    assert life.sent() == ["token", "GET"]
    life.declare(ALIASED)
    assert steps(book.up()) == [("same", "people")]
    assert life.sent() == []
    assert life.webhook() == live


@on_cli
def test_with_adopt_id_the_new_name_takes_it_over_and_the_old_one_lets_it_go(life: Life) -> None:
    book = Runbook(TITLE, life)
    life.declare(hook("users", url=URL, title='"Users"'))
    assert life.stack.up().ok
    live = life.webhook()
    life.sent()
    life.declare(renamed(adopt_id=f'"{live.id}"'))
    assert steps(book.up()) == [("create", "people"), ("delete", "users")]
    assert "DELETE" not in life.sent()
    assert life.webhook() == live
