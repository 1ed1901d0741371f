"""Requests in the shapes that Upvest's own clients give them, as recorded when they were run in 2026."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.local.conftest import Caller, Params

WEBHOOK = {"title": "User webhook", "url": "https://hooks.tenant.tld/users"}
REST = "*"


def ordered(*names: str) -> Callable[[list[str]], list[str]]:
    """Covers in this order what there is of these components, all others in place of `REST`."""

    def cover(usual: list[str]) -> list[str]:
        rest = [name for name in usual if name not in names]
        return [each for name in names for each in (rest if name == REST else [name]) if each in usual]

    return cover


def parameters(lifetime: int, *order: str) -> Callable[[Caller], Params]:
    def make(caller: Caller) -> Params:
        usual = caller.params()
        usual["expires"] = int(usual["created"]) + lifetime
        return {name: usual[name] for name in order}

    return make


@dataclass(frozen=True)
class Shape:
    """How a client signs.

    Attributes:
        cover: Orders the components.
        params: Makes the parameters.
        signed: Headers on every call, which are covered.
        without_body: Headers on calls without a body, which are covered.
        unsigned: Headers on every call, which are not covered.
        token: Changes to the headers of the token request.
    """

    cover: Callable[[list[str]], list[str]]
    params: Callable[[Caller], Params]
    signed: Mapping[str, str] = field(default_factory=dict)
    without_body: Mapping[str, str] = field(default_factory=dict)
    unsigned: Mapping[str, str] = field(default_factory=dict)
    token: Mapping[str, str | None] = field(default_factory=dict)

    def signing(self, caller: Caller) -> dict[str, Any]:
        return {"cover": self.cover, "params": self.params(caller)}


SHAPES = {
    "proxy of 2026": Shape(
        cover=ordered(REST, "@method", "@path", "content-digest", "@query"),
        params=parameters(60, "keyid", "created", "nonce", "expires"),
        signed={"accept": "*/*", "upvest-signature-version": "15"},
        without_body={"content-type": "application/json", "content-length": "0"},
        unsigned={
            "user-agent": "upvest-httpsignature-proxy",
            "user-agent-orig": "curl/8",
            "x-http-proxy-no-logging": "true",
            "accept-encoding": "gzip",
        },
    ),
    "Python package of 2024": Shape(
        cover=ordered("@method", "@path", "@query", "accept", "content-length", REST, "date", "content-digest"),
        params=parameters(10, "keyid", "nonce", "created", "expires"),
        signed={"upvest-api-version": "1", "date": "Mon, 21 Sep 2026 14:13:20 GMT"},
        without_body={"content-length": "0"},
        unsigned={"user-agent": "python-requests/2", "connection": "keep-alive"},
    ),
    "JavaScript example of 2023": Shape(
        cover=ordered("@method", "@path", "@query", REST, "date", "content-length", "content-digest"),
        params=parameters(5, "keyid", "created", "expires", "nonce"),
        signed={
            "upvest-api-version": "1",
            "date": "Mon, 21 Sep 2026 14:13:20 GMT",
            "idempotency-key": "8b1ca5c8-59b1-4d1a-9d2a-6f9bb0f5a7c0",
        },
        unsigned={"user-agent": "axios/1.4.0"},
    ),
    "Java example of 2024": Shape(
        cover=ordered(
            "upvest-client-id",
            "authorization",
            "upvest-api-version",
            "content-type",
            "content-length",
            "accept",
            "@method",
            "@path",
            "content-digest",
            "@query",
        ),
        params=parameters(60, "keyid", "created", "nonce", "expires"),
        signed={"upvest-api-version": "1"},
        unsigned={"idempotency-key": "8b1ca5c8-59b1-4d1a-9d2a-6f9bb0f5a7c0", "user-agent": "Java-http-client/21"},
        token={"upvest-client-id": None, "upvest-api-version": None},
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_published_client_lives_a_webhook_s_life(stranger: Caller, shape: Shape) -> None:
    caller = stranger

    def call(method: str, target: str, document: object = None) -> tuple[int, Any]:
        change = {**shape.signed, **({} if document else shape.without_body)}
        sent = caller.signed(method, target, document, change=change, **shape.signing(caller))
        reply = caller.send(sent, shape.unsigned)
        return reply.status, reply.json if reply.body else None

    asked = caller.send(
        caller.token_request(change={**shape.signed, **shape.token}, **shape.signing(caller)), shape.unsigned
    )
    assert asked.status == 200
    caller.token = asked.json["access_token"]

    status, created = call("POST", "/webhooks", WEBHOOK)
    assert (status, created["title"]) == (201, WEBHOOK["title"])
    path = f"/webhooks/{created['id']}"
    assert call("GET", "/webhooks?limit=2&offset=0")[1]["data"] == [created]
    assert call("GET", path) == (200, created)
    status, patched = call("PATCH", path, {**WEBHOOK, "enabled": True})
    assert (status, patched["enabled"]) == (200, True)
    assert call("GET", "/auth/verify_keys")[0] == 200
    assert call("DELETE", path) == (204, None)


def test_the_proxy_may_sign_a_content_length_of_0_that_go_does_not_send(client: Caller) -> None:
    path = f"/webhooks/{client.create()['id']}"
    sent = client.signed("DELETE", path, change={"content-length": "0"})
    assert client.send(sent, {"content-length": None}).status == 204
