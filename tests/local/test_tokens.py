from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from upvest_provider.local.store import Client

if TYPE_CHECKING:
    from tests.local.conftest import Caller, Clock
    from upvest_provider.local import LocalUpvest


def second_client(upvest: LocalUpvest, caller: Caller, *, scopes: str, account: str = "") -> Caller:
    """Registers another client, with a key of its own."""
    key = ec.generate_private_key(ec.SECP521R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    upvest.store.add_client(
        Client(
            client_id="second",
            client_secret="another secret",
            scopes=scopes,
            account=account,
            key_id="second key",
            public_key=pem,
        )
    )
    return replace(
        caller,
        client_id="second",
        client_secret="another secret",
        key_id="second key",
        sign=lambda base: key.sign(base, ec.ECDSA(SHA512())),
        scope=scopes,
        token="",
    )


def test_a_token_is_issued_for_half_an_hour(stranger: Caller) -> None:
    reply = stranger.ask_token()
    assert reply.status == 200
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json == {
        "access_token": reply.json["access_token"],
        "expires_in": 1800,
        "scope": "webhooks:read webhooks:admin",
        "token_type": "bearer",
    }


def test_a_token_works_until_it_expires(client: Caller, clock: Clock) -> None:
    clock.now += 1799
    assert client.call("GET", "/webhooks").status == 200
    clock.now += 1
    assert client.call("GET", "/webhooks").refusal == (401, "The access token expired 0 s ago.")
    client.log_in()
    assert client.call("GET", "/webhooks").status == 200


@pytest.mark.parametrize(
    ("form", "status", "detail"),
    [
        ({"client_id": None}, 400, "client_id: required"),
        ({"scope": None, "grant_type": None}, 400, "grant_type: required; scope: required"),
        ({"audience": "me"}, 400, "audience: not a field of this request"),
        ({"grant_type": "password"}, 400, "grant_type: must be client_credentials"),
        ({"scope": " "}, 400, "scope: must not be empty"),
        ({"client_id": "nobody"}, 401, "client_id or client_secret is wrong."),
        ({"client_secret": "a guess"}, 401, "client_id or client_secret is wrong."),
        ({"scope": "webhooks:read users:admin"}, 401, "The client lacks the scope users:admin."),
    ],
    ids=str,
)
def test_a_wrong_token_request_is_refused(
    stranger: Caller, form: dict[str, str | None], status: int, detail: str
) -> None:
    assert stranger.ask_token(**form).refusal == (status, detail)


def test_a_token_request_must_be_a_form(stranger: Caller) -> None:
    sent = stranger.token_request(change={"content-type": "application/json"})
    assert stranger.send(sent).refusal == (
        400,
        "content-type must be application/x-www-form-urlencoded, without parameters.",
    )


def test_a_token_request_must_be_signed(stranger: Caller) -> None:
    reply = stranger.send(stranger.token_request(), {"signature": None})
    assert reply.refusal == (401, "Signature: header signature is missing.")


def test_a_token_request_with_another_client_s_key_is_refused(upvest: LocalUpvest, stranger: Caller) -> None:
    second = second_client(upvest, stranger, scopes="webhooks:read")
    form = {"client_id": stranger.client_id, "client_secret": stranger.client_secret}
    assert second.ask_token(**form).refusal == (401, "The request is signed with another client's key.")


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        (None, "Header authorization is missing."),
        (
            "Bearer guess",
            'Header authorization must be "Bearer", a space, and an access token that is known.',
        ),
    ],
)
def test_a_call_without_a_token_is_refused(client: Caller, authorization: str | None, detail: str) -> None:
    reply = client.call("GET", "/webhooks", change={"authorization": authorization})
    assert reply.refusal == (401, detail)


def test_the_kind_of_token_is_written_with_a_capital(client: Caller) -> None:
    reply = client.call("GET", "/webhooks", change={"authorization": f"bearer {client.token}"})
    assert reply.status == 401


def test_a_call_without_a_client_id_is_refused(client: Caller) -> None:
    reply = client.call("GET", "/webhooks", change={"upvest-client-id": None})
    assert reply.refusal == (400, "Header upvest-client-id is missing.")
    assert reply.json["type"] == "https://docs.upvest.co/errors/missing_client_id"


def test_another_client_s_token_is_refused(upvest: LocalUpvest, client: Caller) -> None:
    second = second_client(upvest, client, scopes="webhooks:read")
    second.token = client.token
    assert second.call("GET", "/webhooks").refusal == (401, "The access token was issued to another client.")


def test_another_client_s_id_is_refused(upvest: LocalUpvest, client: Caller) -> None:
    second = second_client(upvest, client, scopes="webhooks:read").log_in()
    second.client_id = client.client_id
    assert second.call("GET", "/webhooks").refusal == (
        401,
        "The request is signed with another client's key than that of upvest-client-id.",
    )


@pytest.mark.parametrize(
    ("method", "target", "document"),
    [
        ("POST", "/webhooks", {"title": "t", "url": "https://hooks.tenant.tld"}),
        ("PATCH", "/webhooks/one", {"title": "t"}),
        ("DELETE", "/webhooks/one", None),
        ("POST", "/webhooks/one/test", None),
    ],
)
def test_a_token_without_the_admin_scope_cannot_write(
    client: Caller, method: str, target: str, document: object
) -> None:
    client.scope = "webhooks:read"
    reply = client.log_in().call(method, target, document)
    assert reply.refusal == (403, "The access token lacks the scope webhooks:admin.")
    assert reply.json["type"] == "https://docs.upvest.co/errors/forbidden"


@pytest.mark.parametrize("scope", ["webhooks:read", "webhooks:admin"])
@pytest.mark.parametrize("target", ["/webhooks", "/auth/verify_keys"])
def test_a_token_with_either_scope_reads(client: Caller, scope: str, target: str) -> None:
    client.scope = scope
    assert client.log_in().call("GET", target).status == 200


def test_clients_of_one_account_share_its_webhooks(upvest: LocalUpvest, client: Caller) -> None:
    webhook = client.create()
    second = second_client(upvest, client, scopes="webhooks:admin").log_in()
    assert second.call("GET", f"/webhooks/{webhook['id']}").json == webhook


def test_another_account_s_webhooks_do_not_exist(upvest: LocalUpvest, client: Caller) -> None:
    webhook = client.create()
    path = f"/webhooks/{webhook['id']}"
    second = second_client(upvest, client, scopes="webhooks:admin", account="other").log_in()
    assert second.call("GET", "/webhooks").json["data"] == []
    assert second.call("GET", path).status == 404
    assert second.call("PATCH", path, {"title": "mine"}).status == 404
    assert second.call("DELETE", path).status == 404
    assert client.call("GET", path).json == webhook
