"""An account of Upvest's, as small as the protocol needs it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from upvest_provider.api.transport import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REQUEST_ID = {"upvest-request-id": "1"}
PROBLEM = REQUEST_ID | {"content-type": "application/problem+json"}


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook and who made it."""

    id: str
    stack: str
    """Empty where somebody made it by hand."""
    title: str
    url: str
    enabled: bool = False
    type: tuple[str, ...] = ("USER",)
    version: int = 0

    def document(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "title": self.title,
            "url": self.url,
            "enabled": self.enabled,
            "type": self.type,
            "created_at": "2026-09-21T14:00:00Z",
            "updated_at": f"2026-09-21T14:00:{self.version:02}Z",
        }


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way."""

    method: str
    """That of HTTP, or TEST for the POST of a test delivery."""
    webhook_id: str
    """Of a POST: the one that the webhook will get. Of a list: empty."""
    body: Mapping[str, Any]
    stack: str
    sender: str
    """The thread."""

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and not self.webhook_id

    @property
    def is_write(self) -> bool:
        return self.method in {"POST", "PATCH", "DELETE"}

    def __str__(self) -> str:
        told = [str(self.body[name]) for name in ("title", "enabled") if name in self.body]
        return " ".join([self.method, self.webhook_id or "list", *told])


class Account:
    """The webhooks and, for lists that lag, what was there before the last writes.

    Args:
        there: What somebody has put there.
        lag: How many writes a list may be late.
    """

    def __init__(self, there: Sequence[Hook], lag: int) -> None:
        self.hooks = {hook.id: hook for hook in there}
        self.past: tuple[tuple[Hook, ...], ...] = ()
        """The state before each of the last writes, the newest first."""
        self._lag = lag

    def would_change(self, call: Call) -> bool:
        """Whether a write that arrives now does anything; a webhook that is gone never comes back."""
        return call.method == "POST" or call.webhook_id in self.hooks

    def handle(self, call: Call) -> Answer:
        """Do what is asked."""
        if call.is_list:
            return listed(tuple(self.hooks.values()))
        if not self.would_change(call):
            return problem(404)
        if call.method == "TEST":
            return tested(204)
        if call.method == "GET":
            return says(200, self.hooks[call.webhook_id].document())
        self.past = (tuple(self.hooks.values()), *self.past)[: self._lag]
        return self._write(call)

    def _write(self, call: Call) -> Answer:
        if call.method == "DELETE":
            del self.hooks[call.webhook_id]
            return Answer(204, REQUEST_ID, b"")
        fields = {**call.body, "type": tuple(call.body["type"])}
        if call.method == "POST":
            if "enabled" in fields:
                return problem(400)
            hook = Hook(call.webhook_id, call.stack, **fields)
        else:
            old = self.hooks[call.webhook_id]
            hook = replace(old, **fields, version=old.version + 1)
        self.hooks[hook.id] = hook
        return says(201 if call.method == "POST" else 200, hook.document())


def listed(hooks: Sequence[Hook]) -> Answer:
    meta = {"count": len(hooks), "total_count": len(hooks)}
    return says(200, {"meta": meta, "data": [hook.document() for hook in hooks]})


def tested(status: int) -> Answer:
    """What the receiver answered to a test delivery."""
    return says(200, {"url": "", "response": {"status": status}})


def problem(status: int) -> Answer:
    document = {"title": "Made up", "detail": f"made up as {status}"}
    return Answer(status, PROBLEM, json.dumps(document).encode())


def says(status: int, document: object) -> Answer:
    return Answer(status, REQUEST_ID, json.dumps(document).encode())
