"""Test deliveries and enabling. No receiver is reached: see `conformance.account`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.account import QUIET
from conformance.question import Found, Unclear, question

from .words import taken

if TYPE_CHECKING:
    from conformance.caller import Reply
    from conformance.ground import Ground


@question("nothing; the guide tests before it enables")
def disabled_webhook_test(ground: Ground) -> Found:
    """Can a disabled webhook be tested?"""
    reply = _test(ground, ground.account.make())
    return Found("sent" if reply.is_taken() else "refused", f"test of a disabled webhook: {reply}")


@question("nothing; no 409 is listed")
def disabled_webhook_test_status(ground: Ground) -> Found:
    """With which status is the test of a disabled webhook answered?"""
    reply = _test(ground, ground.account.make())
    return Found(reply.status, f"{reply}")


@question("200 with the receiver's answer (July 2026); 202 without a body (1.9.0)")
def test_answer(ground: Ground) -> Found:
    """With which status is a test answered?"""
    reply = _test_anyhow(ground)
    if reply.status not in {200, 202}:
        raise Unclear(f"test: {reply}")
    return Found(reply.status, f"{reply.status}, body of {len(reply.body)} bytes")


@question("response with status, headers, body and error (specification of July 2026)")
def test_of_no_receiver(ground: Ground) -> Found:
    """How does the answer show that the receiver cannot be reached?"""
    reply = _test_anyhow(ground)
    if not reply.body:
        return Found("no body", f"{reply}")
    response = reply.member("response")
    shown = {"members": sorted(response), "status": response.get("status")}
    return Found(shown, f"status {response.get('status')}, error: {response.get('error')}")


@question("the guides say GET, the specifications POST", "refused")
def test_by_get(ground: Ground) -> Found:
    """Is a test by GET refused?"""
    webhook = ground.account.make()
    reply = ground.caller.ask("GET", f"/webhooks/{webhook['id']}/test")
    return Found(taken(reply, 404, 405), f"GET: {reply}")


@question("nothing")
def url_change(ground: Ground) -> Found:
    """Does a new URL disable an enabled webhook?"""
    with ground.account.enabled(ground.account.make()) as webhook:
        after = ground.account.change(webhook, url=ground.account.url(), type=QUIET)
    if webhook.get("enabled") is not True:
        raise Unclear(f"enabling answered enabled: {webhook.get('enabled')}")
    return Found("kept" if after.get("enabled") is True else "disables", f"enabled became {after.get('enabled')}")


def _test(ground: Ground, webhook: dict[str, object]) -> Reply:
    return ground.caller.ask("POST", f"/webhooks/{webhook['id']}/test")


def _test_anyhow(ground: Ground) -> Reply:
    """The answer to a test, of a webhook that is enabled for it where a disabled one cannot be tested."""
    webhook = ground.account.make()
    reply = _test(ground, webhook)
    if reply.is_success:
        return reply
    with ground.account.enabled(webhook):
        return _test(ground, webhook)
