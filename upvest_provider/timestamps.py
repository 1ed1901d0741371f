"""The API's timestamps."""

from __future__ import annotations

from datetime import datetime


def unix_seconds(rfc3339: str) -> float:
    """A timestamp as a number; 0 where it cannot be read.

    As text, timestamps do not sort: `.5Z` is later than `Z`, and a fraction may have any length.
    """
    try:
        return datetime.fromisoformat(rfc3339).timestamp()
    except ValueError:
        return 0.0
