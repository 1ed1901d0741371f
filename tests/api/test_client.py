from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.api.scripted import REQUEST_ID, always, gives, in_turn, says, takes, webhook
from upvest_provider.api import WebhookConfig, Write
from upvest_provider.errors import ApiError, MalformedAnswer, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.scripted import Upstream
    from upvest_provider.api import UpvestClient
    from upvest_provider.local import LocalUpvest, LoggedRequest

URL = "https://hooks.tenant.tld/users"
FIELDS = {"title": "User webhook", "url": URL, "type": ["USER"], "config": {"delay": "2s"}}


def test_a_webhook_is_created_disabled_with_the_fields_given(customer: UpvestClient) -> None:
    made = customer.create_webhook(FIELDS)
    assert (made.title, made.url, made.type, made.exclude_type) == ("User webhook", URL, ["USER"], [])
    assert made.config == WebhookConfig(delay="2s", max_package_size=51200)
    assert made.enabled is False
    assert customer.get_webhook(made.id) == made
    assert customer.list_webhooks() == [made]


def test_an_update_sets_the_given_fields_and_returns_the_webhook_as_it_is_then(customer: UpvestClient) -> None:
    made = customer.create_webhook(FIELDS)
    updated = customer.update_webhook(made.id, {"enabled": True, "title": "Users"})
    assert updated == made.model_copy(update={"enabled": True, "title": "Users", "updated_at": updated.updated_at})
    assert customer.get_webhook(made.id) == updated


def test_a_deleted_webhook_is_not_found(customer: UpvestClient) -> None:
    made = customer.create_webhook(FIELDS)
    customer.delete_webhook(made.id)
    with pytest.raises(NotFound):
        customer.get_webhook(made.id)
    with pytest.raises(NotFound):
        customer.delete_webhook(made.id)


def test_a_test_delivery_reports_what_the_receiver_answered(
    upstream: Upstream, client: UpvestClient, writes: list[Write]
) -> None:
    answered = {"status": 503, "body": "Not now"}
    upstream.api = in_turn(gives({"url": URL, "response": {**answered, "headers": {"retry-after": "5"}}}))
    result = client.test_webhook("42")
    assert result
    assert (result.url, result.response.model_dump()) == (URL, {**answered, "error": None})
    assert [(request.method, request.target) for request in upstream.calls] == [("POST", "/webhooks/42/test")]
    assert writes == [Write("tested", "42", REQUEST_ID)]


def test_a_test_delivery_reports_why_the_receiver_could_not_be_reached(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(gives({"url": URL, "response": {"error": "connection refused"}}))
    result = client.test_webhook("42")
    assert result
    assert (result.response.status, result.response.error) == (None, "connection refused")


@pytest.mark.parametrize("nothing", [None, 17, ["a"]])
def test_what_a_test_delivery_tells_besides_cannot_make_its_answer_unreadable(
    upstream: Upstream, client: UpvestClient, nothing: object
) -> None:
    response = {"status": 200, "headers": nothing, "body": nothing}
    upstream.api = in_turn(gives({"url": nothing, "response": response}))
    result = client.test_webhook("42")
    assert result
    assert (result.response.status, result.response.error) == (200, None)


def test_a_test_delivery_that_upvest_only_took_the_order_for_has_no_result(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = always(takes(202))
    assert client.test_webhook(webhook()["id"]) is None


def test_the_verification_keys_are_read(upvest: LocalUpvest, customer: UpvestClient) -> None:
    [key] = customer.get_verification_keys()
    assert upvest.store.verify_keys().keys() == {key.kid}
    assert (key.kty, key.crv, len(key.x), len(key.y)) == ("EC", "P-521", 88, 88)


def test_each_write_that_succeeded_is_told_with_upvests_request_id(
    asked: Callable[[], list[LoggedRequest]], customer: UpvestClient, writes: list[Write]
) -> None:
    made = customer.create_webhook(FIELDS)
    customer.update_webhook(made.id, {"enabled": True})
    customer.list_webhooks()
    customer.get_webhook(made.id)
    customer.delete_webhook(made.id)
    sent = [request for request in asked() if request.method != "GET" and "webhooks" in request.path]
    actions = ["created", "updated", "deleted"]
    assert writes == [
        Write(action, made.id, request.request_id) for action, request in zip(actions, sent, strict=True)
    ]


def test_a_write_that_failed_is_not_told(customer: UpvestClient, writes: list[Write]) -> None:
    with pytest.raises(ApiError):
        customer.create_webhook({"title": ""})
    with pytest.raises(NotFound):
        customer.update_webhook(str(uuid.uuid4()), {"enabled": True})
    assert writes == []


def test_a_write_is_told_even_where_its_answer_cannot_be_read(
    upstream: Upstream, client: UpvestClient, writes: list[Write]
) -> None:
    upstream.api = in_turn(gives({"id": "not a webhook"}))
    with pytest.raises(Exception, match="cannot be read"):
        client.update_webhook("42", {"enabled": True})
    assert [write.action for write in writes] == ["updated"]


def test_a_write_that_something_else_than_upvest_answered_is_not_told(
    upstream: Upstream, client: UpvestClient, writes: list[Write]
) -> None:
    upstream.api = always(says(200, b"<html>Welcome to the guest network</html>"))
    for write in (lambda: client.update_webhook("42", {"title": "t"}), lambda: client.test_webhook("42")):
        with pytest.raises(MalformedAnswer):
            write()
    assert writes == []
