from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from tests.api.conftest import credentials_of
from tests.api.scripted import gives, in_turn, page, webhook
from upvest_provider.errors import MalformedAnswer, UpvestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.conftest import Connect
    from tests.api.scripted import Upstream
    from upvest_provider.api import UpvestClient
    from upvest_provider.local import LocalUpvest, LoggedRequest


@pytest.mark.parametrize(("held", "requests"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_all_webhooks_are_listed_with_one_request_per_1000(
    upvest: LocalUpvest,
    asked: Callable[[], list[LoggedRequest]],
    customer: UpvestClient,
    held: int,
    requests: int,
) -> None:
    with upvest.store.transaction():
        for number in range(held):
            upvest.store.save_webhook(webhook(number))
    listed = customer.list_webhooks()
    assert [each.id for each in listed] == [webhook(number)["id"] for number in range(held)]
    queries = [request.query for request in asked() if request.path == "/webhooks"]
    assert queries == [f"offset={1000 * number}&limit=1000" for number in range(requests)]


def test_the_next_page_begins_after_what_came_however_short_the_page(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(page([webhook(1), webhook(2)], 4), page([webhook(3)], 4), page([webhook(4)], 4))
    assert len(client.list_webhooks()) == 4
    assert [request.query for request in upstream.calls] == [
        "offset=0&limit=1000",
        "offset=2&limit=1000",
        "offset=3&limit=1000",
    ]


def test_an_empty_page_ends_a_list_whose_total_count_is_too_high(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = in_turn(page([webhook(1)], 10**9), page([], 10**9))
    assert len(client.list_webhooks()) == 1
    assert len(upstream.calls) == 2


@pytest.mark.parametrize("total_count", [0, -1])
def test_a_total_count_that_is_too_low_ends_the_list(
    upstream: Upstream, client: UpvestClient, total_count: int
) -> None:
    upstream.api = in_turn(page([webhook(1)], total_count))
    assert len(client.list_webhooks()) == 1
    assert len(upstream.calls) == 1


def test_a_server_that_repeats_a_page_is_told_and_not_asked_for_ever(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(*[page([webhook(1), webhook(2)], 2500)] * 4)
    with pytest.raises(MalformedAnswer, match="GET /webhooks repeats itself: at offset 2 nothing is new"):
        client.list_webhooks()
    assert len(upstream.calls) == 2


def test_a_webhook_that_moves_to_the_next_page_meanwhile_is_listed_once_as_it_was_seen_last(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(page([webhook(1), webhook(2)], 3), page([webhook(2, enabled=True), webhook(3)], 3))
    listed = client.list_webhooks()
    assert [(each.id[-1], each.enabled) for each in listed] == [("1", False), ("2", True), ("3", False)]


def test_what_meta_says_beyond_the_total_is_not_believed(upstream: Upstream, client: UpvestClient) -> None:
    meta = {"offset": 7, "limit": 3, "count": 99, "total_count": 2, "sort": "id", "order": "none"}
    upstream.api = in_turn(gives({"meta": meta, "data": [webhook(1), webhook(2)]}))
    assert len(client.list_webhooks()) == 2


def test_a_list_that_becomes_shorter_between_two_pages_is_begun_anew(
    upstream: Upstream, client: UpvestClient
) -> None:
    first, *others = [webhook(number) for number in range(1, 5)]
    # The first is deleted after its page, so all others move forward by one.
    upstream.api = in_turn(page([first, others[0]], 4), page(others[2:], 3), page(others, 3))
    assert [each.id for each in client.list_webhooks()] == [other["id"] for other in others]
    assert [request.query for request in upstream.calls] == [
        "offset=0&limit=1000",
        "offset=2&limit=1000",
        "offset=0&limit=1000",
    ]


def test_no_webhook_is_missing_where_one_before_it_is_deleted_meanwhile(
    upvest: LocalUpvest, connect: Connect, asked: Callable[[], list[LoggedRequest]]
) -> None:
    with upvest.store.transaction():
        for number in range(1500):
            upvest.store.save_webhook(webhook(number))

    def delete_one_before_the_second_page() -> None:
        if len([request for request in asked() if request.path == "/webhooks"]) == 1:
            upvest.store.delete_webhook(webhook(7)["id"])

    client = connect(credentials=credentials_of(upvest), before_request=delete_one_before_the_second_page)
    expected = [webhook(number)["id"] for number in range(1500) if number != 7]
    assert [each.id for each in client.list_webhooks()] == expected


def test_a_list_that_grows_meanwhile_is_not_begun_anew(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = in_turn(page([webhook(1), webhook(2)], 3), page([webhook(3), webhook(4)], 4))
    assert len(client.list_webhooks()) == 4


def test_a_list_that_never_stays_is_told(upstream: Upstream, client: UpvestClient) -> None:
    begun = [page([webhook(1), webhook(2)], 4), page([webhook(4)], 3)]
    upstream.api = in_turn(*begun * 3, page([]))
    with pytest.raises(UpvestError) as failure:
        client.list_webhooks()
    assert str(failure.value) == snapshot("""\
the list of webhooks became shorter each of the 3 times that it was read
Run the command again once nobody deletes webhooks of this account.\
""")
    assert len(upstream.calls) == 6
