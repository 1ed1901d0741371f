"""A webhook rests during an incident, with a quiet nightly check, and wakes up again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lifecycle.life import Life, options, steps, users
from tests.runbooks.book import Runbook, on_cli
from upvest_provider.local import ControlClient

TITLE = "Pause in an incident"
REFRESHED_UP = "pulumi up --refresh"
PAUSED = users(opts=options(ignore_changes='["enabled"]'))


def test_by_hand_with_a_quiet_check_and_back(life: Life) -> None:
    book = Runbook(TITLE, life)
    life.declare(users())
    assert life.stack.up().ok
    life.change_by_hand(enabled=False)
    life.declare(PAUSED)
    assert book.up(REFRESHED_UP).ok
    assert life.sent() == ["token", "GET"]
    assert book.nightly_check_is_quiet()
    assert not life.webhook().enabled
    life.change_by_hand(title="HAND EDIT")
    assert not book.nightly_check_is_quiet()
    life.sent()

    life.declare(users())
    assert steps(book.up(REFRESHED_UP))[-1][:2] == ("update", "users")
    assert life.sent() == ["token", "GET", "PATCH"]
    assert (life.webhook().enabled, life.webhook().title) == (True, "User webhook")


@on_cli
def test_in_the_program_and_back(life: Life) -> None:
    book = Runbook(TITLE, life)
    life.declare(users())
    assert life.stack.up().ok
    life.declare(users(enabled="False"))
    assert steps(life.stack.up()) == [("update", "users", ("enabled",))]
    assert not life.webhook().enabled
    assert book.nightly_check_is_quiet()
    life.declare(users())
    assert book.up(REFRESHED_UP).ok
    assert life.webhook().enabled


@pytest.mark.parametrize("life", ["rehearsal"], indirect=True)
def test_locally_what_waited_comes_afterwards_and_what_happened_meanwhile_does_not(life: Life) -> None:
    inbox, control = life.upvest.world.inbox, ControlClient(Path(life.upvest.surroundings.ca_file).parent)
    host = "hooks.tenant.tld"
    control.put("dns", host, "A", values=["127.0.0.1"])
    control.put("listeners", host)
    control.put("certificates", host)
    control.answer_with(503)
    with life.client() as client:
        url = f"https://{host}:{life.upvest.world.receiver.port}/"
        made = client.create_webhook({"title": "Users", "url": url, "type": ["USER"]})
        client.update_webhook(made.id, {"type": ["USER"], "enabled": True})
        assert control.make_events("USER", kind="USER.CREATED") == 1
        assert inbox.wait_for(refused=1)
        client.update_webhook(made.id, {"type": ["USER"], "enabled": False})
        control.answer_with(200)
        assert control.make_events("USER", kind="USER.ACTIVATED") == 0
        client.update_webhook(made.id, {"type": ["USER"], "enabled": True})
        assert control.make_events("USER", kind="USER.DEACTIVATED") == 1
    assert inbox.wait_for(events=2)
    assert [event.type for event in inbox.events()] == ["USER.CREATED", "USER.DEACTIVATED"]
