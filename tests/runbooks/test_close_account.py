"""An account of a stack ends: its webhooks first, then its name; or what is left where its credentials are gone."""

from __future__ import annotations

import json

import pytest

from tests.lifecycle.life import Life, hook, options, steps
from tests.runbooks.book import Runbook, on_cli, urn

TITLE = "Close an account"
UNPROTECT = 'pulumi state unprotect "$URN" --yes'
REMOVE = "pulumi config rm --path upvest:accounts.tol"
FORGET = 'pulumi state delete "$URN" --force --yes'

PROTECTED = options(protect="True")
USERS = hook("users", account='"tol"', opts=PROTECTED)
PEOPLE = hook("people", account='"byol-de"', opts=PROTECTED)


def titles(life: Life, account: str) -> list[str]:
    return [webhook["title"] for webhook in life.upvest.store.webhooks(account)]


@pytest.fixture
def life(life: Life) -> Life:
    """A stack with one protected webhook in each of two accounts."""
    life.stack.set_config("upvest:accounts", json.dumps({"byol-de": {}, "tol": {}}))
    life.declare(USERS + PEOPLE)
    return life


@on_cli
def test_its_webhooks_go_first_and_then_its_name(life: Life) -> None:
    book = Runbook(TITLE, life)
    assert life.stack.up().ok
    life.declare(PEOPLE)
    assert "protect" in (life.stack.up().error or "")
    assert titles(life, "tol") == ["Webhook users"]
    book.run(UNPROTECT, URN=urn("users"))
    assert steps(book.up()) == [("same", "people"), ("delete", "users")]
    assert (titles(life, "tol"), titles(life, "byol-de")) == ([], ["Webhook people"])
    book.run(REMOVE)
    life.sent()
    assert steps(book.up()) == [("same", "people")]
    assert life.sent() == []


@on_cli
def test_a_stack_with_nothing_else_is_destroyed(life: Life) -> None:
    life.declare(USERS)
    assert life.stack.up().ok
    assert "protect" in (life.stack.destroy().error or "")
    Runbook(TITLE, life).run(UNPROTECT, URN=urn("users"))
    assert steps(life.stack.destroy()) == [("delete", "users")]
    assert titles(life, "tol") == []


@on_cli
def test_without_its_credentials_the_state_forgets_and_upvest_goes_on_delivering(life: Life) -> None:
    book = Runbook(TITLE, life)
    assert life.stack.up().ok
    left = life.upvest.store.webhooks("tol")
    book.run(REMOVE)
    life.declare(PEOPLE)
    assert life.stack.up().error is not None
    book.run(FORGET, URN=urn("users"))
    life.sent()
    assert steps(book.up()) == [("same", "people")]
    assert life.sent() == []
    assert life.upvest.store.webhooks("tol") == left
    assert left[0]["enabled"] is True


@on_cli
def test_an_account_that_goes_first_takes_no_webhook_along(life: Life) -> None:
    life.declare(USERS.replace(", opts=" + PROTECTED, "") + PEOPLE)
    assert life.stack.up().ok
    life.stack.set_config("upvest:accounts", json.dumps({"byol-de": {}}))
    life.declare(PEOPLE)
    assert "under another account the webhook would look deleted" in (life.stack.up().error or "")
    assert titles(life, "tol") == ["Webhook users"]
