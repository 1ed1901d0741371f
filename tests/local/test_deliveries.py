from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from upvest_provider.local import (
    ControlClient,
    LocalUpvest,
    make_events,
    received_events,
    refused_deliveries,
)
from upvest_provider.local.deliveries import gap
from upvest_provider.local.events import event, package

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.local.conftest import Caller, Clock

HOST = "hooks.tenant.tld"


@pytest.fixture
def clock(clock_of_today: Clock) -> Clock:
    return clock_of_today


@pytest.fixture
def url(upvest: LocalUpvest, control: ControlClient) -> str:
    """A receiver that is ready."""
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    control.put("listeners", HOST)
    control.put("certificates", HOST)
    return f"https://{HOST}:{upvest.world.receiver.port}"


def enabled(client: Caller, url: str, **fields: object) -> Any:  # noqa: ANN401 - JSON
    webhook = client.create(url=url, **fields)
    reply = client.call("PATCH", f"/webhooks/{webhook['id']}", {"enabled": True})
    assert reply.status == 200
    return reply.json


class Queue:
    """One webhook's queue, whose deliveries are made when a test says so."""

    def __init__(self, upvest: LocalUpvest, webhook: Any, clock: Clock) -> None:  # noqa: ANN401 - JSON
        self._world = upvest.world
        self._webhook_id: str = webhook["id"]
        self._clock = clock

    def add(self, count: int = 1, size: int = 0) -> list[str]:
        """Gives the ids."""
        events = [
            event("USER.CREATED", {"text": "x" * size}, self._webhook_id, self._clock()) for _ in range(count)
        ]
        self._world.queue.add(self._webhook_id, events, self._clock())
        return [json.loads(text)["id"] for text in events]

    def deliver(self) -> float | None:
        """Gives the seconds until there is more to deliver."""
        return self._world.deliveries.deliver_due()

    @property
    def received(self) -> list[tuple[str, int]]:
        return [(event.event_id, event.times) for event in self._world.inbox.events()]


@pytest.fixture
def queue(upvest: LocalUpvest, client: Caller, url: str, clock: Clock) -> Queue:
    webhook = enabled(client, f"{url}/users", type=["USER"], config={"delay": "2s", "max_package_size": 1000})
    return Queue(upvest, webhook, clock)


class TestGathering:
    def test_events_wait_for_the_delay_of_the_oldest_and_go_together(self, queue: Queue, clock: Clock) -> None:
        first = queue.add()
        assert queue.deliver() == 2
        clock.now += 1.5
        second = queue.add()
        assert queue.deliver() == pytest.approx(0.5)
        assert queue.received == []
        clock.now += 0.5
        assert queue.deliver() is None
        assert [id_ for id_, _ in queue.received] == first + second

    def test_a_delay_from_before_today_s_rules_may_be_in_minutes(
        self, queue: Queue, upvest: LocalUpvest, clock: Clock
    ) -> None:
        [webhook] = upvest.store.webhooks()
        upvest.store.save_webhook({**webhook, "config": {**webhook["config"], "delay": "2m"}})
        queue.add()
        assert queue.deliver() == 120
        clock.now += 120
        assert queue.deliver() is None
        assert len(queue.received) == 1

    def test_a_full_package_goes_at_once_and_the_rest_waits(self, queue: Queue) -> None:
        ids = queue.add(5, size=150)
        assert len(package([event("USER.CREATED", {"text": "x" * 150}, "w" * 36, 0)] * 3)) < 1000
        assert queue.deliver() == 2
        assert [id_ for id_, _ in queue.received] == ids[:3]

    def test_one_event_larger_than_a_package_goes_alone(self, queue: Queue) -> None:
        ids = queue.add(size=5000)
        assert queue.deliver() is None
        assert [id_ for id_, _ in queue.received] == ids


class TestFailures:
    def test_a_failed_delivery_is_repeated_with_growing_gaps(
        self, queue: Queue, control: ControlClient, clock: Clock, state: Path
    ) -> None:
        control.answer_with(500)
        ids = queue.add()
        clock.now += 2
        gaps = []
        for _ in range(16):
            gaps.append(round(queue.deliver() or 0))
            clock.now += gaps[-1]
        assert gaps == [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 600, 600, 600]
        assert len(refused_deliveries(state)) == 16
        control.answer_with(200)
        assert queue.deliver() is None
        assert queue.received == [(ids[0], 1)]

    def test_nothing_overtakes_a_failed_delivery_and_the_backlog_follows_it(
        self, queue: Queue, control: ControlClient, clock: Clock, state: Path
    ) -> None:
        control.answer_with(500)
        first = queue.add(2)
        clock.now += 2
        assert queue.deliver() == pytest.approx(1)
        later = queue.add(6, size=150)
        assert queue.deliver() == pytest.approx(1)
        control.answer_with(200)
        assert queue.deliver() == pytest.approx(1)
        assert len(refused_deliveries(state)) == 1
        clock.now += 1
        assert queue.deliver() == pytest.approx(1)
        assert [id_ for id_, _ in queue.received] == first + later[:3]
        clock.now += 1
        assert queue.deliver() is None
        assert [id_ for id_, _ in queue.received] == first + later

    def test_a_receiver_that_cannot_be_reached_is_a_failure(
        self, queue: Queue, control: ControlClient, clock: Clock
    ) -> None:
        control.delete("listeners", HOST)
        queue.add()
        clock.now += 2
        assert queue.deliver() == pytest.approx(1)
        control.put("listeners", HOST)
        clock.now += 1
        assert queue.deliver() is None
        assert len(queue.received) == 1

    def test_a_failing_webhook_holds_up_no_other(
        self, queue: Queue, upvest: LocalUpvest, client: Caller, clock: Clock
    ) -> None:
        dead = Queue(upvest, enabled(client, "https://localhost:1/"), clock)
        dead.add()
        ids = queue.add()
        clock.now += 2
        assert queue.deliver() == pytest.approx(1)
        assert queue.received == [(ids[0], 1)]

    def test_a_failure_outlives_a_restart(
        self, queue: Queue, control: ControlClient, upvest: LocalUpvest, clock: Clock, state: Path
    ) -> None:
        control.answer_with(500)
        ids = queue.add()
        clock.now += 2
        assert queue.deliver() == pytest.approx(1)
        control.answer_with(200)
        upvest.__exit__()
        clock.now += 1
        with LocalUpvest(state, clock=clock) as again:
            assert again.world.inbox.wait_for(events=1)
            assert [event.event_id for event in again.world.inbox.events()] == ids

    def test_the_gap_never_exceeds_ten_minutes(self) -> None:
        assert gap(1000) == 600


class TestWhoGetsWhat:
    @pytest.mark.parametrize(
        ("fields", "gets"),
        [
            ({"type": ["USER"]}, True),
            ({"type": ["ORDER", "USER"]}, True),
            ({"type": ["ORDER"]}, False),
            ({"type": ["ALL"]}, True),
            ({"type": ["ALL"], "exclude_type": ["USER"]}, False),
            ({"type": ["USER"], "exclude_type": ["USER"]}, True),
        ],
    )
    def test_an_event_goes_to_the_webhooks_of_its_category(
        self,
        client: Caller,
        control: ControlClient,
        fields: dict[str, list[str]],
        gets: bool,
    ) -> None:
        enabled(client, "https://localhost:1/", **fields)
        assert control.make_events("USER") == int(gets)

    def test_a_disabled_webhook_gets_nothing(self, client: Caller, control: ControlClient, url: str) -> None:
        client.create(url=url)
        assert control.make_events("USER") == 0

    def test_what_waits_for_a_webhook_that_is_disabled_then_is_kept_until_it_is_enabled(
        self, queue: Queue, client: Caller, clock: Clock
    ) -> None:
        [webhook] = client.call("GET", "/webhooks").json["data"]
        queue.add()
        client.call("PATCH", f"/webhooks/{webhook['id']}", {"enabled": False})
        clock.now += 100
        assert queue.deliver() is None
        assert queue.received == []
        client.call("PATCH", f"/webhooks/{webhook['id']}", {"enabled": True})
        assert queue.deliver() is None
        assert len(queue.received) == 1

    def test_what_waits_for_a_deleted_webhook_is_dropped(
        self, queue: Queue, client: Caller, clock: Clock, upvest: LocalUpvest
    ) -> None:
        [webhook] = client.call("GET", "/webhooks").json["data"]
        queue.add()
        client.call("DELETE", f"/webhooks/{webhook['id']}")
        clock.now += 100
        assert queue.deliver() is None
        assert queue.received == []
        assert upvest.world.queue.webhooks() == []


@pytest.fixture
def running(state: Path, clock: Clock) -> Path:
    """A state directory whose next API delivers a thousand times faster."""
    with LocalUpvest(state, clock=clock):
        return state


class TestInItsThread:
    def test_events_arrive_by_themselves_retried_and_each_once(self, running: Path, make_caller: Any) -> None:  # noqa: ANN401 - a function
        with LocalUpvest(running, time_scale=0.001) as upvest:
            client = make_caller(upvest.credentials, upvest.world.clock).log_in()
            control = ControlClient(running)
            control.put("listeners", HOST)
            control.put("certificates", HOST)
            control.put("dns", HOST, "A", values=["127.0.0.1"])
            webhook = enabled(client, f"https://{HOST}:{upvest.world.receiver.port}/", type=["USER"])
            control.answer_with(503)
            assert make_events(running, "USER", "USER.ACTIVATED", '{"id": "7"}', 3) == 1
            assert upvest.world.inbox.wait_for(refused=3)
            control.answer_with(200)
            assert upvest.world.inbox.wait_for(events=3)
        assert [(event.type, event.webhook_id, event.times) for event in received_events(running)] == [
            ("USER.ACTIVATED", webhook["id"], 1)
        ] * 3

    def test_a_webhook_that_is_enabled_gets_what_waited_at_once(
        self, queue: Queue, client: Caller, control: ControlClient, upvest: LocalUpvest, clock: Clock
    ) -> None:
        [webhook] = client.call("GET", "/webhooks").json["data"]
        assert control.make_events("USER") == 1
        client.call("PATCH", f"/webhooks/{webhook['id']}", {"enabled": False})
        clock.now += 100
        client.call("PATCH", f"/webhooks/{webhook['id']}", {"enabled": True})
        assert upvest.world.inbox.wait_for(events=1)
        assert len(queue.received) == 1
