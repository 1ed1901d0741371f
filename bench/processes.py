"""What Linux tells of a process."""

from __future__ import annotations

import re
from pathlib import Path

KIB_PER_MB = 1e6 / 1024


def peak_memory(argument: str) -> float:
    """The most memory that a process ever had resident (VmHWM), in MB.

    Args:
        argument: Stands on its command line, and on no other.
    """
    (status,) = [
        (process / "status").read_text()
        for process in Path("/proc").iterdir()
        if process.name.isdecimal() and argument in _command_line(process)
    ]
    match = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"no VmHWM in /proc for {argument}")
    return int(match[1]) / KIB_PER_MB


def _command_line(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().decode().split("\0")
    except OSError:  # it ended meanwhile
        return []
