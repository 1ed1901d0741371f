"""The shape of refusals."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from conformance.caller import Signing
from conformance.question import Found, question

if TYPE_CHECKING:
    from conformance.caller import Reply
    from conformance.ground import Ground


def _problem(status: int, slug: str) -> dict[str, object]:
    """As the pages on errors show it (2026)."""
    return {
        "status": status,
        "content-type": "application/problem+json",
        "type": f"https://docs.upvest.co/errors/{slug}",
        "request id": "in header and body",
    }


@question("404 as problem+json with a request id, and a type (pages on errors, 2026)", _problem(404, "not_found"))
def unknown_webhook(ground: Ground) -> Found:
    """How is a webhook refused that is not there?"""
    return _shape(ground.caller.ask("GET", f"/webhooks/{uuid.uuid4()}"))


@question("ids are UUIDs; no 400 is listed")
def malformed_id(ground: Ground) -> Found:
    """How is an id refused that is no UUID?"""
    return _shape(ground.caller.ask("GET", "/webhooks/conformance"))


@question("204, then 404 (specifications 1.9.0 and of July 2026)", [204, 404])
def second_deletion(ground: Ground) -> Found:
    """How are two deletions of one webhook answered?"""
    webhook = ground.account.make()
    first, second = ground.account.delete(webhook), ground.account.delete(webhook)
    identified = "with" if first.request_id else "without"
    return Found(
        [first.status, second.status], f"{first}, {len(first.body)} bytes, {identified} request id; then {second}"
    )


@question("400 as problem+json; no list of fields (pages on errors, 2026)", _problem(400, "invalid_request"))
def invalid_field(ground: Ground) -> Found:
    """How is a field refused that breaks a rule?"""
    return _shape(ground.account.post(type="USER"))


@question("400 missing_client_id (page on errors, 2026)", _problem(400, "missing_client_id"))
def missing_client_id(ground: Ground) -> Found:
    """How is a request refused without `upvest-client-id`?"""
    return _shape(ground.caller.ask("GET", "/webhooks?limit=1", headers={"upvest-client-id": None}))


@question("401; 'Signature is incorrect' (page on errors, 2026)", _problem(401, "unauthorised"))
def wrong_signature(ground: Ground) -> Found:
    """How is a signature refused that is over something else?"""
    wrong = Signing(change=lambda base: base.replace('"@method": GET', '"@method": PUT'))
    return _shape(ground.caller.ask("GET", "/webhooks?limit=1", signing=wrong))


@question("401 (page on authentication, 2026)", _problem(401, "unauthorised"))
def wrong_token(ground: Ground) -> Found:
    """How is an access token refused that was never issued?"""
    return _shape(ground.caller.ask("GET", "/webhooks?limit=1", headers={"authorization": "Bearer conformance"}))


@question("406 for another `accept` than JSON or PDF (page on headers, 2025)", _problem(406, "not_acceptable"))
def unacceptable(ground: Ground) -> Found:
    """How is an answer refused in another format?"""
    return _shape(ground.caller.ask("GET", "/webhooks?limit=1", headers={"accept": "text/html"}))


def _shape(reply: Reply) -> Found:
    problem = reply.document if isinstance(reply.document, dict) else {}
    answer = {
        "status": reply.status,
        "content-type": reply.headers.get("content-type", "none"),
        "type": problem.get("type"),
        "request id": _request_id(reply, problem.get("request_id")),
    }
    return Found(answer, f"{reply}; members {', '.join(problem) or 'none'}; instance: {problem.get('instance')}")


def _request_id(reply: Reply, named: object) -> str:
    if not reply.request_id:
        return "in no header"
    return "in header and body" if named == reply.request_id else "in the header"
