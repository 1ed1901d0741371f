"""What becomes of the fields that a change leaves out, or empties?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.question import Found, Unclear, question

from .words import exclusion, taken

if TYPE_CHECKING:
    from conformance.ground import Ground


@question("nothing")
def config_patch(ground: Ground) -> Found:
    """Is a `config` with one member merged into what is there, or put in its place?"""
    before = {"delay": "7s", "max_package_size": 2000}
    webhook = ground.account.make(config=before)
    after = ground.account.change(webhook, type=webhook["type"], config={"delay": "8s"}).get("config")
    if not isinstance(after, dict) or after.get("delay") != "8s":
        raise Unclear(f"config {before}, changed by delay 8s, became {after}")
    size = after.get("max_package_size")
    merged = size == before["max_package_size"]
    return Found("merged" if merged else "replaced", f"max_package_size 2000 became {size}")


@question("`type` has a default, ALL, here too (specifications 1.9.0 and of July 2026)")
def patch_without_type(ground: Ground) -> Found:
    """Does `type` stay where a change leaves it out?"""
    sent = ["USER", "ORDER"]
    webhook = ground.account.make(type=sent)
    after = ground.account.change(webhook, title=ground.account.title()).get("type") or []
    if after != ["ALL"] and set(after) != set(sent):
        raise Unclear(f"{sent} became {after}")
    return Found("all" if after == ["ALL"] else "kept", f"{', '.join(sent)} became {', '.join(after)}")


@question("nothing")
def exclude_type_left_out(ground: Ground) -> Found:
    """Does `exclude_type` stay where a change leaves it out?"""
    webhook = ground.account.make(type=["ALL"], exclude_type=["USER"])
    shown = exclusion(ground.account.change(webhook, type=["ALL"], title=ground.account.title()))
    return Found("kept" if shown == '["USER"]' else "dropped", f"USER became {shown}")


@question("nothing")
def exclude_type_emptied(ground: Ground) -> Found:
    """Does an empty `exclude_type` clear it?"""
    return _cleared(ground, [])


@question("nothing")
def exclude_type_nulled(ground: Ground) -> Found:
    """Does null for `exclude_type` clear it?"""
    return _cleared(ground, None)


@question("every field may be left out (specifications 1.9.0 and of July 2026)", "taken")
def empty_patch(ground: Ground) -> Found:
    """Is a change taken that changes nothing?"""
    reply = ground.account.patch(ground.account.make())
    return Found(taken(reply), f"PATCH with {{}}: {reply}")


@question("the guide's example sends the whole object; the specifications forbid it")
def patch_with_whole_object(ground: Ground) -> Found:
    """Is a change taken that sends `id`, `created_at` and `updated_at` along?"""
    webhook = ground.account.make()
    reply = ground.account.patch(webhook, **webhook)
    return Found(taken(reply), f"PATCH with the whole object: {reply}")


def _cleared(ground: Ground, by: list[str] | None) -> Found:
    webhook = ground.account.make(type=["ALL"], exclude_type=["USER"])
    reply = ground.account.patch(webhook, type=["ALL"], exclude_type=by)
    if not reply.is_taken():
        return Found("refused", f"{reply}")
    shown = exclusion(reply.document)
    return Found("kept" if shown == '["USER"]' else "cleared", f"USER became {shown}")
