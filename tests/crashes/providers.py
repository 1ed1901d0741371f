"""Provider processes on one account, one after another, as each run of Pulumi starts its own."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from upvest_provider.claims import claim_of
from upvest_provider.testing import ProviderError, Servicer
from upvest_provider.webhook import WebhookProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from upvest_provider.local import Fault, LocalUpvest

PROVIDER = serialize_provider(WebhookProvider())


def declared(name: str = "users", /, **fields: object) -> dict[str, Any]:
    """A webhook's inputs as the program registers them."""
    return {
        "__provider": PROVIDER,
        "__claim": claim_of("organization", "project", "stack", "", name),
        "__name": name,
        "title": f"Webhook {name}",
        "url": f"https://tenant.tld/webhooks/{name}",
        "type": ["USER"],
        **fields,
    }


@dataclass(frozen=True)
class Recorded:
    """A webhook in the state."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


def up(servicer: Servicer, news: dict[str, Any], recorded: Recorded | None = None) -> Recorded:
    """What the engine asks of a provider for one webhook of the program."""
    inputs = servicer.check(recorded.inputs if recorded else {}, news).inputs
    if recorded is None:
        made = servicer.create(inputs)
        return Recorded(made.id, inputs, made.outputs)
    if not servicer.diff(recorded.id, recorded.outputs, inputs).changes:
        return Recorded(recorded.id, inputs, recorded.outputs)
    return Recorded(recorded.id, inputs, servicer.update(recorded.id, recorded.outputs, inputs))


class Providers:
    """Starts provider processes, and kills them where a test says so.

    Args:
        upvest: The account.
        directory: Where the processes run.
    """

    def __init__(self, upvest: LocalUpvest, directory: Path) -> None:
        self._upvest = upvest
        self._directory = directory

    @contextlib.contextmanager
    def run(self) -> Iterator[Servicer]:
        """A process of its own, ended as Pulumi ends it."""
        state = self._upvest.state
        with Servicer(
            config={"upvest:api": "local"},
            directory=self._directory,
            environment={"UPVEST_LOCAL_STATE": str(state)},
        ) as servicer:
            yield servicer

    def up(self, news: dict[str, Any], recorded: Recorded | None = None) -> Recorded:
        """An `up` with a process of its own."""
        with self.run() as servicer:
            return up(servicer, news, recorded)

    def kill_during(self, fault: Fault, operation: Callable[[Servicer], object]) -> None:
        """Kills the process of an operation, as `kill -9` does, once a request has met a fault that holds it."""
        with ThreadPoolExecutor(1) as pool, self.run() as servicer:
            self._upvest.faults.add(fault)
            running = pool.submit(operation, servicer)
            self._upvest.faults.wait_until_met(1, timeout=60)
            servicer.kill()
            with pytest.raises(ProviderError):
                running.result(timeout=60)
        self._upvest.faults.clear()
