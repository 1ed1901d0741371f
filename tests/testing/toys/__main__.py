"""Builds what the configuration's `program` lists, so that a test can say its program in a line."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:  # mypy runs in the repository, the program in this directory
    from tests.testing.toys.toys import Box, Toy
else:
    from toys import Box, Toy

# the engine ends a program with SIGINT; as KeyboardInterrupt it would wait 5 s for what never comes
signal.signal(signal.SIGINT, signal.SIG_DFL)

made: dict[str, pulumi.Resource] = {}


def options(spec: dict[str, Any]) -> pulumi.ResourceOptions:
    said = dict(spec.get("opts", {}))
    for link in ("parent", "depends_on"):
        if link in said:
            said[link] = made[said[link]]
    said["aliases"] = [
        each if each.startswith("urn:") else pulumi.Alias(name=each) for each in said.get("aliases", [])
    ]
    return pulumi.ResourceOptions(**said)


def inputs(spec: dict[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in spec.items() if key not in {"name", "opts", "of", "secret"}}
    if spec.get("secret"):
        given["password"] = pulumi.Output.secret(os.environ["TOY_PASSWORD"])
    if source := made.get(spec.get("of", "")):
        given["title"] = source.serial if isinstance(source, Toy) else source.urn
    return given


def build(spec: dict[str, Any]) -> pulumi.Resource:
    name = spec["name"]
    if "crash" in spec:
        raise RuntimeError(spec["crash"])
    if spec.get("box"):
        return Box(name, options(spec))
    if "foreign" in spec:
        return pulumi.CustomResource(spec["foreign"], name, {"answer": pulumi.runtime.invoke("aws:get", {}).value})
    toy = Toy(name, inputs(spec), options(spec))
    pulumi.export(name, toy.serial)
    if spec.get("secret"):
        pulumi.export(f"{name} password", toy.password)
    return toy


for spec in pulumi.Config().require_object("program"):
    made[spec["name"]] = build(spec)
pulumi.log.warn("mind the toys")
print("the program is through")  # noqa: T201 - what a program prints is under test
