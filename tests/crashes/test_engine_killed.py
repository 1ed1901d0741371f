"""`kill -9` of Pulumi around each request: its provider lives on, sends nothing more, and the next run heals.

Where the request is not handled, the machine goes down, and the provider with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.crashes.listing import listed, shown_without_a_resource
from tests.crashes.moments import (
    DELETE,
    GET,
    LIST,
    PATCH,
    POST,
    TEST,
    TOKEN,
    after,
    around,
    before,
    is_handled,
    told,
)
from tests.crashes.processes import Family, kill_engine_during, unlock
from tests.lifecycle.life import Life, steps, users
from upvest_provider.claims import claim_of, is_claim
from upvest_provider.testing import PulumiCli

if TYPE_CHECKING:
    from upvest_provider.local import Fault
    from upvest_provider.testing import Outcome

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes as Linux tells them"),
    pytest.mark.usefixtures("family"),
]

both = pytest.mark.parametrize("life", ["rehearsal", "cli"], indirect=True)

ANEW = ["token", "GET", "POST", "PATCH"]
"""What an `up` sends that finds nothing of an earlier one."""
WITHOUT_THE_LEFTOVER = ["token", "GET", "GET", "DELETE", "POST", "PATCH"]

CLEARS = "pulumi refresh --yes --clear-pending-creates"


def kill(life: Life, family: Family, moment: Fault, operation: str = "up") -> None:
    kill_engine_during(life, moment, operation)
    if not is_handled(moment):
        family.end()
    unlock(life)


def pending(life: Life) -> list[str]:
    """The operations that the state believes to be under way; a rehearsal knows none."""
    if not isinstance(life.stack, PulumiCli):
        return []
    export = json.loads(life.stack.run("stack", "export", "--stack", "dev").stdout)
    return [operation["type"] for operation in export["deployment"].get("pending_operations") or []]


def is_said(outcome: Outcome, words: str) -> bool:
    return any(words in message for message in outcome.messages)


def plant(life: Life, **fields: object) -> str:
    """Have the account hold a disabled webhook at the URL of `users`; gives its id."""
    id_ = "5b2c7a30-0a59-4a7e-9a33-3f0a4d5c1e01"
    life.upvest.store.save_webhook(
        {
            "id": id_,
            "created_at": "2026-03-02T09:00:00.25Z",
            "updated_at": "2026-03-02T09:00:00.25Z",
            "title": "by hand",
            "url": "https://tenant.tld/webhooks/users",
            "enabled": False,
            "type": ["USER"],
            "config": {"delay": "1s", "max_package_size": 51200},
            **fields,
        }
    )
    return id_


class TestCreate:
    @pytest.mark.parametrize(
        ("moment", "sent", "healing"),
        [
            (before(TOKEN), [], ANEW),
            (after(TOKEN), ["token"], ANEW),
            (before(LIST), ["token"], ANEW),
            (after(LIST), ["token", "GET"], ANEW),
            (before(POST), ["token", "GET"], ANEW),
            (before(PATCH), ["token", "GET", "POST"], WITHOUT_THE_LEFTOVER),
        ],
        ids=told,
    )
    def test_nothing_more_is_sent_and_the_next_up_heals(
        self, life: Life, family: Family, moment: Fault, sent: list[str], healing: list[str]
    ) -> None:
        life.declare(users())
        kill(life, family, moment)
        assert life.sent() == sent
        assert pending(life) == ["creating"]
        outcome = life.stack.up()
        assert steps(outcome) == [("create", "users")]
        assert life.sent() == healing
        assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)
        assert is_said(outcome, "users, interrupted while creating")
        # Where nothing was left at Upvest, the provider cannot know of the operation: Pulumi's words stand alone.
        assert healing is ANEW or is_said(outcome, CLEARS)

    @both
    def test_after_the_post_nothing_more_is_sent_and_the_next_up_heals(self, life: Life) -> None:
        life.declare(users())
        kill_engine_during(life, after(POST))
        assert (is_claim(life.webhook().title), life.webhook().enabled) == (True, False)
        unlock(life)
        assert steps(life.stack.up()) == [("create", "users")]
        assert life.sent() == ["token", "GET", "POST", *WITHOUT_THE_LEFTOVER]
        assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)

    @pytest.mark.parametrize(
        ("moment", "sent", "healing"),
        [
            (before(DELETE), ["token", "GET", "GET"], WITHOUT_THE_LEFTOVER),
            (after(DELETE), ["token", "GET", "GET", "DELETE"], ANEW),
        ],
        ids=told,
    )
    def test_killed_while_a_leftover_is_deleted_the_next_up_leaves_exactly_one(
        self, life: Life, family: Family, moment: Fault, sent: list[str], healing: list[str]
    ) -> None:
        left = plant(life, title=claim_of("organization", "life", "dev", "", "users"))
        life.declare(users())
        kill(life, family, moment)
        assert life.sent() == sent
        assert steps(life.stack.up()) == [("create", "users")]
        assert life.sent() == healing
        assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)
        assert life.webhook().id != left

    @pytest.mark.parametrize("moment", around(TEST), ids=told)
    def test_killed_while_it_is_tested_nothing_is_enabled_and_the_next_up_heals(
        self, life: Life, family: Family, receiver: str, moment: Fault
    ) -> None:
        life.declare(users(url=f'"{receiver}"', verify='"require"'))
        kill(life, family, moment)
        assert life.sent() == ["token", "GET", "POST", *["test"] * is_handled(moment)]
        assert (is_claim(life.webhook().title), life.webhook().enabled) == (True, False)
        outcome = life.stack.up()
        assert steps(outcome) == [("create", "users")]
        assert life.sent() == ["token", "GET", "GET", "DELETE", "POST", "test", "PATCH"]
        assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)
        assert is_said(outcome, CLEARS)

    @both
    def test_after_the_enabling_patch_a_list_shows_what_is_left_and_the_next_up_names_it(
        self, life: Life, tmp_path: Path
    ) -> None:
        life.declare(users())
        kill_engine_during(life, after(PATCH))
        left = life.webhook()
        assert (left.title, left.enabled) == ("User webhook", True)
        unlock(life)
        shown = listed(life.upvest, tmp_path / "listing", life.stack.export())
        assert shown == [shown_without_a_resource(left)]
        error = life.stack.up().error or ""
        assert f"webhook {left.id} ('User webhook') already delivers USER to this URL" in error
        assert error.endswith(f'add adopt_id="{left.id}".')
        life.sent()
        life.declare(users(adopt_id=f'"{left.id}"'))
        assert steps(life.stack.up()) == [("create", "users")]
        assert life.sent() == ["token", "GET", "GET"]
        assert life.webhook() == left


class TestAdopt:
    @pytest.mark.parametrize(
        ("moment", "sent", "healing"),
        [
            (before(GET), ["token"], ["token", "GET", "GET", "PATCH"]),
            (after(GET), ["token", "GET"], ["token", "GET", "GET", "PATCH"]),
            (before(LIST), ["token", "GET"], ["token", "GET", "GET", "PATCH"]),
            (after(LIST), ["token", "GET", "GET"], ["token", "GET", "GET", "PATCH"]),
            (before(PATCH), ["token", "GET", "GET"], ["token", "GET", "GET", "PATCH"]),
            (after(PATCH), ["token", "GET", "GET", "PATCH"], ["token", "GET", "GET"]),
        ],
        ids=told,
    )
    def test_nothing_more_is_sent_and_the_next_up_adopts_the_same(
        self, life: Life, family: Family, moment: Fault, sent: list[str], healing: list[str]
    ) -> None:
        adopted = plant(life)
        life.declare(users(adopt_id=f'"{adopted}"'))
        kill(life, family, moment)
        assert life.sent() == sent
        assert pending(life) == ["creating"]
        outcome = life.stack.up()
        assert steps(outcome) == [("create", "users")]
        assert life.sent() == healing
        webhook = life.webhook()
        assert (webhook.id, webhook.title, webhook.enabled) == (adopted, "User webhook", True)
        assert is_said(outcome, "users, interrupted while creating")


@pytest.mark.parametrize("moment", around(PATCH), ids=told)
def test_an_update_is_sent_again(life: Life, family: Family, moment: Fault) -> None:
    life.declare(users())
    life.stack.up()
    life.declare(users(title='"New"'))
    kill(life, family, moment)
    assert pending(life) == ["updating"]
    life.sent()
    assert steps(life.stack.up()) == [("update", "users", ("title",))]
    assert life.sent() == ["token", "PATCH"]
    assert (life.webhook().title, life.webhook().enabled) == ("New", True)
    assert pending(life) == []


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        (before(TOKEN), []),
        (after(TOKEN), ["token"]),
        (before(LIST), ["token"]),
        (after(LIST), ["token", "GET"]),
    ],
    ids=told,
)
def test_a_refresh_is_done_again(life: Life, family: Family, moment: Fault, sent: list[str]) -> None:
    life.declare(users())
    life.stack.up()
    life.change_by_hand(title="By hand")
    kill(life, family, moment, "refresh")
    assert life.sent() == sent
    assert pending(life) == []
    outcome = life.stack.refresh()
    assert steps(outcome) == [("refresh", "users", ("title",))]
    assert outcome.messages == ()
    assert life.sent() == ["token", "GET"]


@pytest.mark.parametrize(
    ("life", "moment"),
    [("rehearsal", after(DELETE)), *[("cli", moment) for moment in around(DELETE)]],
    indirect=["life"],
    ids=told,
)
def test_what_was_to_be_deleted_is_deleted_or_found_gone(life: Life, family: Family, moment: Fault) -> None:
    life.declare(users(adopt_id=f'"{plant(life)}"'))  # a webhook of seconds is not believed to be gone
    life.stack.up()
    kill(life, family, moment, "destroy")
    assert len(life.webhooks()) == (0 if is_handled(moment) else 1)
    outcome = life.stack.destroy()
    assert steps(outcome) == [("delete", "users")]
    assert life.webhooks() == []
    assert is_said(outcome, "was already gone") is is_handled(moment)
    assert pending(life) == []


def test_what_the_cli_leaves_is_cleared_as_it_and_the_provider_say(life: Life, family: Family) -> None:
    stack = life.stack
    assert isinstance(stack, PulumiCli)
    life.declare(users())
    kill_engine_during(life, after(POST))
    assert any("pulumi.dynamic" in command for command in family.members().values())  # Pulumi's own does not end
    assert "`pulumi cancel`" in (stack.up().error or "")
    unlock(life)

    outcome = stack.up()
    assert outcome.ok
    assert is_said(outcome, "1 pending operations from previous deployment")
    assert is_said(outcome, CLEARS)
    assert pending(life) == ["creating"]

    _, *arguments = CLEARS.split()
    assert stack.run(*arguments, "--skip-preview", "--stack", "dev").returncode == 0
    assert pending(life) == []
    outcome = stack.up()
    assert steps(outcome) == [("same", "users")]
    assert outcome.messages == ()
