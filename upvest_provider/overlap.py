"""Would two subscriptions deliver the same event to the same place?"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .categories import ALL

if TYPE_CHECKING:
    from collections.abc import Collection

HTTPS_PORT = 443


def origin(url: str) -> str:
    """Scheme, host and port: what a gate proves, and all that a message shows of a URL."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, HTTPS_PORT) else f":{parts.port}"
    return f"{parts.scheme.lower()}://{(parts.hostname or '').rstrip('.')}{port}"


@functools.lru_cache(maxsize=4096)
def normalised(url: str) -> str:
    """A URL in the one form that others which reach the same receiver have too.

    One that cannot be read, as an account may hold from former days, stays as it is.
    """
    try:
        parts = urlsplit(url)
        place = origin(url)
    except ValueError:
        return url
    query = f"?{parts.query}" if parts.query else ""
    return f"{place}{parts.path or '/'}{query}"


def shared_categories(
    types: Collection[str],
    excluded: Collection[str],
    others: Collection[str],
    others_excluded: Collection[str],
) -> frozenset[str]:
    """The categories that two subscriptions both deliver; `ALL` alone where both subscribe to all.

    `exclude_type` has an effect only beside `ALL` (webhook registration guide, 2026). Two subscriptions to
    all always overlap, for the categories that Upvest adds later are in both.
    """
    if ALL in types and ALL in others:
        return frozenset({ALL})
    if ALL in types:
        return frozenset(others) - frozenset(excluded)
    if ALL in others:
        return frozenset(types) - frozenset(others_excluded)
    return frozenset(types) & frozenset(others)
