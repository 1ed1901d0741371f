"""Bare resources: they hold what is declared and answered, and do nothing but wait for the necessary requests.

Nothing is sent and nothing is computed: a request is a sleep of the API's latency, so neither what a client
computes is in it nor what the API does. Token and list are waited for once a process, and by all threads.
"""

from __future__ import annotations

import functools
import os
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider, UpdateResult
from pulumi.dynamic.dynamic import serialize_provider

if TYPE_CHECKING:
    from collections.abc import Mapping

LIBRARIES = """
import cryptography.hazmat.primitives.asymmetric.ec
import cryptography.hazmat.primitives.serialization
import httpcore
import httpx
import pydantic
pydantic.create_model("Answer", token=str)
"""
"""Without which nobody can send one signed request and read its answer.

`pydantic` alone loads next to nothing: the rest comes with the first model, a look for plugins among all installed
packages included. So it is with `httpx`, whose first client loads `httpcore` and `h11`.
"""

ANSWERED = {
    "enabled": True,
    "exclude_type": [],
    "created_at": "2026-11-24T03:01:30.84Z",
    "updated_at": "2026-11-24T03:01:30.85Z",
}
"""What an answer of the API has beside what is declared."""

_first_requests = threading.Lock()


class BareProvider(ResourceProvider):
    """Waits; check, diff and comparison are left to Pulumi's defaults."""

    serialize_as_secret_always = False
    outputs: ClassVar[dict[str, Any]] = ANSWERED
    """What it holds beside what is declared."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """As long as a POST and a PATCH, after a token and a list."""
        _wait_for("token", "list")
        _request(2)
        return CreateResult(str(uuid.uuid4()), props | self.outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """As long as what a request needs takes to load, a token and a list."""
        _wait_for("libraries", "token", "list")
        return ReadResult(id_, props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """As long as a PATCH, after a token."""
        _wait_for("token")
        _request()
        return UpdateResult(news | self.outputs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """As long as a DELETE, after a token."""
        _wait_for("token")
        _request()


class Idle(Resource, module="bench", name="Idle"):
    """A webhook that nobody has."""


def declare(name: str, fields: Mapping[str, Any]) -> Idle:
    """Declares a webhook in the program that runs."""
    return Idle(BareProvider(), name, dict(fields))


def sent(_name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine sends to the provider process for such a declaration."""
    return {"__provider": serialize_provider(BareProvider()), **fields}


def _request(count: int = 1) -> None:
    time.sleep(count * float(os.environ["BENCH_LATENCY"]))


def _wait_for(*shared: str) -> None:
    with _first_requests:
        for what in shared:
            _shared(what)


@functools.cache
def _shared(what: str) -> None:
    if what == "libraries":
        exec(LIBRARIES, {"__name__": __name__})  # noqa: S102 - our own lines
    else:
        _request()
