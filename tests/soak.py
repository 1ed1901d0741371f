"""Whether everything is to be tried, or what can be tried while somebody waits."""

from __future__ import annotations

import os

SOAK = "UPVEST_SOAK"
"""The variable that asks for everything."""


def is_soak() -> bool:
    """Whether everything is to be tried."""
    return bool(os.environ.get(SOAK))
