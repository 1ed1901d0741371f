"""Tokens, scopes, and the keys to verify deliveries with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.caller import ADMIN, READ
from conformance.question import Found, question

from .words import taken

if TYPE_CHECKING:
    from conformance.ground import Ground


@question("1800 s (specification of July 2026); 86400 s (1.9.0)", 1800)
def token_lifetime(ground: Ground) -> Found:
    """How long is an access token valid, in seconds?"""
    lifetime = ground.caller.ask_token().member("expires_in")
    return Found(lifetime, f"expires_in: {lifetime}")


@question(
    "`admin` is read and write (page on permissions, 2025); read literally, 1.9.0 wants both", documented=True
)
def admin_reads(ground: Ground) -> Found:
    """Is the scope webhooks:admin enough to read?"""
    reply = ground.caller.ask("GET", "/webhooks?limit=1", scope=ADMIN)
    return Found(reply.is_taken(403), f"GET /webhooks with {ADMIN} alone: {reply}")


@question("403 where the token lacks the scope (page on authentication, 2025)", "refused")
def read_only_writes(ground: Ground) -> Found:
    """Is a change refused with the scope webhooks:read alone?"""
    webhook = ground.account.make()
    reply = ground.caller.ask("PATCH", f"/webhooks/{webhook['id']}", {"type": webhook["type"]}, scope=READ)
    return Found(taken(reply, 403), f"PATCH with {READ} alone: {reply}")


@question("keys of kid, kty, crv, x, y (specification 1.9.0); they rotate, how often is not said", "unchanged")
def verification_keys(ground: Ground) -> Found:
    """Are the keys to verify deliveries with the same from one call to the next?"""
    first, second = (ground.caller.ask("GET", "/auth/verify_keys").member("keys") for _ in range(2))
    ids = [{key.get("kid") for key in keys} for keys in (first, second)]
    members = ", ".join(sorted({member for key in first for member in key}))
    return Found("unchanged" if ids[0] == ids[1] else "changed", f"{len(first)} keys of {members}")
