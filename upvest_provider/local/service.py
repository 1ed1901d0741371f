"""What the local API answers from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .behaviour import Behaviour
    from .faults import Faults
    from .store import Store
    from .world import World


@dataclass
class Service:
    """The parts of a local API.

    Attributes:
        store: The state; used from the event loop only.
        world: What is around the API.
        clock: Seconds since 1970.
        behaviour: What it does where the documents are silent.
        faults: What breaks it.
        shut_for: Shuts its port for so many seconds.
    """

    store: Store
    world: World
    clock: Callable[[], float]
    behaviour: Behaviour
    faults: Faults
    shut_for: Callable[[float], None]
