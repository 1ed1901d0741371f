"""How soon does the API show what was written?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.question import Found, question
from conformance.waiting import lag

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.ground import Ground

NEWEST = "/webhooks?sort=created_at&order=DESC&limit=100"


@question("'never instant' for the status of objects in general; nothing for webhooks")
def list_lag(ground: Ground) -> Found:
    """How many seconds does the list lag behind a write?"""

    def listed(webhook_id: str) -> str | None:
        """The title in the list."""
        webhooks = ground.caller.ask("GET", NEWEST).member("data")
        return next((webhook["title"] for webhook in webhooks if webhook["id"] == webhook_id), None)

    return _longest(ground, listed)


@question("the same")
def get_lag(ground: Ground) -> Found:
    """How many seconds does reading one webhook lag behind a write?"""

    def read(webhook_id: str) -> str | None:
        reply = ground.caller.ask("GET", f"/webhooks/{webhook_id}")
        return reply.member("title") if reply.is_taken(404) else None

    return _longest(ground, read)


def _longest(ground: Ground, title_of: Callable[[str], str | None]) -> Found:
    """The longest lag behind a creation, a change and a deletion."""
    account = ground.account
    webhook = account.make()
    created = lag(ground, lambda: title_of(webhook["id"]) == webhook["title"])
    title = account.title()
    account.change(webhook, title=title, type=webhook["type"])
    changed = lag(ground, lambda: title_of(webhook["id"]) == title)
    account.delete(webhook).is_taken()
    deleted = lag(ground, lambda: title_of(webhook["id"]) is None)
    saw = f"behind a creation {created:g} s, a change {changed:g} s, a deletion {deleted:g} s"
    return Found(max(created, changed, deleted), saw)
