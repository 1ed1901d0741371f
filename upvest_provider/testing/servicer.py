"""The real dynamic provider process, driven as Pulumi's engine drives it."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from upvest_provider.testing.engine import LivingEngine
from upvest_provider.testing.process import collect, pipes, start
from upvest_provider.testing.wire import Properties, from_struct, to_struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Answer = TypeVar("Answer")

_SECONDS_TO_STOP = 5.0
"""What the engine grants between SIGINT and SIGKILL (plugin.go `kill`, Pulumi 3.260)."""


class ProviderError(Exception):
    """An error of a provider's method; its text is the traceback that Pulumi shows.

    Attributes:
        message: The final exception's own lines, without its class name.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.message = _final_message(text)


def _final_message(text: str) -> str:
    _, header, block = text.rpartition("Traceback (most recent call last):\n")
    if not header:
        return text
    lines = block.rstrip("\n").split("\n")
    while lines and lines[0].startswith("  "):
        lines.pop(0)
    return "\n".join(lines).partition(": ")[2]


@dataclass(frozen=True)
class Checked:
    """The answer to check: the inputs to go on with, and what is wrong as (property, reason)."""

    inputs: Properties
    failures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Difference:
    """The answer to diff; `changes` is None where the provider leaves the comparison to the engine."""

    changes: bool | None
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Found:
    """The answer to create and read; read leaves `id` empty for what is gone, `inputs` None for 'as they were'."""

    id: str
    outputs: Properties
    inputs: Properties | None = None


class Provider(Protocol):
    """The life cycle of resources as a provider offers it."""

    def check(self, olds: Properties, news: Properties) -> Checked:
        """Judges and completes new inputs; `olds` are the old inputs."""

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        """Compares old outputs with new inputs."""

    def create(self, inputs: Properties) -> Found:
        """Creates an object."""

    def read(self, id_: str, outputs: Properties) -> Found:
        """Looks at an object again."""

    def update(self, id_: str, olds: Properties, news: Properties) -> Properties:
        """Changes an object from old outputs to new inputs; gives the new outputs."""

    def delete(self, id_: str, outputs: Properties) -> None:
        """Deletes an object."""


class Servicer:
    """A running `python -m pulumi.dynamic`: the process that holds a stack's dynamic providers.

    Args:
        config: The stack's configuration, keys with their namespace, as the engine sends it to `Configure`.
        project: The project's name.
        directory: Where the process runs; in life the program's directory, whose modules can be imported then.
        environment: Variables besides this process' own.
        engine: The engine that the process is told of; default: one that answers until it is made to die.
        lines: Where to put what the provider prints; default: a list of its own.

    Attributes:
        engine: The engine that the process was told of; `engine.die()` is what a `kill -9` of the CLI looks like.
        lines: What the provider printed so far, on either stream.
    """

    def __init__(
        self,
        *,
        config: Mapping[str, str] | None = None,
        project: str = "project",
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
        engine: LivingEngine | None = None,
        lines: list[str] | None = None,
    ) -> None:
        self.engine = engine or LivingEngine()
        self.lines = [] if lines is None else lines
        self._process = start(
            "pulumi.dynamic", [self.engine.address], directory, {"PULUMI_PROJECT": project, **(environment or {})}
        )
        stdout, stderr = pipes(self._process)
        port = stdout.readline().strip()
        self._readers = [collect(stream, self.lines) for stream in (stdout, stderr)]
        if not port.isdigit():
            self._end_process()
            raise ProviderError("\n".join([f"the provider process said {port!r}, not its port", *self.lines]))
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)])
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._call(self._stub.Configure, provider_pb2.ConfigureRequest(args=to_struct(config or {})))

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _call(self, method: Callable[[object], Answer], request: object) -> Answer:
        try:
            return method(request)
        except grpc.RpcError as error:
            raise ProviderError((error.details() or str(error)).strip()) from None

    def check(self, olds: Properties, news: Properties) -> Checked:
        """Judges and completes new inputs; `olds` are the old inputs, empty before a creation."""
        request = provider_pb2.CheckRequest(olds=to_struct(olds), news=to_struct(news))
        answer = self._call(self._stub.Check, request)
        return Checked(
            from_struct(answer.inputs), tuple((failure.property, failure.reason) for failure in answer.failures)
        )

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        """Compares old outputs with new inputs."""
        request = provider_pb2.DiffRequest(id=id_, olds=to_struct(olds), news=to_struct(news))
        answer = self._call(self._stub.Diff, request)
        changes = {provider_pb2.DiffResponse.DIFF_NONE: False, provider_pb2.DiffResponse.DIFF_SOME: True}
        return Difference(changes.get(answer.changes), tuple(answer.replaces), answer.deleteBeforeReplace)

    def create(self, inputs: Properties) -> Found:
        """Creates an object."""
        answer = self._call(self._stub.Create, provider_pb2.CreateRequest(properties=to_struct(inputs)))
        return Found(answer.id, from_struct(answer.properties))

    def read(self, id_: str, outputs: Properties) -> Found:
        """Looks at an object again; an empty id says that it is gone."""
        request = provider_pb2.ReadRequest(id=id_, properties=to_struct(outputs))
        answer = self._call(self._stub.Read, request)
        inputs = from_struct(answer.inputs) if answer.HasField("inputs") else None
        return Found(answer.id, from_struct(answer.properties), inputs)

    def update(self, id_: str, olds: Properties, news: Properties) -> Properties:
        """Changes an object from old outputs to new inputs; gives the new outputs."""
        request = provider_pb2.UpdateRequest(id=id_, olds=to_struct(olds), news=to_struct(news))
        return from_struct(self._call(self._stub.Update, request).properties)

    def delete(self, id_: str, outputs: Properties) -> None:
        """Deletes an object."""
        self._call(self._stub.Delete, provider_pb2.DeleteRequest(id=id_, properties=to_struct(outputs)))

    def kill(self) -> None:
        """Ends the process at once, as `kill -9`; calls on their way fail."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ends the process and the engine; may be called twice."""
        self._channel.close()
        self._end_process()

    def _end_process(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join()
        self.engine.die()
