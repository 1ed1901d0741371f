"""Several Upvest accounts in one program, and the credentials that a stack needs for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.lifecycle.life import Life, life_on, steps
from upvest_provider.local import LocalUpvest

if TYPE_CHECKING:
    from collections.abc import Iterator

TWO: dict[str, object] = {"byol-de": {}, "tol": {}}


def hook(name: str, account: str = "", url: str = "https://tenant.tld/x") -> str:
    said = f', account="{account}"' if account else ""
    return f'UpvestWebhook("{name}", title="{name}", url="{url}", type=["USER"]{said})\n'


def accounts_are(life: Life, accounts: object, **config: object) -> None:
    """Set the stack's accounts in its file, as a person does."""
    file = life.folder / "project" / "stacks" / "Pulumi.dev.yaml"
    file.parent.mkdir(exist_ok=True)
    known = yaml.safe_load(file.read_text()) if file.exists() else {}
    file.write_text(yaml.safe_dump({**known, "config": {"upvest:accounts": accounts, **config}}))
    life.stack = life.stack_of(life.upvest)


def titles(life: Life, account: str) -> list[str]:
    return sorted(webhook["title"] for webhook in life.upvest.store.webhooks(account))


@pytest.fixture
def upvest(tmp_path: Path) -> Iterator[LocalUpvest]:
    with LocalUpvest(tmp_path / "upvest", accounts=list(TWO)) as local:
        yield local


@pytest.fixture(params=["rehearsal", "cli"])
def life(request: pytest.FixtureRequest, tmp_path: Path, upvest: LocalUpvest) -> Life:
    life = life_on(request.param, tmp_path, upvest)
    accounts_are(life, TWO)
    return life


def test_each_webhook_lives_in_the_account_that_it_names(life: Life) -> None:
    life.declare(hook("users", "tol") + hook("people", "byol-de"))
    assert steps(life.stack.preview()) == [("create", "people"), ("create", "users")]
    assert life.sent() == []
    assert steps(life.stack.up()) == [("create", "people"), ("create", "users")]
    assert sorted(life.sent()) == sorted(["token", "GET", "POST", "PATCH"] * 2)
    assert (titles(life, "tol"), titles(life, "byol-de"), titles(life, "")) == (["users"], ["people"], [])
    assert {("same", "people"), ("same", "users")} <= set(steps(life.stack.up(refresh=True)))
    assert sorted(life.sent()) == ["GET", "GET", "token", "token"]
    assert steps(life.stack.destroy()) == [("delete", "people"), ("delete", "users")]
    assert (titles(life, "tol"), titles(life, "byol-de")) == ([], [])


def test_an_account_may_get_another_name(life: Life) -> None:
    life.declare(hook("users", "tol"))
    assert life.stack.up().ok
    life.sent()
    # The local API knows accounts by their names; by its URL and the client's id it is any other API.
    given = life.upvest.accounts["tol"]
    renamed = {
        "api": life.upvest.url,
        "clientId": given.client_id,
        "keyId": given.key_id,
        "clientSecret": given.client_secret,
        "privateKey": Path(given.private_key_file).read_text(),
        "privateKeyPassphrase": given.private_key_passphrase,
    }
    accounts_are(life, {"renamed": renamed, "byol-de": {}})
    life.declare(hook("users", "renamed"))
    assert steps(life.stack.up()) == [("update", "users", ("account",))]
    assert life.sent() == []
    life.declare("")
    assert steps(life.stack.up()) == [("delete", "users")]
    assert titles(life, "tol") == []


def test_a_webhook_cannot_move_to_another_account(life: Life) -> None:
    life.declare(hook("users", "tol"))
    assert life.stack.up().ok
    life.sent()
    life.declare(hook("users", "byol-de"))
    for outcome in (life.stack.preview(), life.stack.up()):
        assert outcome.error is not None
        assert "a webhook cannot move from one account to another" in outcome.error
    assert life.sent() == []
    assert titles(life, "tol") == ["users"]


@pytest.mark.parametrize(
    ("account", "reason"), [("", "must be one of byol-de, tol"), ("omnibus", "must be one of byol-de, tol")]
)
def test_an_account_that_is_not_there_is_refused_in_the_preview(life: Life, account: str, reason: str) -> None:
    life.declare(hook("users", account))
    outcome = life.stack.preview()
    assert outcome.error is not None
    assert reason in outcome.error
    assert life.sent() == []


def test_an_account_that_leaves_the_stack_takes_no_webhook_along(life: Life) -> None:
    life.declare(hook("users", "tol") + hook("people", "byol-de"))
    assert life.stack.up().ok
    life.sent()
    accounts_are(life, {"byol-de": {}})
    outcome = life.stack.up(refresh=True)
    assert outcome.error is not None
    assert "must be one of byol-de" in outcome.error
    life.declare(hook("people", "byol-de"))
    outcome = life.stack.up()
    assert outcome.error is not None
    assert "under another account the webhook would look deleted" in outcome.error
    assert titles(life, "tol") == ["users"]
    accounts_are(life, TWO)
    assert steps(life.stack.up()) == [("same", "people"), ("delete", "users")]
    assert titles(life, "tol") == []
