"""`get_webhooks` and `get_verification_keys` in a program, on both engines."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.lifecycle.life import USERS, Life, steps
from upvest_provider.local import LocalUpvest

if TYPE_CHECKING:
    from pathlib import Path

TITLES = """
from upvest_provider import get_webhooks
pulumi.export("titles", [webhook.title for webhook in get_webhooks()])
"""

KEYS = """
from upvest_provider import get_verification_keys
pulumi.export("keys", [key.model_dump() for key in get_verification_keys()])
"""


@pytest.fixture(params=["rehearsal", "cli"])
def life(request: pytest.FixtureRequest, tmp_path: Path, upvest: LocalUpvest) -> Life:
    if request.param == "cli" and not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    folder = tmp_path / "stack"
    folder.mkdir()
    return Life(request.param, folder, upvest)


def test_a_preview_that_looks_up_asks_upvest_and_changes_nothing(life: Life) -> None:
    life.declare(TITLES + USERS)
    outcome = life.stack.preview()
    assert steps(outcome) == [("create", "users")]
    assert outcome.outputs["titles"] == []
    assert life.sent() == ["token", "GET"]
    assert life.webhooks() == []


def test_what_an_account_holds_can_be_used_in_the_program(life: Life) -> None:
    life.declare(USERS)
    life.stack.up()
    life.declare(USERS + TITLES)
    assert life.stack.up().outputs["titles"] == ["User webhook"]


def test_verification_keys_are_json_web_keys(life: Life) -> None:
    life.declare(KEYS)
    outcome = life.stack.up()
    assert outcome.error is None
    keys: Any = outcome.outputs["keys"]
    (key,) = keys
    assert key["crv"] == "P-521"
    assert set(key) == {"kid", "kty", "crv", "x", "y"}


def test_several_look_ups_share_one_token(life: Life) -> None:
    life.declare(TITLES + KEYS + "get_webhooks()\n")
    assert life.stack.preview().ok
    assert life.sent() == ["token", "GET", "GET", "GET"]


def test_without_credentials_the_program_ends_with_one_message_and_no_traceback(life: Life) -> None:
    life.declare(TITLES)
    (life.folder.parent / "upvest" / "credentials.json").unlink()
    outcome = life.stack.preview()
    assert outcome.error is not None
    first, last, *of_pulumi = outcome.error.splitlines()
    assert first.startswith("get_webhooks failed: upvest:api is `local`, but ")
    assert last.startswith("Start the local API with ")
    assert of_pulumi in ([], ["an unhandled error occurred: program exited with non-zero exit code: 1"])


def test_a_name_of_an_account_that_the_stack_does_not_have_is_told(life: Life) -> None:
    life.declare('from upvest_provider import get_webhooks\nget_webhooks("tol")\n')
    error = life.stack.preview().error or ""
    assert error.startswith("get_webhooks failed: upvest:accounts is not set\n")
    assert life.sent() == []


@pytest.mark.parametrize("engine", ["rehearsal", "cli"])
def test_each_account_is_asked_with_a_token_of_its_own(engine: str, tmp_path: Path) -> None:
    if engine == "cli" and not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    accounts = '{"tol": {"api": "local"}, "byol": {"api": "local"}}'
    with LocalUpvest(tmp_path / "upvest", accounts=["tol", "byol"]) as upvest:
        life = Life(engine, tmp_path, upvest)
        life.stack = life.stack_of(upvest, upvest__accounts=accounts)
        life.declare(
            """
from upvest_provider import get_webhooks
pulumi.export("found", [get_webhooks(name) for name in ("tol", "byol", "tol")])
"""
        )
        assert life.stack.preview().outputs["found"] == [[], [], []]
        assert life.sent() == ["token", "GET", "token", "GET", "GET"]


def test_a_program_can_catch_the_failure_of_a_look_up(life: Life) -> None:
    life.declare(
        """
from upvest_provider import get_webhooks
from upvest_provider.errors import UpvestError
try:
    get_webhooks("tol")
except UpvestError as error:
    pulumi.export("told", error.summary)
"""
    )
    assert life.stack.preview().outputs["told"] == "get_webhooks failed: upvest:accounts is not set"
