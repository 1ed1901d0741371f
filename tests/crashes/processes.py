"""What an operation of Pulumi starts, killed and counted."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from upvest_provider.testing import PulumiCli

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lifecycle.life import Life
    from upvest_provider.local import Fault


_LISTEN = "0A"
"""The state of a listening socket in `/proc/net/tcp` (Linux, net/tcp_states.h)."""


def eventually(condition: Callable[[], bool]) -> None:
    """Return once the condition holds, which another process brings about."""
    pause = threading.Event()
    for _ in range(3000):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen within 60 s")


class Family:
    """The processes of the operations on one account, which stands in their environments (as Linux tells them).

    Args:
        state: The account's directory.
    """

    def __init__(self, state: Path) -> None:
        self._mark = f"UPVEST_LOCAL_STATE={state}\0".encode()

    def members(self) -> dict[int, str]:
        """The commands of those that run, by their ids."""
        return {
            int(process.name): _content(process / "cmdline").replace(b"\0", b" ").decode()
            for process in Path("/proc").iterdir()
            if process.name.isdigit() and self._mark in _content(process / "environ")
        }

    def listening(self, command: str) -> bool:
        """Whether a process with this in its command takes connections."""
        tables = (Path("/proc/net") / name for name in ("tcp", "tcp6"))
        rows = [line.split() for table in tables for line in _content(table).decode().splitlines()]
        sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == _LISTEN}
        return any(sockets & _handles(process) for process, told in self.members().items() if command in told)

    def wait_until_gone(self) -> None:
        """Until all have ended by themselves."""
        eventually(lambda: not self.members())

    def end(self) -> None:
        """Kill those that are left, and see that none is."""

        def none_is_left() -> bool:
            left = self.members()
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            return not left

        eventually(none_is_left)


def _handles(process: int) -> set[str]:
    """What a process has open, as far as it stays so."""
    open_now = set()
    with contextlib.suppress(OSError):
        for handle in Path(f"/proc/{process}/fd").iterdir():
            open_now.add(str(handle.readlink()))
    return open_now


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""  # it has ended meanwhile, or is somebody else's


def kill_engine_during(life: Life, fault: Fault, operation: str = "up", *, meeting: int = 1) -> None:
    """Kill Pulumi, but not its provider, once a request has met a fault that holds it; then let the request go on.

    Args:
        life: The stack.
        fault: Holds the request.
        operation: `up`, `refresh` or `destroy`.
        meeting: Which meeting of a fault that is; the earlier ones are with others.
    """
    faults = life.upvest.faults
    faults.add(fault)
    running = life.begin(operation)
    faults.wait_until_met(meeting, timeout=60)
    running.kill()
    running.communicate(timeout=60)
    faults.release()
    faults.clear()


def unlock(life: Life) -> None:
    """Free the stack that a killed CLI leaves locked; a rehearsal knows no locks."""
    if isinstance(life.stack, PulumiCli):
        cancelled = life.stack.run("cancel", "--yes", "--stack", "dev")
        assert cancelled.returncode == 0, cancelled.stderr
