"""The API's timestamps."""

from __future__ import annotations

from datetime import UTC, datetime


def unix_seconds(rfc3339: str) -> float:
    """A timestamp as a number; 0 where it cannot be read.

    As text, timestamps do not sort: `.5Z` is later than `Z`, and a fraction may have any length.
    """
    try:
        return datetime.fromisoformat(rfc3339).timestamp()
    except ValueError:
        return 0.0


def rfc3339(seconds: float) -> str:
    """Unix seconds as a timestamp in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
