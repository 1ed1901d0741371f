from __future__ import annotations

import base64
import json
import sqlite3
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from upvest_provider.categories import ALL, EVENT_CATEGORIES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.conftest import Caller, Clock
    from upvest_provider.local import LocalUpvest

WEBHOOK = {"title": "User webhook", "url": "https://hooks.tenant.tld/users"}


def test_a_webhook_is_created_disabled_with_defaults(client: Caller) -> None:
    reply = client.call("POST", "/webhooks", WEBHOOK)
    assert reply.status == 201
    assert reply.headers["content-type"] == "application/json"
    webhook = reply.json
    assert str(uuid.UUID(webhook["id"])) == webhook["id"]
    assert webhook == {
        "id": webhook["id"],
        "created_at": "2026-09-21T14:13:20.00Z",
        "updated_at": "2026-09-21T14:13:20.00Z",
        "title": "User webhook",
        "url": "https://hooks.tenant.tld/users",
        "enabled": False,
        "type": ["ALL"],
        "config": {"delay": "1s", "max_package_size": 51200},
    }


def test_everything_that_is_declared_is_kept(client: Caller) -> None:
    fields: dict[str, Any] = {
        **WEBHOOK,
        "type": ["ALL"],
        "exclude_type": ["USER", "ORDER"],
        "config": {"delay": "30s", "max_package_size": 1_048_576},
    }
    webhook = client.create(**fields)
    assert {name: webhook[name] for name in fields} == fields
    assert client.call("GET", f"/webhooks/{webhook['id']}").json == webhook


def test_every_category_that_is_known_is_taken(client: Caller) -> None:
    assert client.create(type=sorted(EVENT_CATEGORIES))["type"] == sorted(EVENT_CATEGORIES)
    assert client.create(exclude_type=sorted(EVENT_CATEGORIES))["type"] == [ALL]


def test_a_part_of_config_leaves_the_rest_at_its_default(client: Caller) -> None:
    webhook = client.create(config={"delay": "9s", "a later member": 1})
    assert webhook["config"] == {"delay": "9s", "max_package_size": 51200}


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"title": None}, "title: must be a string of 1 to 100 characters"),
        ({"title": ""}, "title: must be a string of 1 to 100 characters"),
        ({"title": "x" * 101}, "title: must be a string of 1 to 100 characters"),
        ({"url": 5}, "url: must be a URL of at most 1000 characters"),
        ({"url": "https://h.tld/" + "x" * 987}, "url: must be a URL of at most 1000 characters"),
        ({"url": "https://h.tld/a b"}, "url: must be a URL of at most 1000 characters"),
        ({"url": "https://h.tld/\xfc"}, "url: must be a URL of at most 1000 characters"),
        ({"url": "https://h.tld:port"}, "url: must be a URL: Port could not be cast to integer value as 'port'"),
        ({"url": "http://h.tld"}, "url: must have the scheme https"),
        ({"url": "https://"}, "url: must have a DNS name as host, not an IP address"),
        ({"url": "https://192.0.2.1/x"}, "url: must have a DNS name as host, not an IP address"),
        ({"url": "https://3221225985/x"}, "url: must have a DNS name as host, not an IP address"),
        ({"url": "https://[2001:db8::1]/x"}, "url: must have a DNS name as host, not an IP address"),
        ({"url": "https://-h.tld"}, "url: must have a DNS name as host, not an IP address"),
        ({"type": "ALL"}, "type: must be an array of event categories"),
        ({"type": ["USER", "USERS"]}, "type: 'USERS' is not one of its event categories"),
        ({"type": [["USER"]]}, "type: ['USER'] is not one of its event categories"),
        ({"exclude_type": ["ALL"]}, "exclude_type: 'ALL' is not one of its event categories"),
        ({"config": None}, "config: must be an object"),
        ({"config": {"delay": "0s"}}, "config: delay must be a string from 1s to 30s"),
        ({"config": {"delay": "31s"}}, "config: delay must be a string from 1s to 30s"),
        ({"config": {"delay": "1m"}}, "config: delay must be a string from 1s to 30s"),
        ({"config": {"delay": 5}}, "config: delay must be a string from 1s to 30s"),
        (
            {"config": {"max_package_size": 99}},
            "config: max_package_size must be an integer from 100 to 1048576",
        ),
        (
            {"config": {"max_package_size": 1_048_577}},
            "config: max_package_size must be an integer from 100 to 1048576",
        ),
        (
            {"config": {"max_package_size": True}},
            "config: max_package_size must be an integer from 100 to 1048576",
        ),
        ({"enabled": True}, "enabled: not a field of this request"),
        ({"id": "x"}, "id: not a field of this request"),
        (
            {"title": "", "owner": "me"},
            "owner: not a field of this request; title: must be a string of 1 to 100 characters",
        ),
    ],
    ids=str,
)
def test_a_field_that_breaks_a_rule_is_named(client: Caller, fields: dict[str, Any], detail: str) -> None:
    reply = client.call("POST", "/webhooks", WEBHOOK | fields)
    assert reply.refusal == (400, detail)
    assert client.call("GET", "/webhooks").json["data"] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://h.tld/" + "x" * 986,
        "https://h.tld:8443/x?y=z",
        "https://H.TLD./",
        "https://xn--bcher-kva.example",
        "https://my_hooks.tenant.tld",
    ],
)
def test_an_https_url_of_a_dns_name_is_taken(client: Caller, url: str) -> None:
    assert client.create(url=url)["url"] == url


@pytest.mark.parametrize("missing", ["title", "url"])
def test_title_and_url_are_required(client: Caller, missing: str) -> None:
    document = {name: value for name, value in WEBHOOK.items() if name != missing}
    assert client.call("POST", "/webhooks", document).refusal == (400, f"{missing}: required")


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'{"title": "\\ud800"}'], ids=["cut", "not UTF-8", "a lone surrogate"]
)
def test_a_body_that_is_no_json_is_refused(client: Caller, body: bytes) -> None:
    status, detail = client.call("POST", "/webhooks", body=body).refusal
    assert status == 400
    assert detail.startswith("The body is not JSON: ")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"title"'])
def test_a_body_that_is_no_json_object_is_refused(client: Caller, body: bytes) -> None:
    assert client.call("POST", "/webhooks", body=body).refusal == (400, "The body must be a JSON object.")


def test_a_missing_body_is_refused(client: Caller) -> None:
    reply = client.call("POST", "/webhooks", change={"content-type": "application/json"})
    assert reply.status == 400
    assert reply.json["detail"].startswith("The body is not JSON: ")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/plain"])
def test_another_content_type_is_refused(client: Caller, kind: str) -> None:
    reply = client.call("POST", "/webhooks", WEBHOOK, change={"content-type": kind})
    assert reply.refusal == (
        400,
        "Unexpected request content-type: must be application/json, without parameters.",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Another"},
        {"url": "https://hooks.tenant.tld/others"},
        {"enabled": True},
        {"type": ["USER"]},
        {"exclude_type": ["USER"]},
        {},
    ],
    ids=str,
)
def test_a_change_leaves_the_rest_as_it_was(client: Caller, clock: Clock, fields: dict[str, Any]) -> None:
    before = client.create(type=["ORDER"], config={"delay": "9s"})
    clock.now += 1.239
    reply = client.call("PATCH", f"/webhooks/{before['id']}", fields)
    assert reply.status == 200
    assert reply.json == {**before, **fields, "updated_at": "2026-09-21T14:13:21.23Z"}
    assert client.call("GET", f"/webhooks/{before['id']}").json == reply.json


def test_a_change_of_a_part_of_config_is_merged(client: Caller) -> None:
    path = f"/webhooks/{client.create(config={'delay': '9s', 'max_package_size': 100})['id']}"
    changed = client.call("PATCH", path, {"config": {"max_package_size": 200}}).json
    assert changed["config"] == {"delay": "9s", "max_package_size": 200}


def test_updated_at_moves_even_if_the_clock_does_not(client: Caller) -> None:
    webhook = client.create()
    path = f"/webhooks/{webhook['id']}"
    moments = [client.call("PATCH", path, {}).json["updated_at"] for _ in range(2)]
    assert moments == ["2026-09-21T14:13:20.01Z", "2026-09-21T14:13:20.02Z"]


@pytest.mark.parametrize("name", ["id", "created_at", "updated_at"])
def test_what_the_api_sets_cannot_be_changed(client: Caller, name: str) -> None:
    webhook = client.create()
    reply = client.call("PATCH", f"/webhooks/{webhook['id']}", webhook)
    assert reply.status == 400
    assert f"{name}: not a field of this request" in reply.json["detail"]


def test_a_deleted_webhook_is_gone(client: Caller) -> None:
    path = f"/webhooks/{client.create()['id']}"
    reply = client.call("DELETE", path)
    assert (reply.status, reply.body) == (204, b"")
    assert "content-type" not in reply.headers
    assert client.call("GET", path).status == 404


@pytest.mark.parametrize(
    ("method", "suffix", "document"),
    [("GET", "", None), ("PATCH", "", {"title": "t"}), ("DELETE", "", None), ("POST", "/test", None)],
)
def test_an_unknown_webhook_is_a_404(client: Caller, method: str, suffix: str, document: object) -> None:
    reply = client.call(method, f"/webhooks/unknown{suffix}", document)
    assert reply.status == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json == {
        "type": "https://docs.upvest.co/errors/not_found",
        "status": 404,
        "title": "Not Found",
        "detail": "There is no webhook unknown.",
        "request_id": reply.headers["upvest-request-id"],
    }


@pytest.mark.parametrize("path", ["/", "/webhook", "/webhooks/", "/webhooks/one/two", "/auth"])
def test_an_unknown_path_is_a_404(client: Caller, path: str) -> None:
    assert client.call("GET", path).refusal == (404, f"There is nothing at {path}.")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/auth/token", "POST"),
        ("PUT", "/webhooks", "GET, POST"),
        ("POST", "/webhooks/one", "GET, PATCH, DELETE"),
        ("GET", "/webhooks/one/test", "POST"),
        ("POST", "/auth/verify_keys", "GET"),
    ],
)
def test_another_method_is_a_405(client: Caller, method: str, path: str, allowed: str) -> None:
    reply = client.call(method, path)
    assert reply.refusal == (405, f"{path} takes {allowed}.")
    assert reply.headers["allow"] == allowed


@pytest.mark.parametrize("accept", ["application/pdf", "text/html", "application/problem+json"])
def test_an_answer_that_is_not_accepted_is_a_406(client: Caller, accept: str) -> None:
    reply = client.call("GET", "/webhooks", change={"accept": accept})
    assert reply.refusal == (406, "Header accept must allow application/json.")


@pytest.mark.parametrize("accept", [None, "*/*", "application/*", "text/html, application/json;q=0.9"])
def test_json_may_be_accepted_in_many_ways(client: Caller, accept: str | None) -> None:
    assert client.call("GET", "/webhooks", change={"accept": accept}).status == 200


def test_each_answer_has_a_request_id_of_its_own(client: Caller) -> None:
    ids = {client.call("GET", path).headers["upvest-request-id"] for path in ("/webhooks", "/webhooks", "/x")}
    assert len({uuid.UUID(each) for each in ids}) == 3


def test_a_fault_of_the_local_api_is_a_500(client: Caller, state: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(sqlite3.connect(state / "upvest.sqlite")) as db:
        db.execute("DROP TABLE webhooks")
    reply = client.call("GET", "/webhooks")
    assert reply.refusal == (500, "The local API has a fault: its cause is on stderr.")
    assert reply.json["request_id"] == reply.headers["upvest-request-id"]
    assert "no such table: webhooks" in caplog.text


def test_the_account_can_be_changed_behind_the_api_s_back(upvest: LocalUpvest, client: Caller) -> None:
    webhook = client.create()
    path = f"/webhooks/{webhook['id']}"
    upvest.store.save_webhook({**webhook, "title": "An older title " * 10})
    assert client.call("GET", path).json["title"] == "An older title " * 10
    assert upvest.store.delete_webhook(webhook["id"])
    assert client.call("GET", path).status == 404
    assert upvest.store.webhooks() == []


def test_a_webhook_from_before_today_s_rules_can_be_changed(upvest: LocalUpvest, client: Caller) -> None:
    webhook = client.create()
    upvest.store.save_webhook({**webhook, "config": {"delay": "1m"}})
    changed = client.call("PATCH", f"/webhooks/{webhook['id']}", {"title": "New"})
    assert (changed.status, changed.json["config"]) == (200, {"delay": "1m"})


def test_the_verification_keys_are_one_point_of_p_521(upvest: LocalUpvest, client: Caller) -> None:
    [key] = client.call("GET", "/auth/verify_keys").json["keys"]
    assert (key["kty"], key["crv"]) == ("EC", "P-521")
    x, y = (int.from_bytes(base64.urlsafe_b64decode(key[name])) for name in ("x", "y"))
    point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP521R1()).public_key()
    assert point == upvest.store.verify_keys()[key["kid"]].public_key()


def _list(client: Caller, query: str) -> tuple[dict[str, Any], list[str]]:
    reply = client.call("GET", f"/webhooks{query}")
    assert reply.status == 200, reply.json
    return reply.json["meta"], [webhook["title"] for webhook in reply.json["data"]]


@pytest.fixture
def three(client: Caller, clock: Clock) -> Caller:
    """Webhooks b, a and c, made in this order; then b was enabled."""
    made = []
    for title in "bac":
        clock.now += 1
        made.append(client.create(title=title, url=f"https://{title}.tenant.tld"))
    clock.now += 1
    client.call("PATCH", f"/webhooks/{made[0]['id']}", {"enabled": True})
    return client


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", "bac"),
        ("?sort=created_at&order=DESC", "cab"),
        ("?sort=updated_at", "acb"),
        ("?sort=title", "abc"),
        ("?sort=url&order=DESC", "cba"),
        ("?sort=enabled", "acb"),
        ("?limit=2", "ba"),
        ("?limit=2&offset=1", "ac"),
        ("?offset=3", ""),
    ],
)
def test_a_list_is_sorted_and_cut(three: Caller, query: str, titles: str) -> None:
    assert _list(three, query)[1] == list(titles)


def test_a_list_says_what_it_is_a_part_of(three: Caller) -> None:
    assert _list(three, "?limit=2&offset=2")[0] == {
        "offset": 2,
        "limit": 2,
        "count": 1,
        "total_count": 3,
        "sort": "created_at",
        "order": "ASC",
    }
    assert _list(three, "")[0]["limit"] == 100


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("?limit=0", "limit: must be an integer from 1 to 1000"),
        ("?limit=1001", "limit: must be an integer from 1 to 1000"),
        ("?limit=ten", "limit: must be an integer from 1 to 1000"),
        ("?limit=", "limit: must be an integer from 1 to 1000"),
        ("?offset=-1", "offset: must be an integer from 0 to 9223372036854775807"),
        ("?sort=id", "sort: must be one of created_at, updated_at, title, url, enabled"),
        ("?order=asc", "order: must be one of ASC, DESC"),
    ],
)
def test_a_wrong_query_is_refused(client: Caller, query: str, detail: str) -> None:
    assert client.call("GET", f"/webhooks{query}").refusal == (400, detail)


def test_a_thousand_webhooks_fit_in_one_answer(upvest: LocalUpvest, client: Caller) -> None:
    webhook = client.create()
    with upvest.store.transaction():
        for _ in range(1000):
            upvest.store.save_webhook({**webhook, "id": str(uuid.uuid4())})
    meta, titles = _list(client, "?limit=1000")
    assert (meta["count"], meta["total_count"], len(titles)) == (1000, 1001, 1000)


def test_a_body_is_read_as_utf_8(client: Caller) -> None:
    body = json.dumps({**WEBHOOK, "title": "Börse"}, ensure_ascii=False).encode()
    assert client.call("POST", "/webhooks", body=body).json["title"] == "Börse"
