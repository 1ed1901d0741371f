"""What the API makes of signatures that are not as ours always are."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from conformance.caller import Signing, with_expires, without_component, without_parameter
from conformance.question import Found, Unclear, question

from .words import taken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.ground import Ground

SECONDS = (5, 10, 30, 60, 120, 300, 600, 3600)
"""The steps in which a time is tried."""

USUAL_LIFETIME = 60
"""Seconds; what Upvest's own proxy and Java example use."""

TARGET = "/webhooks?limit=1"
READ_COMPONENTS = ("@method", "@path", "@query", "accept", "authorization", "upvest-client-id")
BODY_COMPONENTS = ("content-type", "content-length", "content-digest")


@question("nothing")
def created_skew(ground: Ground) -> Found:
    """How many seconds may `created` lie ahead?"""
    return _farthest(SECONDS, lambda ahead: _is_taken(ground, Signing(created_in=ahead)), "s ahead")


@question("nothing")
def created_behind(ground: Ground) -> Found:
    """How many seconds may `created` lie back, while `expires` lies ahead?"""

    def is_taken(behind: int) -> bool:
        expires = int(ground.clock()) + 10
        return _is_taken(ground, Signing(created_in=-behind, change=with_expires(expires)))

    return _farthest(SECONDS, is_taken, "s back")


@question("nothing; Upvest's own clients use 5 to 60 s")
def signature_lifetime(ground: Ground) -> Found:
    """How many seconds may lie between `created` and `expires`?"""

    def is_taken(lifetime: int) -> bool:
        return _is_taken(ground, Signing(change=with_expires(int(ground.clock()) + lifetime)))

    return _farthest([second for second in SECONDS if second >= USUAL_LIFETIME], is_taken, "s of lifetime")


@question("a random nonce (guide to signatures, 2026); nothing about one that is used twice")
def nonce_reuse(ground: Ground) -> Found:
    """Is a nonce refused that was used before?"""
    nonce = secrets.token_hex(16)
    first, second = (ground.caller.ask("GET", TARGET, signing=Signing(nonce=nonce)) for _ in range(2))
    if not first.is_success:
        raise Unclear(f"the first request: {first}")
    return Found(taken(second, 401), f"first {first}, then {second}")


@question("`expires` is in every example of version 15 (guide to signatures, 2026)", "refused")
def signature_without_expires(ground: Ground) -> Found:
    """Is a signature refused that never expires?"""
    return _without(ground, "expires")


@question("`nonce` is in every example of version 15 (guide to signatures, 2026)", "refused")
def signature_without_nonce(ground: Ground) -> Found:
    """Is a signature refused that has no nonce?"""
    return _without(ground, "nonce")


@question("all of them (guide to components, 2026); Upvest's own examples leave some headers unsigned")
def insisted_components(ground: Ground) -> Found:
    """Which components must a signature cover?"""
    webhook = ground.account.make()
    target, body = f"/webhooks/{webhook['id']}", {"type": webhook["type"]}

    def is_taken(name: str) -> bool:
        signing = Signing(change=without_component(name))
        if name in READ_COMPONENTS:
            return _is_taken(ground, signing)
        return ground.caller.ask("PATCH", target, body, signing=signing).is_taken(401)

    every = (*READ_COMPONENTS, *BODY_COMPONENTS)
    insisted = [name for name in every if not is_taken(name)]
    waived = [name for name in every if name not in insisted]
    return Found(insisted, f"taken without {', '.join(waived) or 'none'}")


def _without(ground: Ground, parameter: str) -> Found:
    reply = ground.caller.ask("GET", TARGET, signing=Signing(change=without_parameter(parameter)))
    return Found(taken(reply, 401), f"GET {TARGET}: {reply}")


def _is_taken(ground: Ground, signing: Signing) -> bool:
    return ground.caller.ask("GET", TARGET, signing=signing).is_taken(401)


def _farthest(steps: Sequence[int], is_taken: Callable[[int], bool], what: str) -> Found:
    """The last step before the first that is refused; 0 where that is the first."""
    farthest = 0
    for step in steps:
        if not is_taken(step):
            return Found(farthest, f"{farthest} taken, {step} {what} refused")
        farthest = step
    return Found(farthest, f"{farthest} {what} taken, more was not tried")
