"""The local API in a process of its own, as far from its callers as one machine allows, and what it was asked."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bench.relay import HOST, relay
from upvest_provider.local import Fault, FaultKind, LocalUpvest, requests
from upvest_provider.testing.process import collect, pipes, spawn

if TYPE_CHECKING:
    from upvest_provider.local import LoggedRequest

ACCOUNTS = {"ours": "", "naive": "naive"}
"""Each contender that calls has an account of its own, so that none finds the webhooks of another."""

FOREVER = 10**9
"""Requests that are slow."""


class Api:
    """Upvest's webhook API on loopback for the `with` block.

    Args:
        folder: For all that it keeps.
        latency: Seconds that every answer takes longer than its work.
    """

    def __init__(self, folder: Path, latency: float) -> None:
        self._folder = folder
        self._latency = latency
        self._seen = 0
        self._connections_seen = 0

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = spawn("bench.api", [str(self._folder), str(self._latency)], None, {})
        stdout, stderr = pipes(self._process)
        self._lines: list[str] = []
        ready = stdout.readline()
        self._readers = [collect(stream, self._lines) for stream in (stdout, stderr)]
        if ready.strip() != "ready":
            self.__exit__()
            raise RuntimeError("\n".join(["the local API did not start", *self._lines]))
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        for reader in self._readers:
            reader.join()

    def environment(self, contender: str) -> dict[str, str]:
        """The variables that a contender's program and provider need."""
        return {"UPVEST_LOCAL_STATE": str(self._folder / contender), "BENCH_LATENCY": str(self._latency)}

    def asked(self) -> Counter[str]:
        """What came since this was last called: `token`, `list`, other requests by method, and `connections`."""
        new = requests(_state(self._folder), self._seen)
        self._seen = max([self._seen, *(request.number for request in new)])
        connections = len(_connections(self._folder).read_text().splitlines())
        told = Counter(map(_kind, new))
        told["connections"] = connections - self._connections_seen
        self._connections_seen = connections
        return told


def _kind(request: LoggedRequest) -> str:
    if request.path == "/auth/token":
        return "token"
    return "list" if (request.method, request.path) == ("GET", "/webhooks") else request.method


def _state(folder: Path) -> Path:
    return folder / "api"


def _connections(folder: Path) -> Path:
    return folder / "connections"


async def _serve(upvest: LocalUpvest, folder: Path) -> None:
    server = await relay(int(upvest.url.rpartition(":")[2]), _connections(folder))
    url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    document = json.loads((_state(folder) / "credentials.json").read_text())
    for contender, account in ACCOUNTS.items():
        members = document["accounts"][account] if account else document
        (folder / contender).mkdir(exist_ok=True)
        (folder / contender / "credentials.json").write_text(json.dumps({**members, "api": url}))
    print("ready", flush=True)
    await server.serve_forever()


def main(folder: str, latency: str) -> None:
    """Serves until SIGTERM; prints `ready` once it takes requests."""
    accounts = [account for account in ACCOUNTS.values() if account]
    _connections(Path(folder)).touch()
    with LocalUpvest(_state(Path(folder)), accounts=accounts) as upvest:
        if float(latency):
            upvest.faults.add(Fault(FaultKind.SLOW, seconds=float(latency), count=FOREVER))
        asyncio.run(_serve(upvest, Path(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
