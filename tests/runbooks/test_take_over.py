"""Webhooks that somebody made by hand come into the program; more of it in `tests/lifecycle/test_import_life.py`."""

from __future__ import annotations

from tests.lifecycle.life import Life, steps, users
from tests.runbooks.book import Runbook, by_hand, on_cli, to_workspace, told

TITLE = "Take over webhooks made by hand"
LIST = "upvest-webhooks list"
IMPORT = "upvest-webhooks import --stack prod"
TAKE = "pulumi import --file upvest-import.json --generate-code=false --yes"


def test_one_by_its_id(life: Life) -> None:
    book, made = Runbook(TITLE, life), by_hand(life, "By hand", "webhooks/users")
    assert made.id in told(life, LIST)
    life.declare(users(adopt_id=f'"{made.id}"'))
    assert steps(book.preview()) == [("create", "users")]
    assert steps(book.up()) == [("create", "users")]
    assert "POST" not in life.sent()
    assert (life.webhook().id, life.webhook().title) == (made.id, "User webhook")
    life.declare(users())
    assert life.stack.up().ok
    assert life.sent() == []


@on_cli
def test_many_by_a_file(life: Life) -> None:
    book = Runbook(TITLE, life)
    made = [by_hand(life, "First", "a"), by_hand(life, "Second", "b")]
    life.declare(told(life, IMPORT))
    to_workspace(life, "upvest-import.json")
    book.run(TAKE)
    assert steps(book.preview()) == [("same", "first"), ("same", "second")]
    assert steps(book.up()) == [("same", "first"), ("same", "second")]
    assert life.sent() == []
    assert life.webhooks() == made
