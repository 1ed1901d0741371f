"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What is looked at, cheap and harmless to caches first."""

    DNS = "dns"
    TLS = "tls"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Finding:
    """The judgement over one observation."""

    check: Check
    passed: bool
    seen: str
    """One line that stands alone: what was seen, and where. Never the path of a URL: it may be a secret."""
    fix: str = ""
    """What to do, in one sentence; empty where the check passed."""
    warnings: tuple[str, ...] = ()
    """Doubtful things that stop nothing."""
    wait: float = 0.0
    """Seconds that an old answer lives on in caches, where that is the reason."""
    addresses: tuple[str, ...] = ()
    """Of `dns`: all addresses seen, IPv4 first."""
