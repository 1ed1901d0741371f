"""Is Pulumi's engine still there?

The provider's process outlives a killed engine and would finish what it began, the enabling of a webhook
included, with nobody to write it to the state. So every request asks first.
"""

from __future__ import annotations

import concurrent.futures.thread
import re
import socket
import sys
import time
from typing import TYPE_CHECKING

from .errors import EngineGone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONNECT_TIMEOUT = 1.0
"""Seconds; the engine is on this machine, and a killed one refuses at once."""

PATIENCE = 10.0
"""Seconds without any answer, neither yes nor no, after which the engine is taken for gone. A machine that is too
busy to answer, or a process that has all its files open, gets over it."""


class Engine:
    """The engine that started this process.

    Args:
        address: Host and port; None where no engine started this process.
        monotonic: Seconds.
    """

    def __init__(
        self, address: tuple[str, int] | None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = address
        self._monotonic = monotonic
        self._silent_since: float | None = None

    def require(self) -> None:
        """Return if the engine can still take the result of what is done.

        Raises:
            EngineGone: It was killed, or has told this process to end.
        """
        if self._address is None:
            return
        if self._is_ending() or not self._answers(self._address):
            raise EngineGone(
                "Pulumi's engine is gone, so nothing further was sent to Upvest",
                fix="Run `pulumi cancel` if the stack is locked, then `pulumi up --refresh`.",
            )

    def _is_ending(self) -> bool:
        # On a second Ctrl-C the engine still answers, but this process has begun to shut its workers down.
        return bool(getattr(concurrent.futures.thread, "_shutdown", False))

    def _answers(self, address: tuple[str, int]) -> bool:
        try:
            socket.create_connection(address, timeout=CONNECT_TIMEOUT).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return False
        except OSError:  # a time-out, or no file descriptor left: nobody was asked
            return not self._is_silent_for_long()
        self._silent_since = None
        return True

    def _is_silent_for_long(self) -> bool:
        now = self._monotonic()
        if self._silent_since is None:
            self._silent_since = now
        return now - self._silent_since > PATIENCE


def engine_of_this_process(argv: Sequence[str] | None = None) -> Engine:
    """The engine whose address stands last on a command line of `python -m pulumi.dynamic`, by default ours."""
    argv = sys.argv if argv is None else argv
    match = re.fullmatch(r"(.+):(\d{1,5})", argv[-1]) if len(argv) > 1 else None
    return Engine((match[1].strip("[]"), int(match[2])) if match else None)
