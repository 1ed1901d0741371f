"""Answers that several questions word alike."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.question import Found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.caller import Reply


def taken(reply: Reply, *also_refusing: int) -> str:
    """`taken` or `refused`; see `Reply.is_taken`."""
    return "taken" if reply.is_taken(*also_refusing) else "refused"


def accepted(reply: Reply) -> str:
    """`accepted` or `refused`; see `Reply.is_taken`."""
    return "accepted" if reply.is_taken() else "refused"


def allowed(reply: Reply) -> str:
    """`allowed` or `refused`; see `Reply.is_taken`."""
    return "allowed" if reply.is_taken() else "refused"


def each(replies: Mapping[str, Reply]) -> Found:
    """Which of several requests were taken."""
    answer = {name: taken(reply) for name, reply in replies.items()}
    return Found(answer, listed(replies))


def listed(things: Mapping[str, object]) -> str:
    """Several things seen, in one line."""
    return "; ".join(f"{name}: {thing}" for name, thing in things.items())


def exclusion(webhook: Mapping[str, Any]) -> str:
    """`exclude_type` as an answer shows it: as JSON, or `absent`."""
    return json.dumps(webhook["exclude_type"]) if "exclude_type" in webhook else "absent"
