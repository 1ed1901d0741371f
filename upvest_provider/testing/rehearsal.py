"""A Pulumi stack without the Pulumi CLI: for tests, and for a first look where there is no CLI.

The real Python SDK runs the program, the real `python -m pulumi.dynamic` runs the providers; the engine
between them is played, by the few rules of `deployment`. Resources of other packages echo their inputs.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from upvest_provider.testing.deployment import Deployment, Failed
from upvest_provider.testing.engine import LivingEngine
from upvest_provider.testing.monitor import Log, Monitor
from upvest_provider.testing.outcome import Outcome, in_order
from upvest_provider.testing.process import collect, pipes, start
from upvest_provider.testing.project import Project
from upvest_provider.testing.servicer import ProviderError, Servicer
from upvest_provider.testing.state import Resource, StateFile
from upvest_provider.testing.urn import Namespace
from upvest_provider.testing.wire import Properties, from_file, shown, to_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


class Rehearsal:
    """A stack of a project, rehearsed: no parallelism, no locks, no history, no other packages' providers.

    Args:
        project: The directory with `Pulumi.yaml`.
        stack: The stack's name; its configuration is read from `Pulumi.<stack>.yaml`.
        state: The file that holds the stack's state; created by the first `up`.
        config: Configuration above that of the files; keys without a namespace are the project's.
        environment: Variables for program and provider, besides this process' own.

    Attributes:
        errors: What was wrong in its operations so far, whole and in their order.
    """

    def __init__(
        self,
        project: Path,
        *,
        stack: str,
        state: Path,
        config: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._project = Project.read(project)
        self._namespace = Namespace(stack, self._project.name)
        self._file = StateFile(state)
        self._given = dict(config or {})
        self._environment = dict(environment or {})
        self.errors: list[str] = []

    def set_config(self, key: str, value: str) -> None:
        """Sets a configuration value for what follows."""
        self._given[key] = value

    def preview(self, *, refresh: bool = False, replace: Collection[str] = ()) -> Outcome:
        """Tells what `up` would do."""
        return self._operate(program=True, preview=True, refresh=refresh, replace=replace)

    def up(self, *, refresh: bool = False, replace: Collection[str] = ()) -> Outcome:
        """Makes the stack what the program says.

        Args:
            refresh: Whether to look at every object before.
            replace: The names of resources to replace in any case.
        """
        return self._operate(program=True, refresh=refresh, replace=replace)

    def refresh(self) -> Outcome:
        """Makes the state what the objects are."""
        return self._operate(refresh=True)

    def destroy(self) -> Outcome:
        """Deletes everything in the state."""
        return self._operate(destroy=True)

    def import_file(self, file: Path, *, protect: bool = True) -> Outcome:
        """Takes objects that exist into the state, as `pulumi import --file` does.

        Args:
            file: Names them, with inputs and outputs and without parents; others a rehearsal does not import.
            protect: Whether they are protected then.
        """
        entries = json.loads(file.read_text())["resources"]
        imports = [self._imported(entry, protect=protect) for entry in entries]
        return self._operate(imports=imports)

    def export(self) -> dict[str, Any]:
        """Gives the stack as `pulumi stack export --show-secrets` does, as far as a rehearsal keeps it."""
        return {
            "version": 3,
            "deployment": {"resources": [_exported(each) for each in self._file.load().resources]},
        }

    def _imported(self, entry: Mapping[str, Any], *, protect: bool) -> Resource:
        if "outputs" not in entry or "parent" in entry:
            raise ValueError(
                f"a rehearsal imports what has outputs and no parent, and {entry.get('name')} is not so\n"
                "import it with the Pulumi CLI"
            )
        return Resource(
            urn=self._namespace.urn("", entry["type"], entry["name"]),
            type=entry["type"],
            custom=True,
            inputs={key: from_file(value) for key, value in entry["inputs"].items()},
            outputs={key: from_file(value) for key, value in entry["outputs"].items()},
            id=entry["id"],
            protect=protect,
        )

    def _operate(
        self,
        *,
        imports: Collection[Resource] = (),
        program: bool = False,
        preview: bool = False,
        refresh: bool = False,
        destroy: bool = False,
        replace: Collection[str] = (),
    ) -> Outcome:
        state = self._file.load()
        save = (lambda _: None) if preview else self._file.save
        is_configured = program or imports
        config = (
            self._project.config(self._namespace.stack, self._given) if is_configured else state.provider_config
        )
        # a refresh happens before the program runs, with the provider as the state knows it
        first_config = state.provider_config if refresh else config
        log = Log()
        engine = LivingEngine(partial(engine_pb2_grpc.add_EngineServicer_to_server, log))
        with ExitStack() as processes:
            servicer = processes.enter_context(self._servicer(first_config, engine, log))
            deployment = Deployment(state, save=save, dynamic=servicer, preview=preview, replace=replace)
            try:
                if imports:
                    state.provider_config = config
                    log.messages += deployment.import_(imports)
                if refresh:
                    deployment.refresh()
                if program:
                    if config != first_config:
                        deployment.dynamic = processes.enter_context(self._servicer(config, engine, log))
                    state.provider_config = config
                    state.outputs = self._run(deployment, engine, log, config, preview=preview)
                if program or destroy:
                    deployment.delete_rest()
                if destroy:
                    state.outputs = {}
                error = deployment.refusal
            except (Failed, ProviderError) as failure:
                error = str(failure)
        save(state)
        self.errors += [error] if error else []
        outputs = {} if error else {key: shown(value) for key, value in state.outputs.items()}
        return Outcome(in_order(deployment.steps), tuple(log.messages), error, outputs)

    def _servicer(self, config: Mapping[str, str], engine: LivingEngine, log: Log) -> Servicer:
        return Servicer(
            config=config,
            project=self._project.name,
            directory=self._project.directory,
            environment=self._environment,
            engine=engine,
            lines=log.messages,
        )

    def _run(
        self, deployment: Deployment, engine: LivingEngine, log: Log, config: Mapping[str, str], *, preview: bool
    ) -> Properties:
        """Runs the program to its end; gives the outputs of the stack."""
        monitor = Monitor(deployment, self._namespace, log)
        server = LivingEngine(partial(resource_pb2_grpc.add_ResourceMonitorServicer_to_server, monitor))
        project, stack = self._namespace.project, self._namespace.stack
        dry_run = "true" if preview else "false"
        paths = [str(self._project.root), str(self._project.main)]
        process = start(
            "upvest_provider.testing._program",
            [server.address, engine.address, project, stack, dry_run, *paths],
            self._project.directory,
            {
                "PULUMI_ORGANIZATION": "organization",
                "PULUMI_PROJECT": project,
                "PULUMI_STACK": stack,
                "PULUMI_DRY_RUN": dry_run,
                "PULUMI_CONFIG": json.dumps(dict(config)),
                **self._environment,
            },
        )
        readers = [collect(stream, log.messages) for stream in pipes(process)]
        try:
            exit_code = process.wait()
        finally:
            process.kill()
            for reader in readers:
                reader.join()
            server.die()
        if log.error or exit_code:
            raise Failed(log.error or f"the program ended with exit code {exit_code}")
        return monitor.outputs


def _exported(resource: Resource) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "custom": resource.custom,
        "id": resource.id,
        "type": resource.type,
        "inputs": to_file(resource.inputs),
        "outputs": to_file(resource.outputs),
        "protect": resource.protect,
    }
