"""The life of a stack of webhooks, operation by operation: on the Pulumi CLI, or through the provider process."""

from __future__ import annotations

import os
import sys
import time
from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench.contenders import contender
from bench.processes import peak_memory
from bench.webhooks import declared
from upvest_provider.testing import PulumiCli, Servicer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREVIEW, UP, SAME, REFRESH, CHANGE, DESTROY = OPERATIONS = (
    "preview",
    "first up",
    "no-op up",
    "refresh",
    "one change",
    "destroy",
)
"""In the order of a life."""

WORKERS = 4
"""Threads of Pulumi's dynamic provider process."""

PYTHON = os.environ.get("BENCH_PYTHON", sys.executable)
"""Has what production has and no tools of development, where `make bench` begins it.

`import httpx` loads click, rich and pygments wherever they are installed: 40 ms that users do not have.
"""

_PROGRAM = Path(__file__).parent / "program"


class Life(Protocol):
    """A stack that lives through the operations, as often as one likes."""

    @abstractmethod
    def seconds(self, operation: str) -> float:
        """How long an operation takes."""


class OnCli:
    """A stack on the real engine: what a person at the terminal waits for.

    Args:
        name: The contender's.
        count: Of webhooks.
        folder: For all that the CLI keeps.
        environment: For the CLI, and so for program and provider.
    """

    def __init__(self, name: str, count: int, folder: Path, environment: Mapping[str, str]) -> None:
        config = {"contender": name, "count": str(count), "first_renamed": "false", "upvest:api": "local"}
        environment = {"PULUMI_PYTHON_CMD": PYTHON, **environment}
        self._stack = PulumiCli(_PROGRAM, stack=name, backend=folder, config=config, environment=environment)

    def seconds(self, operation: str) -> float:
        """How long an operation takes.

        Raises:
            RuntimeError: It fails.
        """
        self._stack.set_config("first_renamed", str(operation == CHANGE).lower())
        command = {PREVIEW: "preview", REFRESH: "refresh", DESTROY: "destroy"}.get(operation, "up")
        options = [] if command == "preview" else ["--yes", "--skip-preview"]
        began = time.perf_counter()
        process = self._stack.begin(command, *options)
        output, _ = process.communicate()
        took = time.perf_counter() - began
        if process.returncode:
            raise RuntimeError(f"pulumi {command} failed\n{output}")
        return took


@dataclass
class _Resource:
    inputs: dict[str, Any]
    id: str = ""
    outputs: dict[str, Any] | None = None


class OnServicer:
    """A stack whose provider process is driven as the engine drives it: one process for each operation.

    Args:
        name: The contender's.
        count: Of webhooks.
        folder: Where the process runs.
        environment: For the process.

    Attributes:
        peak: The most memory that one of the processes had so far, in MB.
    """

    def __init__(self, name: str, count: int, folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._environment = environment
        self._declared, self._changed = (
            [contender(name).sent(*each) for each in declared(count, first_renamed=renamed).items()]
            for renamed in (False, True)
        )
        self._resources: list[_Resource] = []
        self.peak = 0.0

    def seconds(self, operation: str) -> float:
        """How long an operation's calls take; that the process starts is not counted."""
        perform = {
            PREVIEW: self._preview,
            UP: self._up,
            SAME: self._same,
            REFRESH: self._refresh,
            CHANGE: self._change,
            DESTROY: self._destroy,
        }[operation]
        with Servicer(
            config={"upvest:api": "local"}, directory=self._folder, environment=self._environment
        ) as servicer:
            began = time.perf_counter()
            perform(servicer)
            took = time.perf_counter() - began
            self.peak = max(self.peak, peak_memory(servicer.pid))
        return took

    def _preview(self, servicer: Servicer) -> None:
        for news in self._declared:
            servicer.check({}, news)

    def _up(self, servicer: Servicer) -> None:
        self._resources = [_Resource(servicer.check({}, news).inputs) for news in self._declared]

        def create(resource: _Resource) -> None:
            made = servicer.create(resource.inputs)
            resource.id, resource.outputs = made.id, made.outputs

        self._at_once(create)

    def _same(self, servicer: Servicer) -> None:
        if self._differing(servicer, self._declared):
            raise RuntimeError("there is a difference where nothing changed")

    def _refresh(self, servicer: Servicer) -> None:
        def read(resource: _Resource) -> None:
            resource.outputs = servicer.read(resource.id, resource.outputs or {}).outputs
            servicer.diff(resource.id, resource.outputs, resource.inputs)

        self._at_once(read)

    def _change(self, servicer: Servicer) -> None:
        for resource in self._differing(servicer, self._changed):
            resource.outputs = servicer.update(resource.id, resource.outputs or {}, resource.inputs)

    def _destroy(self, servicer: Servicer) -> None:
        self._at_once(lambda resource: servicer.delete(resource.id, resource.outputs or {}))
        self._resources = []

    def _differing(self, servicer: Servicer, program: list[dict[str, Any]]) -> list[_Resource]:
        """The resources that the provider, or else the engine, sees a difference in; with their new inputs."""
        differing = []
        for resource, news in zip(self._resources, program, strict=True):
            olds = resource.inputs
            resource.inputs = servicer.check(olds, news).inputs
            changes = servicer.diff(resource.id, resource.outputs or {}, resource.inputs).changes
            if olds != resource.inputs if changes is None else changes:
                differing.append(resource)
        return differing

    def _at_once(self, call: Callable[[_Resource], None]) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            for _ in pool.map(call, self._resources):
                pass
