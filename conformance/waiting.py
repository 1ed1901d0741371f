"""Waits for what was written to show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .question import Unclear

if TYPE_CHECKING:
    from collections.abc import Callable

    from .ground import Ground

PAUSE = 0.25
"""Seconds between two looks, and so how exact a lag is."""

LONGEST = 15.0
"""Seconds after which a write is no longer waited for."""


def lag(ground: Ground, shows: Callable[[], bool]) -> float:
    """Seconds from now to the first look that shows a write, up to `PAUSE` too many; 0 where that is the first.

    Raises:
        Unclear: It does not show.
    """
    wrote_at = looked_at = ground.clock()
    if shows():
        return 0.0
    while looked_at - wrote_at < LONGEST:
        ground.sleep(PAUSE)
        looked_at = ground.clock()
        if shows():
            return math.ceil((looked_at - wrote_at) / PAUSE) * PAUSE
    raise Unclear(f"a write did not show within {LONGEST:g} s")
