"""Toys: resources whose objects are files in the directory that TOY_BOX names."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

Properties = dict[str, Any]
COMPARED = ("title", "settings", "password", "size")


class ToyProvider(ResourceProvider):
    """Keeps every toy in a file, and a journal of what it was asked to do."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        greeting = req.config.get("greeting")
        if greeting != "hello":
            _say(str(greeting))

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        failures = [CheckFailure("title", "must not be empty")] if news.get("title") == "" else []
        if news.get("size") == 0:
            failures.append(CheckFailure("size", "must not be 0"))
        return CheckResult({"size": 1, **news}, failures)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        other = olds.get("kind") != news.get("kind")
        return DiffResult(
            changes=other or any(olds.get(key) != news.get(key) for key in COMPARED),
            replaces=["kind"] if other else [],
            delete_before_replace=bool(news.get("first")),
        )

    def create(self, props: Properties) -> CreateResult:
        id_ = f"toy-{len(_journal())}"
        _note("create", id_)
        return CreateResult(id_, _put(id_, props))

    def read(self, id_: str, props: Properties) -> ReadResult:
        _fail_if_broken("read")
        if not _file(id_).exists():
            return ReadResult("", {})
        found = json.loads(_file(id_).read_text())
        return ReadResult(id_, found, {key: found[key] for key in props if key in found and key != "serial"})

    def update(self, id_: str, _olds: Properties, news: Properties) -> UpdateResult:
        _note("update", id_)
        return UpdateResult(_put(id_, news))

    def delete(self, id_: str, _props: Properties) -> None:
        _note("delete", id_)
        _file(id_).unlink(missing_ok=True)


class Toy(Resource, module="toys", name="Toy"):
    """A toy; `serial` is made by its provider."""

    serial: pulumi.Output[str]
    password: pulumi.Output[str]

    def __init__(self, name: str, props: Properties, opts: pulumi.ResourceOptions) -> None:
        super().__init__(ToyProvider(), name, {"serial": None, **props}, opts)


class Box(pulumi.ComponentResource):
    """A component around toys."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("toys:index:Box", name, {}, opts)
        self.register_outputs({"box": name})


def _box() -> Path:
    return Path(os.environ["TOY_BOX"])


def _file(id_: str) -> Path:
    return _box() / f"{id_}.json"


def _put(id_: str, props: Properties) -> Properties:
    toy = {**{key: value for key, value in props.items() if key != "__provider"}, "serial": f"serial of {id_}"}
    _file(id_).write_text(json.dumps(toy))
    return toy


def _journal() -> list[str]:
    journal = _box() / "journal"
    return journal.read_text().splitlines() if journal.exists() else []


def _note(verb: str, id_: str) -> None:
    _say(f"{verb} {id_}")
    _fail_if_broken(verb)
    with (_box() / "journal").open("a") as journal:
        journal.write(f"{verb} {id_}\n")


def _fail_if_broken(verb: str) -> None:
    broken = _box() / "broken"
    if broken.exists() and broken.read_text() == verb:
        raise OSError(f"cannot {verb}\nthe box is broken")


def _say(line: str) -> None:
    """Says a line, and whether the engine still answers: its address is the process' last argument."""
    host, _, port = sys.argv[-1].rpartition(":")
    with socket.socket() as connection:
        dead = connection.connect_ex((host, int(port)))
    print(f"{line} without an engine" if dead else line, file=sys.stderr)  # noqa: T201 - the tests read it
