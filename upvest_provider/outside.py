"""What a provider finds around it: time, the environment, the engine, and whoever reads its lines."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .engine import engine_of_this_process
from .terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Outside:
    """The world as it is; tests bring their own."""

    alive: Callable[[], None] = field(default_factory=lambda: engine_of_this_process().require)
    """Raises `EngineGone` once Pulumi's engine cannot take a result any more."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Callable[[], float] = time.time
    """Unix seconds."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds, monotonic."""
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = say
    """Takes lines for the person at the terminal."""
