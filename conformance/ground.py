"""What a question stands on: somebody to ask, an account to try things in, and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .account import Account
    from .caller import Caller


@dataclass(frozen=True, slots=True)
class Ground:
    """What a question stands on.

    Attributes:
        caller: Asks.
        account: Makes webhooks, and changes those that it made.
        clock: Unix seconds.
        sleep: Waits, in seconds.
    """

    caller: Caller
    account: Account
    clock: Callable[[], float]
    sleep: Callable[[float], None]
