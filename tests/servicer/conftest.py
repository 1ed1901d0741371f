from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from upvest_provider.local import ControlClient, DnsQuery, LocalUpvest, dns_queries

if TYPE_CHECKING:
    from collections.abc import Iterable

HOST = "hooks.tenant.tld"


@dataclass
class Stage:
    """The local world, in which receivers are made and their DNS queries are counted."""

    upvest: LocalUpvest

    @property
    def state(self) -> Path:
        return Path(self.upvest.surroundings.ca_file).parent

    @property
    def control(self) -> ControlClient:
        return ControlClient(self.state)

    def receiver(self, host: str = HOST, *, address: str = "127.0.0.1") -> None:
        """One that is ready at once."""
        self.control.put("listeners", host)
        self.control.put("certificates", host)
        self.control.put("dns", host, "A", values=[address])

    def gate(self, host: str = HOST, *, port: int = 0, **more: object) -> dict[str, Any]:
        """The inputs of a gate before this host; it looks at the port of the receiver where none is given."""
        return {
            "__name": host,
            "url": f"https://{host}:{port or self.upvest.world.receiver.port}",
            "resolvers": [self.upvest.surroundings.resolver],
            "ca_file": self.upvest.surroundings.ca_file,
            "allow_private": True,
            **more,
        }

    def queries(self) -> list[DnsQuery]:
        """What the world's DNS servers were asked so far."""
        return dns_queries(self.state)


class Lines(list[str]):
    """What a provider prints; a test can wait for a line."""

    def __init__(self) -> None:
        super().__init__()
        self._news = threading.Condition()

    def extend(self, lines: Iterable[str]) -> None:
        for line in lines:
            with self._news:
                self.append(line)
                self._news.notify_all()

    def wait_for(self, words: str, seconds: float = 10) -> str:
        """The first line with these words."""
        with self._news:
            assert self._news.wait_for(lambda: any(words in line for line in self), seconds), list(self)
            return next(line for line in self if words in line)


@pytest.fixture
def stage(upvest: LocalUpvest) -> Stage:
    return Stage(upvest)


@pytest.fixture
def lines() -> Lines:
    return Lines()
