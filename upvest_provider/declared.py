"""What one program declares, as far as this process has seen it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from .overlap import normalised, shared_categories
from .rules import Fault

if TYPE_CHECKING:
    from .rules import Inputs, IsUnknown


class _Declared(NamedTuple):
    name: str
    account: str
    url: str
    types: list[str]
    excluded: list[str]


class Declarations:
    """The webhooks of one program; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_claim: dict[str, _Declared] = {}
        self._holders: dict[str, frozenset[object]] = {}

    def faults(self, inputs: Inputs, account: str, is_unknown: IsUnknown) -> list[Fault]:
        """Whether another webhook of the program would deliver the same events to the same URL.

        An account has events of its own.
        """
        fields = [inputs["url"], inputs["type"], inputs.get("exclude_type") or []]
        if any(is_unknown(field) for field in fields):
            return []
        url, types, excluded = fields
        declared = _Declared(str(inputs["__name"]), account, normalised(url), types, excluded)
        with self._lock:
            self._by_claim[inputs["__claim"]] = declared
            others = [other for claim, other in self._by_claim.items() if claim != inputs["__claim"]]
        return [fault for other in others for fault in _clash(declared, other)]

    def has_claim(self, claim: str) -> bool:
        """Whether a resource of the program has this claim."""
        with self._lock:
            return claim in self._by_claim

    def hold(self, webhook_id: str, *claims: object) -> None:
        """Remember which resource of the program a webhook belongs to; a renamed one has two claims."""
        with self._lock:
            self._holders[webhook_id] = frozenset(claims)

    def is_held_by_another(self, webhook_id: str, claim: object) -> bool:
        """Whether the program holds a webhook under another name: deleting it would delete what is in use."""
        with self._lock:
            return claim not in self._holders.get(webhook_id, {claim})


def _clash(declared: _Declared, other: _Declared) -> list[Fault]:
    if (declared.account, declared.url) != (other.account, other.url):
        return []
    shared = shared_categories(declared.types, declared.excluded, other.types, other.excluded)
    if not shared:
        return []
    first, second = sorted([declared.name, other.name])
    return [
        Fault(
            "type",
            f"must not share {', '.join(sorted(shared))} with {other.name!r}, which has the same URL: "
            f"{first!r} and {second!r} would both receive each event",
        )
    ]
