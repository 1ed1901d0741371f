"""The services a Pulumi program talks to: the resource monitor, and the engine's log."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from upvest_provider.testing.deployment import Deployment, Failed, Goal
from upvest_provider.testing.servicer import ProviderError
from upvest_provider.testing.state import Resource
from upvest_provider.testing.urn import STACK_TYPE, Namespace
from upvest_provider.testing.wire import Properties, from_struct, to_struct

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

# The names of the methods are the RPCs' names.
# ruff: noqa: N802


class Log(engine_pb2_grpc.EngineServicer):
    """The engine's log.

    Attributes:
        messages: What is good to know, line by line.
        error: What is wrong: the first error, for what a program says after it is only about its end.
    """

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.error: str | None = None

    def fail(self, error: str) -> None:
        """Notes an error, if it is the first."""
        self.error = self.error or error

    def Log(self, request: engine_pb2.LogRequest, _context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Takes one message of the program or of a provider."""
        if request.severity == engine_pb2.ERROR:
            self.fail(request.message.strip())
        elif request.severity in (engine_pb2.INFO, engine_pb2.WARNING):
            self.messages.extend(filter(None, request.message.splitlines()))
        return empty_pb2.Empty()

    def RequirePulumiVersion(
        self, _request: engine_pb2.RequirePulumiVersionRequest, _context: grpc.ServicerContext
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Passes any requirement: there is no CLI to be too old."""
        return engine_pb2.RequirePulumiVersionResponse()


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Hands on what a program registers, one at a time; after the first error it answers nothing more.

    Attributes:
        outputs: The stack's outputs, as far as the program gave them.
    """

    def __init__(self, deployment: Deployment, namespace: Namespace, log: Log) -> None:
        self.outputs: Properties = {}
        self._deployment = deployment
        self._namespace = namespace
        self._log = log
        self._failed = False
        self._turn = threading.Lock()

    def GetDeploymentInfo(
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> resource_pb2.DeploymentInfo:
        """Says what a rehearsal can do; for anything else the SDK says itself that the engine cannot."""
        return resource_pb2.DeploymentInfo(
            supportedFeatures=[
                resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
            ]
        )

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        """Settles one resource."""
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=self._namespace.urn("", request.type, request.name))
        settled = self._in_turn(context, lambda: self._deployment.register(self._goal(request)))
        return resource_pb2.RegisterResourceResponse(
            urn=settled.urn, id=settled.id, object=to_struct(settled.outputs)
        )

    def ReadResource(
        self, request: resource_pb2.ReadResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ReadResourceResponse:
        """Reads one object."""
        settled = self._in_turn(context, lambda: self._deployment.read(self._external(request)))
        return resource_pb2.ReadResourceResponse(urn=settled.urn, properties=to_struct(settled.outputs))

    def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Notes the outputs of the stack or of a component."""
        outputs = from_struct(request.outputs)
        if f"::{STACK_TYPE}::" in request.urn:
            self.outputs = outputs
        else:
            self._in_turn(context, lambda: self._deployment.register_outputs(request.urn, outputs))
        return empty_pb2.Empty()

    def Invoke(
        self, _request: resource_pb2.ResourceInvokeRequest, _context: grpc.ServicerContext
    ) -> resource_pb2.ResourceInvokeResponse:
        """Answers a call to a provider that a rehearsal does not have: with nothing."""
        return resource_pb2.ResourceInvokeResponse()

    def SignalAndWaitForShutdown(
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Lets the program go: nothing more is asked of it."""
        return empty_pb2.Empty()

    def _in_turn(self, context: grpc.ServicerContext, work: Callable[[], Answer]) -> Answer:
        with self._turn:
            if not self._failed:
                try:
                    return work()
                except (Failed, ProviderError) as error:
                    self._failed = True
                    self._log.fail(str(error))
        # what the SDK takes for an engine that shuts down (`grpc_error_to_exception`)
        return context.abort(grpc.StatusCode.UNAVAILABLE, "the operation has failed")

    def _goal(self, request: resource_pb2.RegisterResourceRequest) -> Goal:
        for option, said in (("import_", request.importId), ("replace_on_changes", request.replaceOnChanges)):
            if said:
                raise Failed(f"a rehearsal does not play the resource option `{option}` of {request.name}")
        urn = self._namespace.urn(request.parent, request.type, request.name)
        former_parent = self._deployment.settled_from.get(request.parent, "")
        return Goal(
            Resource(
                urn=urn,
                type=request.type,
                custom=request.custom,
                inputs=from_struct(request.object),
                ignore_changes=list(request.ignoreChanges),
                additional_secret_outputs=list(request.additionalSecretOutputs),
                protect=request.protect,
                retain_on_delete=request.retainOnDelete,
                deleted_with=request.deletedWith,
            ),
            self._namespace.former(urn, request.parent, list(request.aliases), former_parent),
            request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        )

    def _external(self, request: resource_pb2.ReadResourceRequest) -> Resource:
        return Resource(
            urn=self._namespace.urn(request.parent, request.type, request.name),
            type=request.type,
            custom=True,
            inputs=from_struct(request.properties),
            id=request.id,
            additional_secret_outputs=list(request.additionalSecretOutputs),
            external=True,
        )
