"""The list: its order, its pages and their bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.question import Found, Unclear, question
from conformance.waiting import lag

from .words import each, listed

if TYPE_CHECKING:
    from conformance.ground import Ground

ORDERS = {"created_at": (0, 1, 2), "updated_at": (1, 2, 0), "title": (2, 0, 1), "url": (1, 0, 2)}
"""The three webhooks of these questions, counted as they were made, in the order of each sort. `enabled` can be
sorted by too, but a run keeps its webhooks disabled."""

TICK = 0.05
"""Seconds between two writes, whose timestamps have two fractional digits."""


@question("offset from 0, limit from 0 (1.9.0) or 1 (July 2026) to 1000; five sorts, ASC and DESC")
def list_bounds(ground: Ground) -> Found:
    """Which positions and orders does the list take?"""
    queries = (
        "offset=-1",
        "offset=1000000",
        "limit=0",
        "limit=1",
        "limit=1000",
        "limit=1001",
        "sort=enabled",
        "sort=id",
        "order=DESC",
        "order=desc",
        "unknown=1",
    )
    return each({query: ground.caller.ask("GET", f"/webhooks?{query}") for query in queries})


@question("created_at, ascending (specifications 1.9.0 and of July 2026)", "created_at ASC")
def list_default_order(ground: Ground) -> Found:
    """In which order does the list come that is asked for none?"""
    ids = _three(ground)
    found = _order(ground, "limit=1000", ids)
    orders = {tuple(ids): "created_at ASC", tuple(reversed(ids)): "created_at DESC"}
    return Found(orders.get(tuple(found), "another"), f"made {_places(ids, ids)}, listed {_places(ids, found)}")


@question("sorted as asked (specifications 1.9.0 and of July 2026)", dict.fromkeys(ORDERS, "sorted"))
def list_orders(ground: Ground) -> Found:
    """Does the list come sorted as asked?"""
    ids = _three(ground)
    answers, seen = {}, {}
    for sort, places in ORDERS.items():
        right = [ids[place] for place in places]
        up, down = (_order(ground, f"sort={sort}&order={order}&limit=1000", ids) for order in ("ASC", "DESC"))
        answers[sort] = "sorted" if up == right and down == right[::-1] else "not sorted"
        seen[sort] = f"ASC {_places(ids, up)}, DESC {_places(ids, down)}"
    return Found(answers, listed(seen))


@question(
    "offset counts webhooks (specifications 1.9.0 and of July 2026); pages (guide to pagination)", "webhooks"
)
def list_offset(ground: Ground) -> Found:
    """Does `offset` count webhooks or pages?"""
    _three(ground)
    whole = [webhook["id"] for webhook in _page(ground, "order=DESC&limit=10")]
    got = [webhook["id"] for webhook in _page(ground, "order=DESC&limit=2&offset=1")]
    meanings = {tuple(whole[1:3]): "webhooks", tuple(whole[2:4]): "pages"}
    if tuple(got) not in meanings:
        raise Unclear(f"of {len(whole)} webhooks, offset 1 and limit 2 gave {_places(whole, got)}")
    return Found(meanings[tuple(got)], f"offset 1 and limit 2 gave {_places(whole, got)}")


@question("offset, limit, count, total_count; sort and order not always (specification of July 2026)")
def list_meta(ground: Ground) -> Found:
    """Which members does `meta` have?"""
    members = sorted(ground.caller.ask("GET", "/webhooks?limit=1").member("meta"))
    return Found(members, ", ".join(members))


def _three(ground: Ground) -> list[str]:
    """The ids of webhooks that stand as `ORDERS` says, once the list shows them."""
    account = ground.account
    titles, urls = sorted(account.title() for _ in range(3)), sorted(account.url() for _ in range(3))
    made = []
    for title, url in ((1, 1), (2, 0), (0, 2)):
        made.append(account.make(title=titles[title], url=urls[url]))
        ground.sleep(TICK)
    made[0] = account.change(made[0], type=made[0]["type"], config={"delay": "9s"})
    states = {webhook["id"]: webhook["updated_at"] for webhook in made}

    def shows() -> bool:
        page = _page(ground, "sort=created_at&order=DESC&limit=1000")
        return states.items() <= {webhook["id"]: webhook["updated_at"] for webhook in page}.items()

    lag(ground, shows)
    return list(states)


def _order(ground: Ground, query: str, ids: list[str]) -> list[str]:
    """Those of `ids` that the list holds, in its order."""
    return [webhook["id"] for webhook in _page(ground, query) if webhook["id"] in ids]


def _page(ground: Ground, query: str) -> list[dict[str, Any]]:
    webhooks: list[dict[str, Any]] = ground.caller.ask("GET", f"/webhooks?{query}").member("data")
    return webhooks


def _places(ids: list[str], found: list[str]) -> str:
    """`found` as places in `ids`, counted from 1."""
    return " ".join(str(ids.index(webhook_id) + 1) if webhook_id in ids else "?" for webhook_id in found) or "none"
