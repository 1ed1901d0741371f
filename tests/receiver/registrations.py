"""Runs the program at the top of this repository under Pulumi's mocks, and prints what it registers, as JSON.

A process of its own, for Pulumi's settings are those of a process. Arguments: the stack, configuration above that
of the files as JSON, and `preview` or `up`.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func

from upvest_provider.testing.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.runtime.proto import resource_pb2

PROJECT = Path(__file__).resolve().parents[2]
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Aws(pulumi.runtime.Mocks):
    """Answers as AWS does where its answers go into other resources; all else is what it was told."""

    def __init__(self, *, is_preview: bool) -> None:
        self._is_preview = is_preview

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"{args.token} was asked: a preview is to work without credentials")

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        made = self._made(args.typ.rpartition(":")[2], args.inputs)
        return "" if self._is_preview else f"id of {args.name}", {**args.inputs, **made}

    def _made(self, type_: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        match type_:
            case "Certificate":
                proof = {"Name": "_proof.hooks", "Type": "CNAME", "Value": "_acm.aws"}
                options = [{f"resourceRecord{key}": self._known(value) for key, value in proof.items()}]
                return {"arn": self._known("arn of the certificate"), "domainValidationOptions": options}
            case "Record":
                return {"fqdn": self._known(inputs["name"])}
            case "DomainName":
                made = {"targetDomainName": "d-1.execute-api.aws", "hostedZoneId": "zone of AWS's API"}
                known = {key: self._known(value) for key, value in made.items()}
                return {"domainNameConfiguration": {**inputs["domainNameConfiguration"], **known}}
            case _:
                return {}

    def _known(self, made: str) -> str:
        """What is not there before it is made."""
        return UNKNOWN if self._is_preview else made


class Recorder(mocks.MockMonitor):
    """Remembers what an engine would be asked to register."""

    def __init__(self, answers: Aws) -> None:
        super().__init__(answers)
        self.registered: list[dict[str, object]] = []

    def RegisterResource(  # noqa: N802 - the service's own name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        response: resource_pb2.RegisterResourceResponse
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call] # the SDK has no types for it
        self.registered.append(
            {
                "urn": response.urn,
                "type": request.type.rpartition(":")[2],
                "name": request.name,
                "inputs": json_format.MessageToDict(request.object),
                "dependencies": sorted(request.dependencies),
                "protect": request.protect,
            }
        )
        return response


def main(stack: str, config: str, operation: str) -> None:
    """Prints the registrations in their order."""
    is_preview = operation == "preview"
    recorder = Recorder(Aws(is_preview=is_preview))
    project = Project.read(PROJECT)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(
        recorder.mocks, project=project.name, stack=stack, preview=is_preview, monitor=recorder
    )
    pulumi.runtime.set_all_config(project.config(stack, json.loads(config)))

    async def program() -> None:
        runpy.run_path(str(PROJECT))

    loop.run_until_complete(run_pulumi_func(program))
    sys.stdout.write(json.dumps(recorder.registered))


if __name__ == "__main__":
    main(*sys.argv[1:])
