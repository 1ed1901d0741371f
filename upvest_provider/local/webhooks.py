"""The rules of a webhook: what may be written, and what a write makes of it.

Limits are those of the API reference of 2026 (specification 1.132.0 or newer), titles those of 1.9.0: the
newer 32-character pattern is in no release note.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from upvest_provider.categories import ALL, EVENT_CATEGORIES
from upvest_provider.limits import (
    DELAY_PATTERN,
    PACKAGE_SIZE_MAX,
    PACKAGE_SIZE_MIN,
    TITLE_LENGTH,
    URL_LENGTH,
)

from .problems import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    Document = dict[str, Any]

DEFAULT_CONFIG = {"delay": "1s", "max_package_size": 51200}
"""Undocumented; the figures of the newest example in the API reference."""

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
_DNS_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)*(?=[a-z]){_LABEL}\.?")
"""The last label begins with a letter, so that no form of an IPv4 address is one."""


def created(fields: Document, now: float) -> Document:
    """A new webhook, which Upvest creates disabled.

    Raises:
        Problem: 400, with everything that is wrong.
    """
    _check(fields, allowed=_RULES.keys() - {"enabled"}, required=("title", "url"))
    written = _timestamp(now)
    defaults = {"enabled": False, "type": [ALL]}
    document = {"id": str(uuid.uuid4()), "created_at": written, "updated_at": written, **defaults, **fields}
    return document | {"config": _config(DEFAULT_CONFIG, fields)}


def patched(document: Document, fields: Document, now: float) -> Document:
    """A webhook after a change.

    Undocumented: a partial `config` is merged, and a field that is left out stays, `type` included.

    Raises:
        Problem: 400, with everything that is wrong.
    """
    _check(fields, allowed=_RULES.keys(), required=())
    updated_at = max(_timestamp(now), _after(document["updated_at"]))
    return document | fields | {"config": _config(document["config"], fields), "updated_at": updated_at}


def _config(before: Mapping[str, object], fields: Document) -> Document:
    """The API allows further members of `config`; they mean nothing to it."""
    after = {**before, **fields.get("config", {})}
    return {name: after[name] for name in DEFAULT_CONFIG if name in after}


def _timestamp(now: float) -> str:
    return _written(datetime.fromtimestamp(now, UTC))


def _after(timestamp: str) -> str:
    """The next moment that two fractional digits can tell."""
    return _written(datetime.fromisoformat(timestamp) + timedelta(milliseconds=10))


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 10_000:02}Z"


def _check(fields: Document, *, allowed: AbstractSet[str], required: tuple[str, ...]) -> None:
    faults = [f"{name}: required" for name in required if name not in fields]
    faults += [f"{name}: not a field of this request" for name in fields if name not in allowed]
    faults += [
        f"{name}: {fault}" for name in fields if name in allowed for fault in [_RULES[name](fields[name])] if fault
    ]
    if faults:
        raise invalid("; ".join(faults))


def _title(value: object) -> str:
    fits = isinstance(value, str) and 1 <= len(value) <= TITLE_LENGTH
    return "" if fits else f"must be a string of 1 to {TITLE_LENGTH} characters"


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


def _categories(value: object, known: frozenset[str]) -> str:
    if not isinstance(value, list):
        return "must be an array of event categories"
    unknown = [category for category in value if not isinstance(category, str) or category not in known]
    return f"{unknown[0]!r} is not one of its event categories" if unknown else ""


def _type(value: object) -> str:
    return _categories(value, EVENT_CATEGORIES | {ALL})


def _exclude_type(value: object) -> str:
    return _categories(value, EVENT_CATEGORIES)


def _config_members(value: object) -> str:
    if not isinstance(value, dict):
        return "must be an object"
    delay, size = value.get("delay", "1s"), value.get("max_package_size", PACKAGE_SIZE_MIN)
    if not isinstance(delay, str) or not re.fullmatch(DELAY_PATTERN, delay):
        return "delay must be a string from 1s to 30s"
    if type(size) is not int or not PACKAGE_SIZE_MIN <= size <= PACKAGE_SIZE_MAX:
        return f"max_package_size must be an integer from {PACKAGE_SIZE_MIN} to {PACKAGE_SIZE_MAX}"
    return ""


_RULES: Mapping[str, Callable[[object], str]] = {
    "title": _title,
    "url": _url,
    "enabled": _enabled,
    "type": _type,
    "exclude_type": _exclude_type,
    "config": _config_members,
}
"""What is wrong with a field's value; an empty string where nothing is."""
