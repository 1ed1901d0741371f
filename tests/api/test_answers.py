from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.scripted import (
    always,
    gives,
    hangs_up,
    in_turn,
    page,
    pours,
    problem,
    says,
    stays_silent,
    webhook,
)
from upvest_provider import limits
from upvest_provider.api.session import Session
from upvest_provider.api.signature import Request
from upvest_provider.errors import ApiError, MalformedAnswer, NoAnswer, NotFound, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.scripted import Upstream
    from upvest_provider.api import Credentials, UpvestClient


@pytest.fixture
def session(credentials: Credentials) -> Iterator[Session]:
    session = Session(credentials, sleep=lambda _: None)
    yield session
    session.close()


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in webhook().items() if key != name}


UNREADABLE = {
    "nothing": says(200),
    "a page": says(200, b"<html>"),
    "half of a document": says(200, b'{"id": "1"'),
    "another encoding": says(200, b"\xff\xfe{\x00}\x00"),
    "null": gives(None),
    "a list": gives([webhook()]),
    "no id": gives(without("id")),
    "an empty id": gives(webhook(id="")),
    "no url": gives(without("url")),
    "a type that is no list": gives(webhook(type="USER")),
    "an enabled that is no truth value": gives(webhook(enabled="perhaps")),
    "a problem with status 200": gives({"type": "t", "status": 400, "detail": "no"}),
}


def test_an_answer_that_is_none_of_this_api_is_told(upstream: Upstream, client: UpvestClient) -> None:
    for answer, behaviour in UNREADABLE.items():
        upstream.received.clear()
        upstream.api = always(behaviour)
        with pytest.raises(MalformedAnswer) as failure:
            client.get_webhook("42")
        summary, fix = str(failure.value).splitlines()
        assert summary.startswith("the answer to GET /webhooks/42 cannot be read: "), answer
        assert fix.startswith("Make sure that `upvest:api` names Upvest's API"), answer
        assert len(upstream.calls) == 1, answer


def test_a_create_whose_answer_cannot_be_read_may_have_made_a_webhook(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = always(says(201, b"{"))
    with pytest.raises(MalformedAnswer) as failure:
        client.create_webhook({"title": "t"})
    assert failure.value.outcome_unknown


def test_members_and_categories_that_are_not_known_are_tolerated(upstream: Upstream, client: UpvestClient) -> None:
    newer = webhook(type=["NEXT_YEARS_CATEGORY"], owner={"id": 1}, config={"delay": "99m", "retries": 3})
    meta = {"total_count": 1, "count": 1, "cursor": "abc"}
    upstream.api = in_turn(gives({"meta": meta, "data": [newer], "links": []}))
    [read] = client.list_webhooks()
    assert read.type == ["NEXT_YEARS_CATEGORY"]
    assert read.config.model_dump() == {"delay": "99m", "max_package_size": None, "retries": 3}


def test_members_that_the_api_may_leave_out_may_be_left_out(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = always(gives(without("config")))
    read = client.get_webhook("42")
    assert (read.exclude_type, read.config.model_dump()) == ([], {"delay": None, "max_package_size": None})


def test_of_a_thousand_webhooks_none_keeps_a_set_of_its_fields(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = always(page([webhook(number) for number in range(1000)]))
    listed = client.list_webhooks()
    assert len({id(each.model_fields_set) for each in listed}) == 1
    assert listed[0].model_fields_set == {*listed[0].model_dump()}


def test_an_answer_may_be_as_large_as_its_bound(upstream: Upstream, session: Session) -> None:
    upstream.api = always(says(200, bytes(limits.ANSWER_BYTES)))
    assert len(session.call(Request("GET", "/webhooks")).body) == limits.ANSWER_BYTES


def test_one_byte_more_is_not_read(upstream: Upstream, session: Session) -> None:
    upstream.api = always(says(200, bytes(limits.ANSWER_BYTES + 1)))
    with pytest.raises(MalformedAnswer, match="larger than 16777216 bytes and was not read further"):
        session.call(Request("GET", "/webhooks"))


def test_an_answer_without_an_end_is_cut_off(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = always(pours)
    with pytest.raises(MalformedAnswer, match="the answer to POST /webhooks is larger than") as failure:
        client.create_webhook({"title": "t"})
    assert failure.value.outcome_unknown
    assert len(upstream.calls) == 1


def test_a_compressed_answer_is_bounded_by_what_it_holds(upstream: Upstream, session: Session) -> None:
    bomb = gzip.compress(bytes(limits.ANSWER_BYTES + 1))
    upstream.api = always(says(200, bomb, {"content-encoding": "gzip"}))
    with pytest.raises(MalformedAnswer, match="larger than"):
        session.call(Request("GET", "/webhooks"))


def test_a_compressed_answer_is_read(upstream: Upstream, client: UpvestClient) -> None:
    body = gzip.compress(json.dumps(webhook()).encode())
    upstream.api = always(says(200, body, {"content-encoding": "gzip"}))
    assert client.get_webhook("42").title == "User webhook"


def test_an_answer_whose_compression_is_damaged_is_no_answer(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = always(says(200, b"no gzip", {"content-encoding": "gzip"}))
    with pytest.raises(NoAnswer):
        client.get_webhook("42")


def test_a_time_out_is_no_answer_and_leaves_the_outcome_unknown(upstream: Upstream, session: Session) -> None:
    upstream.api = always(stays_silent)
    with pytest.raises(NoAnswer, match="to PATCH /webhooks/42: timed out") as failure:
        session.call(Request("PATCH", "/webhooks/42"), timeout=0.01)
    assert failure.value.outcome_unknown
    assert len(upstream.calls) == limits.ATTEMPTS


def test_a_time_out_of_what_is_not_idempotent_is_not_repeated(upstream: Upstream, session: Session) -> None:
    upstream.api = always(stays_silent)
    with pytest.raises(NoAnswer):
        session.call(Request("POST", "/webhooks"), idempotent=False, timeout=0.01)
    assert len(upstream.calls) == 1


def test_a_refused_connection_is_unreachable_and_nothing_was_sent(
    upstream: Upstream, client: UpvestClient
) -> None:
    client.list_webhooks()
    upstream.refuse()
    with pytest.raises(Unreachable, match=r"POST /webhooks was not sent\.") as failure:
        client.create_webhook({"title": "t"})
    assert not failure.value.outcome_unknown


def test_a_client_is_usable_after_every_fault(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = in_turn(pours, *[hangs_up] * limits.ATTEMPTS, page([webhook()]))
    with pytest.raises(MalformedAnswer):
        client.list_webhooks()
    with pytest.raises(NoAnswer):
        client.list_webhooks()
    assert len(client.list_webhooks()) == 1


def test_a_deletion_that_something_else_than_upvest_confirms_is_not_believed(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = always(says(200, b"<html>Welcome to the guest network</html>"))
    with pytest.raises(MalformedAnswer) as error:
        client.delete_webhook("42")
    assert (
        error.value.summary == "the answer to DELETE /webhooks/42 has no upvest-request-id, so it is not Upvest's"
    )


def test_null_stands_for_nothing_in_answers(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = always(page([webhook(exclude_type=None, config=None), webhook(2)]))
    [read, other] = client.list_webhooks()
    assert (read.exclude_type, read.config.model_dump()) == ([], {"delay": None, "max_package_size": None})
    assert other.config.delay == "1s"
    headers = {"content-type": "application/problem+json", "upvest-request-id": "made-up"}
    upstream.api = always(says(404, b'{"title": null, "detail": null}', headers))
    with pytest.raises(NotFound, match="Upvest answered 404: Not Found"):
        client.get_webhook("42")


def test_the_detail_of_a_problem_becomes_one_line(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = always(problem(400, "first line\n  second line\n" + "word " * 100))
    with pytest.raises(ApiError) as error:
        client.get_webhook("42")
    assert error.value.summary.startswith("Upvest answered 400: first line second line word word")
    assert error.value.summary.endswith(" …")
    assert len(error.value.summary) < 350


def test_a_cookie_that_an_answer_sets_does_not_go_back_unsigned(upstream: Upstream, session: Session) -> None:
    upstream.api = always(says(200, headers={"set-cookie": "AWSALB=1; path=/"}))
    for _ in range(2):
        session.call(Request("GET", "/webhooks/1"))
    assert [sorted(call.headers.keys() & {"cookie"}) for call in upstream.calls] == [[], []]
