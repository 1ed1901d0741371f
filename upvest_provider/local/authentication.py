"""Who calls, and what they may: signatures, access tokens and scopes (guides to authentication, 2026)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from .exchange import Answer
from .problems import Problem, invalid, unauthorised
from .signature import verify

if TYPE_CHECKING:
    from .behaviour import Behaviour
    from .exchange import Call
    from .store import Client, Store

TOKEN_LIFETIME = 1800
"""Seconds; the figure of the newest API reference (July 2026)."""

READ = "webhooks:read"
ADMIN = "webhooks:admin"

_FORM = {"client_id", "client_secret", "grant_type", "scope"}


def authorise(call: Call, store: Store, now: float, scope: str, behaviour: Behaviour) -> Client:
    """The client that makes an authorised call.

    Raises:
        Problem: 400 without `upvest-client-id`, 401 for a wrong signature or token, 403 for a missing scope.
    """
    if "upvest-client-id" not in call.headers:
        raise Problem(400, "Header upvest-client-id is missing.", slug="missing_client_id")
    client = _signing_client(call, store, now, behaviour)
    scopes = _scopes_of_token(call, store, now, client)
    suffices = ADMIN in scopes and behaviour.admin_reads
    if scope not in scopes and not suffices:
        raise Problem(403, f"The access token lacks the scope {scope}.")
    return client


def issue_token(call: Call, store: Store, now: float, behaviour: Behaviour) -> Answer:
    """Answers `POST /auth/token`.

    Raises:
        Problem: 400 for a form that breaks the rules, 401 for wrong credentials or a scope the client lacks.
    """
    signer = _signing_client(call, store, now, behaviour)
    form = _form(call)
    client = store.client(form["client_id"])
    if client is None or not hmac.compare_digest(client.client_secret.encode(), form["client_secret"].encode()):
        raise unauthorised("client_id or client_secret is wrong.")
    if client != signer:
        raise unauthorised("The request is signed with another client's key.")
    lacking = set(form["scope"].split()) - set(client.scopes.split())
    if lacking:
        raise unauthorised(f"The client lacks the scope {' '.join(sorted(lacking))}.")
    token = store.add_token(client.client_id, form["scope"], now, TOKEN_LIFETIME)
    granted = {
        "access_token": token,
        "expires_in": TOKEN_LIFETIME,
        "scope": form["scope"],
        "token_type": "bearer",
    }
    return Answer(200, granted, {"cache-control": "no-store"})


def _signing_client(call: Call, store: Store, now: float, behaviour: Behaviour) -> Client:
    """The client whose key signed the request; Upvest's Java example leaves its id out of token requests."""
    signature = verify(call, now, store.public_key, created_skew=behaviour.created_skew)
    key_id = signature.parameters["keyid"]
    if not store.use_nonce(key_id, signature.parameters["nonce"], signature.expires, now):
        raise unauthorised("Signature: this nonce was used before.")
    client = store.client_of_key(key_id)
    if client is None or call.headers.get("upvest-client-id", client.client_id) != client.client_id:
        raise unauthorised("The request is signed with another client's key than that of upvest-client-id.")
    return client


def _scopes_of_token(call: Call, store: Store, now: float, client: Client) -> list[str]:
    if "authorization" not in call.headers:
        raise unauthorised("Header authorization is missing.")
    kind, _, value = call.headers["authorization"].partition(" ")
    token = store.token(value)
    if kind != "Bearer" or token is None:
        raise unauthorised('Header authorization must be "Bearer", a space, and an access token that is known.')
    if token.expires <= now:
        raise unauthorised(f"The access token expired {now - token.expires:.0f} s ago.")
    if token.client_id != client.client_id:
        raise unauthorised("The access token was issued to another client.")
    return token.scopes.split()


def _form(call: Call) -> dict[str, str]:
    if call.headers.get("content-type") != "application/x-www-form-urlencoded":
        raise invalid("content-type must be application/x-www-form-urlencoded, without parameters.")
    form = dict(parse_qsl(call.body.decode("latin-1"), keep_blank_values=True))
    faults = [f"{name}: required" for name in sorted(_FORM - form.keys())]
    faults += [f"{name}: not a field of this request" for name in sorted(form.keys() - _FORM)]
    if form.get("grant_type", "client_credentials") != "client_credentials":
        faults.append("grant_type: must be client_credentials")
    if not form.get("scope", "-").strip():
        faults.append("scope: must not be empty")
    if faults:
        raise invalid("; ".join(faults))
    return form
