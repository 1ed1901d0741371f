"""A receiver moves to another host while events happen all the time, and none is lost."""

from __future__ import annotations

import json
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.lifecycle.life import Life, steps
from tests.runbooks.book import Runbook, on_cli
from upvest_provider.local import ControlClient, received_events, refused_deliveries

if TYPE_CHECKING:
    from collections.abc import Callable

    from upvest_provider.local import ReceivedEvent
    from upvest_provider.testing import Outcome

TITLE = "Move a receiver to another host"
OLD, NEW = "hooks.tenant.tld", "events.tenant.tld"


def receiver(variable: str, name: str, host: str) -> str:
    return f'from receiver.local import LocalReceiver\n{variable} = LocalReceiver("{name}", host="{host}")\n'


def webhook_at(variable: str) -> str:
    return f"""
from upvest_provider import EndpointReadiness
ready = EndpointReadiness(
    "receiver-ready", url={variable}.url, interval="1s", timeout="20s", passes=1, **{variable}.gate
)
UpvestWebhook(
    "users", title="Users", url=ready.url_at("/users"), gate=ready, verify="require", type=["USER"],
    config={{"delay": "1s"}},
)
"""


BEFORE = receiver("old", "receiver", OLD) + webhook_at("old")
BESIDE = receiver("old", "receiver", OLD) + receiver("new", "receiver-2", NEW) + webhook_at("new")
AFTER = receiver("new", "receiver-2", NEW) + webhook_at("new")


class Traffic:
    """Events that happen one after the other until the `with` block ends."""

    def __init__(self, life: Life) -> None:
        self._state = Path(life.upvest.surroundings.ca_file).parent
        self._inbox = life.upvest.world.inbox
        self._control = ControlClient(self._state)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.made = 0
        self.taken_by = set[int]()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.05):
            self.taken_by.add(self._control.make_events("USER"))
            self.made += 1

    def during(self, operation: Callable[[], Outcome]) -> Outcome:
        """Run an operation; some events came before it, and some after."""
        self.wait_for_more()
        outcome = operation()
        self.wait_for_more()
        return outcome

    def wait_for_more(self) -> None:
        """Until an event that happened from now on has come."""
        self._wait_for(self.made + 2)

    def received(self) -> list[ReceivedEvent]:
        """All that came, once all has come; test deliveries left out."""
        self._wait_for(self.made)
        return [each for each in received_events(self._state) if each.type == "USER.CREATED"]

    def _wait_for(self, events: int) -> None:
        others = [each for each in self._inbox.events() if each.type != "USER.CREATED"]
        assert self._inbox.wait_for(events=events + len(others), timeout=30)


def test_no_event_is_lost_and_none_comes_twice(life: Life) -> None:
    book = Runbook(TITLE, life)
    life.declare(BEFORE)
    assert life.stack.up().ok
    webhook = life.webhook()
    with Traffic(life) as traffic:
        traffic.wait_for_more()
        life.declare(BESIDE)
        preview = book.preview()
        assert {step.kind for step in preview.steps} == {"same", "create", "update"}, preview.error
        assert [step.name for step in preview.steps if step.kind == "update"] == ["receiver-ready", "users"]

        moved = traffic.during(book.up)
        assert {(step.kind, step.name) for step in moved.steps if step.kind != "same"} == {
            ("create", "receiver-2"),
            ("update", "receiver-ready"),
            ("update", "users"),
        }, moved.error
        assert (life.webhook().id, life.webhook().url.split(":")[1]) == (webhook.id, f"//{NEW}")
        assert life.webhook().enabled
        assert still_takes(life, webhook.url) == 200
        count = len(received_events(Path(life.upvest.surroundings.ca_file).parent))

        life.declare(AFTER)
        cleared = traffic.during(book.up)
        assert {(step.kind, step.name) for step in cleared.steps if step.kind != "same"} == {
            ("delete", "receiver")
        }
    received = traffic.received()
    assert traffic.taken_by == {1}
    assert len({event.event_id for event in received}) == len(received) == traffic.made
    assert [event for event in received if event.times > 1] == []
    hosts = [event.host for event in received]
    assert hosts == sorted(hosts, key=[OLD, NEW].index)
    assert set(hosts) == {OLD, NEW}
    assert len(received) > count
    assert refused_deliveries(Path(life.upvest.surroundings.ca_file).parent) == []


def still_takes(life: Life, url: str) -> int:
    """What a host answers to a delivery that has not heard of the new one."""
    late = {"id": str(uuid.uuid4()), "webhook_id": life.webhook().id, "type": "LATE"}
    return life.upvest.world.sender.post(url, json.dumps({"payload": [late]}).encode()).status


@on_cli
def test_a_new_host_that_is_not_ready_leaves_the_webhook_at_the_old_one(life: Life) -> None:
    life.declare(BEFORE)
    assert life.stack.up().ok
    webhook = life.webhook()
    never = BESIDE.replace(f'host="{NEW}"', f'host="{NEW}", dns_delay=3600').replace('"20s"', '"1s"')
    life.declare(never)
    life.sent()
    assert "is not ready" in (Runbook(TITLE, life).up().error or "")
    assert life.sent() == []
    assert life.webhook() == webhook
    assert still_takes(life, webhook.url) == 200


@pytest.mark.parametrize("life", ["rehearsal"], indirect=True)
def test_locally_what_waits_and_what_failed_follow_the_new_url(life: Life) -> None:
    world, control = life.upvest.world, ControlClient(Path(life.upvest.surroundings.ca_file).parent)
    for host in (OLD, NEW):
        control.put("dns", host, "A", values=["127.0.0.1"])
        control.put("listeners", host)
        control.put("certificates", host)
    with life.client() as client:
        made = client.create_webhook(
            {"title": "Users", "url": f"https://{OLD}:{world.receiver.port}/", "type": ["USER"]}
        )
        client.update_webhook(made.id, {"type": ["USER"], "enabled": True})
        control.answer_with(503)
        control.make_events("USER")
        assert world.inbox.wait_for(refused=1)
        control.make_events("USER", count=2)
        client.update_webhook(made.id, {"type": ["USER"], "url": f"https://{NEW}:{world.receiver.port}/"})
    control.answer_with(200)
    assert world.inbox.wait_for(events=3)
    assert [(event.host, event.times) for event in world.inbox.events()] == [(NEW, 1)] * 3


@on_cli
def test_a_changed_host_in_one_up_removes_the_old_one_last(life: Life) -> None:
    life.declare(BEFORE)
    assert life.stack.up().ok
    with Traffic(life) as traffic:
        life.declare(BEFORE.replace(OLD, NEW))
        outcome = traffic.during(life.stack.up)
        assert ("update", "users") in {step[:2] for step in steps(outcome)}
    received = traffic.received()
    assert len({event.event_id for event in received}) == len(received) == traffic.made
    assert received[-1].host == NEW
