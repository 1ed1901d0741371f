"""The rules of a webhook's fields: what may be written.

Limits are those of the API reference of 2026 (specification 1.132.0 or newer); what it leaves open is decided by
the behaviour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from upvest_provider.categories import ALL, EVENT_CATEGORIES
from upvest_provider.limits import (
    DELAY_PATTERN,
    PACKAGE_SIZE_MAX,
    PACKAGE_SIZE_MIN,
    TITLE_LENGTH,
    TITLE_PATTERN,
    URL_LENGTH,
)

from .problems import invalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from .behaviour import Behaviour
    from .webhooks import Document

_TITLES = {
    "100": (rf"(?s).{{1,{TITLE_LENGTH}}}", f"a string of 1 to {TITLE_LENGTH} characters"),
    "32": (TITLE_PATTERN, "a string of 1 to 32 letters, digits, spaces and ()[]{}.-"),
}
_DELAYS = {"seconds": (DELAY_PATTERN, "1s to 30s"), "minutes": (r"[1-9][0-9]?[sm]", "1s to 99m")}
"""By rule: the pattern, and what it means."""

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
_DNS_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)*(?=[a-z]){_LABEL}\.?")
"""The last label begins with a letter, so that no form of an IPv4 address is one."""


class FieldRules:
    """What may be written, as a behaviour has it."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._rules: dict[str, Callable[[object], str]] = {
            "title": self._title,
            "url": _url,
            "enabled": _enabled,
            "type": self._type,
            "exclude_type": self._exclude_type,
            "config": self._config,
        }

    def check(
        self, fields: Document, *, without: AbstractSet[str] = frozenset(), required: tuple[str, ...] = ()
    ) -> None:
        """Checks the fields of a request.

        Args:
            fields: By name.
            without: Names that this request does not take.
            required: Names that must be there.

        Raises:
            Problem: 400, with everything that is wrong.
        """
        allowed = self._rules.keys() - without
        wrong = [f"{name}: required" for name in required if name not in fields]
        wrong += [f"{name}: not a field of this request" for name in fields if name not in allowed]
        for name in fields:
            if name in allowed and (what := self._rules[name](fields[name])):
                wrong.append(f"{name}: {what}")
        if wrong:
            raise invalid("; ".join(wrong))

    def _title(self, value: object) -> str:
        pattern, meaning = _TITLES[self._behaviour.title_rule]
        fits = isinstance(value, str) and re.fullmatch(pattern, value)
        return "" if fits else f"must be {meaning}"

    def _type(self, value: object) -> str:
        if value == [] and self._behaviour.empty_type == "refused":
            return "must not be empty"
        others = isinstance(value, list) and ALL in value and len(value) > 1
        if others and self._behaviour.all_beside_others == "refused":
            return "must not have others beside ALL"
        return self._categories(value, others_than=[])

    def _exclude_type(self, value: object) -> str:
        return self._categories(value, others_than=[ALL])

    def _categories(self, value: object, *, others_than: list[str]) -> str:
        if not isinstance(value, list):
            return "must be an array of event categories"
        wrong = [each for each in value if each in others_than or not self._is_category(each)]
        return f"{wrong[0]!r} is not one of its event categories" if wrong else ""

    def _is_category(self, value: object) -> bool:
        return isinstance(value, str) and (
            value in EVENT_CATEGORIES | {ALL} or self._behaviour.unknown_category == "accepted"
        )

    def _config(self, value: object) -> str:
        if not isinstance(value, dict):
            return "must be an object"
        pattern, meaning = _DELAYS[self._behaviour.delay_rule]
        delay, size = value.get("delay", "1s"), value.get("max_package_size", PACKAGE_SIZE_MIN)
        if not isinstance(delay, str) or not re.fullmatch(pattern, delay):
            return f"delay must be a string from {meaning}"
        if type(size) is not int or not PACKAGE_SIZE_MIN <= size <= PACKAGE_SIZE_MAX:
            return f"max_package_size must be an integer from {PACKAGE_SIZE_MIN} to {PACKAGE_SIZE_MAX}"
        return ""


def _url(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]*", value) or len(value) > URL_LENGTH:
        return f"must be a URL of at most {URL_LENGTH} characters"
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        return f"must be a URL: {error}"
    if parts.scheme != "https":
        return "must have the scheme https"
    if not _DNS_NAME.fullmatch(parts.hostname or ""):
        return "must have a DNS name as host, not an IP address"
    return ""


def _enabled(value: object) -> str:
    return "" if isinstance(value, bool) else "must be true or false"
