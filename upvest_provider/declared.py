"""What one program declares, as far as this process has seen it."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from .overlap import normalised, shared_categories
from .rules import Fault

if TYPE_CHECKING:
    from .rules import Inputs, IsUnknown


class _Declared(NamedTuple):
    name: str
    types: list[str]
    excluded: list[str]


_Receiver = tuple[str, str]
"""An account and the URL that its events go to."""


class Holder(NamedTuple):
    """A resource of the program; a renamed one has two claims."""

    name: str
    claims: frozenset[object]


class Declarations:
    """The webhooks of one program; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: set[object] = set()
        self._receivers: dict[str, _Receiver] = {}
        self._declared: defaultdict[_Receiver, dict[str, _Declared]] = defaultdict(dict)
        self._holders: dict[str, Holder] = {}
        self._adopters: dict[str, Holder] = {}

    def faults(self, inputs: Inputs, account: str, is_unknown: IsUnknown) -> list[Fault]:
        """Whether another webhook of the program would deliver the same events to the same URL.

        An account has events of its own.
        """
        fields = [inputs["url"], inputs["type"], inputs.get("exclude_type") or []]
        if any(is_unknown(field) for field in fields):
            return []
        url, types, excluded = fields
        claim, receiver = inputs["__claim"], (account, normalised(url))
        declared = _Declared(str(inputs["__name"]), types, excluded)
        with self._lock:
            self._declared[self._receivers.get(claim, receiver)].pop(claim, None)
            others = list(self._declared[receiver].values())
            self._receivers[claim] = receiver
            self._declared[receiver][claim] = declared
        return [fault for other in others for fault in _clash(declared, other)]

    def declare(self, claim: object) -> None:
        """Remember that the program has a resource with this claim."""
        with self._lock:
            self._claims.add(claim)

    def has_claim(self, claim: str) -> bool:
        """Whether a resource of the program has this claim."""
        with self._lock:
            return claim in self._claims

    def hold(self, webhook_id: str, name: str, *claims: object) -> str | None:
        """Remember which resource of the program a webhook belongs to; a renamed one has two claims.

        A refresh asks about resources that the program may have no longer; they hold nothing.

        Returns:
            The name of another resource of the program that has the webhook too, or adopts it.
        """
        with self._lock:
            if self._claims.isdisjoint(claims):
                return None
            known = [self._holders.get(webhook_id), self._adopters.get(webhook_id)]
            self._holders[webhook_id] = Holder(name, frozenset(claims))
        return next((other.name for other in known if other and other.claims.isdisjoint(claims)), None)

    def adopt(self, webhook_id: str, name: str, claim: object) -> str | None:
        """Remember which resource is to adopt a webhook.

        Returns:
            The name of another resource of the program that has the webhook, or adopts it too.
        """
        with self._lock:
            known = [self._holders.get(webhook_id), self._adopters.get(webhook_id)]
            self._adopters[webhook_id] = Holder(name, frozenset([claim]))
        return next((other.name for other in known if other and claim not in other.claims), None)

    def adopter(self, webhook_id: str) -> Holder | None:
        """The resource of the program that is to adopt a webhook and has none yet."""
        with self._lock:
            adopter = self._adopters.get(webhook_id)
            if adopter and any(not adopter.claims.isdisjoint(holder.claims) for holder in self._holders.values()):
                return None  # `adopt_id` is read at creation only
            return adopter

    def holder(self, webhook_id: str) -> str | None:
        """The name of the resource of the program that has a webhook, as far as this process has seen it."""
        with self._lock:
            holder = self._holders.get(webhook_id)
            return holder.name if holder else None


def _clash(declared: _Declared, other: _Declared) -> list[Fault]:
    shared = shared_categories(declared.types, declared.excluded, other.types, other.excluded)
    if not shared:
        return []
    first, second = sorted([declared.name, other.name])
    return [
        Fault(
            "type",
            f"must not share {', '.join(sorted(shared))} with {other.name!r}, which has the same URL: "
            f"{first!r} and {second!r} would both receive each event. Give each event to one of them",
        )
    ]
