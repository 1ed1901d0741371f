"""What Linux tells of a process."""

from __future__ import annotations

import re
from pathlib import Path

KIB_PER_MB = 1e6 / 1024


def peak_memory(process: int) -> float:
    """The most memory that a process ever had resident (VmHWM), in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    match = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"no VmHWM in /proc for {process}")
    return int(match[1]) / KIB_PER_MB
