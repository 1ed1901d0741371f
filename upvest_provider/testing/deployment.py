"""The rules of one operation, in place of Pulumi's engine.

The Go functions named here are those of pkg/resource/deploy, Pulumi 3.260.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi.runtime.rpc import is_rpc_secret

from upvest_provider.testing.ignore import with_ignored
from upvest_provider.testing.outcome import Step
from upvest_provider.testing.servicer import Checked, Difference, Found, Provider
from upvest_provider.testing.wire import UNKNOWN, Properties, annotate_secrets, plain, seal, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from upvest_provider.testing.state import Resource, State


class Failed(Exception):
    """The operation cannot go on; the text is for the person at the terminal."""


@dataclass(frozen=True)
class Goal:
    """A resource as the program wants it.

    Attributes:
        resource: It, with the inputs of the program.
        former_urns: Where else to look for it in the state.
        delete_before_replace: What the program says; None leaves it to the provider.
    """

    resource: Resource
    former_urns: Collection[str] = ()
    delete_before_replace: bool | None = None


class Echo:
    """Stands in for a provider that a rehearsal does not have: the outputs are the inputs, the id is the name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def check(self, _olds: Properties, news: Properties) -> Checked:
        """Takes everything."""
        return Checked(news)

    def diff(self, _id: str, _olds: Properties, _news: Properties) -> Difference:
        """Leaves the comparison to the engine."""
        return Difference(changes=None)

    def create(self, inputs: Properties) -> Found:
        """Creates nothing."""
        return Found(self._name, inputs)

    def read(self, id_: str, outputs: Properties) -> Found:
        """Finds what was there."""
        return Found(id_, outputs)

    def update(self, _id: str, _olds: Properties, news: Properties) -> Properties:
        """Changes nothing."""
        return news

    def delete(self, _id: str, _outputs: Properties) -> None:
        """Deletes nothing."""


class Deployment:
    """One operation on a state.

    The state's resources are those that the operation has settled, in the order of settling, and behind them those
    it has not come to yet; so each stands after all that it depends on (pkg/backend/snapshot.go). Dependencies are
    known by that order only: what depends on something that is deleted first for its replacement stays, where the
    engine might have its provider asked whether it is to be replaced as well (`calculateDependentReplacements`).

    Args:
        state: What is known of the stack; changed as the operation goes on.
        save: Called after every change.
        dynamic: The provider of the dynamic resources; another may take its place as the operation goes on.
        preview: Whether to plan only: nothing is created, updated or deleted.
        replace: The names of resources to replace whatever their diff says.

    Attributes:
        steps: What was done, in the order of doing.
        refusal: What `up` will refuse although the preview goes on.
        settled_from: For every resource that had another URN in the state: that one, by its new URN.
    """

    def __init__(
        self,
        state: State,
        *,
        save: Callable[[State], None],
        dynamic: Provider,
        preview: bool,
        replace: Collection[str],
    ) -> None:
        self.steps: list[Step] = []
        self.refusal: str | None = None
        self.settled_from: dict[str, str] = {}
        self._state = state
        self._save = save
        self.dynamic = dynamic
        self._preview = preview
        self._replaced = replace
        self._settled = 0
        self._going: set[str] = set()

    # What a program asks for

    def register(self, goal: Goal) -> Resource:
        """Makes a resource what the program wants (`continueStepsFromImport`, `continueStepsFromDiff`)."""
        new = goal.resource
        old = self._old(new.urn, goal.former_urns)
        if not new.custom:
            return self._register_component(old, new)
        wanted = new.inputs
        if old is None:
            new.inputs = self._checked(new, {}, wanted)
            return self._settle("create", None, self._created(new))
        if old.external or new.name in self._replaced:
            new.inputs = self._checked(new, {}, wanted)
            return self._replace(old, new, delete_first=bool(goal.delete_before_replace))
        new.inputs = self._checked(new, old.inputs, with_ignored(wanted, old.inputs, new.ignore_changes))
        difference = self._difference(old, new)
        if old.pending_replacement or (difference.changes and difference.replaces):
            # what check took over from the old inputs does not hold for a new object
            new.inputs = self._checked(new, {}, wanted)
            said = goal.delete_before_replace
            return self._replace(old, new, delete_first=difference.delete_before_replace if said is None else said)
        if difference.changes:
            return self._settle("update", old, self._updated(old, new))
        new.id, new.outputs = old.id, old.outputs
        return self._settle("same", old, new)

    def read(self, new: Resource) -> Resource:
        """Looks up an object that the program only reads (`GenerateReadSteps`, `ReadStep.Apply`)."""
        old = self._old(new.urn, ())
        ours = old and not old.external and old.id != new.id
        if new.id != UNKNOWN:
            found = self._provider(new).read(new.id, plain(new.inputs))
            new.id, new.outputs = found.id or new.id, annotate_secrets(found.outputs, new.inputs)
        if old and ours:
            old.delete = True
        return self._settle("read", old, new)

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """Notes a component's outputs."""
        for resource in self._state.resources[: self._settled]:
            if resource.urn == urn:
                resource.outputs = outputs
        self._save(self._state)

    def import_(self, resources: Collection[Resource]) -> list[str]:
        """Takes objects into the state as they are given (import.go `importResources`, `ImportStep.Apply`).

        Returns:
            What the provider has against their inputs; the engine warns of it and goes on.
        """
        waiting = [resource for resource in self._state.resources if not resource.delete]
        for old in waiting:
            self._settle("same", old, old)
        known = {old.urn: old.id for old in waiting}
        doubts = []
        for new in resources:
            if known.get(new.urn) == new.id:
                continue
            if new.urn in known:
                raise Failed(f"resource '{new.urn}' already exists")
            checked = self._provider(new).check(plain(new.inputs), plain(new.inputs))
            doubts += [_failure(new, *failure) for failure in checked.failures]
            self._settle("import", None, new)
        return doubts

    # What the operation does by itself

    def refresh(self) -> None:
        """Looks at every object again (`RefreshStep.Apply`)."""
        for resource in list(self._state.resources):
            inputs = resource.inputs
            if not resource.custom or resource.pending_replacement:
                self._tell("refresh", resource.urn, inputs, inputs)
                continue
            provider = self._provider(resource)
            found = provider.read(resource.id, plain(resource.outputs))
            if not found.id:
                self._remove("delete", resource)
                continue
            if found.inputs is not None:
                resource.inputs = annotate_secrets(found.inputs, inputs)
            resource.outputs = self._sealed(resource, annotate_secrets(found.outputs, resource.outputs))
            resource.id = found.id
            if not resource.external:
                # the engine asks what an `up` would now change, only to show it
                provider.diff(resource.id, plain(resource.outputs), plain(inputs))
            self._tell("refresh", resource.urn, inputs, resource.inputs)

    def delete_rest(self) -> None:
        """Deletes what was not settled, dependents first (`GenerateDeletes`, `ScheduleDeletes`)."""
        rest = self._state.resources[self._settled :]
        self._going = {resource.urn for resource in rest}
        for resource in reversed(rest):
            if resource.pending_replacement:
                self._remove("remove-pending-replace", resource)
                continue
            if resource.protect and not resource.delete:
                raise Failed(
                    f'resource "{resource.urn}" cannot be deleted\nbecause it is protected. '
                    "Take `protect` away in the program and run `up` before"
                )
            self._delete(resource)
            kind = "discard" if resource.external else "delete"
            self._remove(f"{kind}-replaced" if resource.delete else kind, resource)

    # The state

    def _old(self, urn: str, former_urns: Collection[str]) -> Resource | None:
        """Finds a resource in what is not settled yet (`getOldResource`)."""
        if any(resource.urn == urn for resource in self._state.resources[: self._settled]):
            raise Failed(f"Duplicate resource URN '{urn}'; try giving it a unique name")
        waiting = {
            resource.urn: resource for resource in self._state.resources[self._settled :] if not resource.delete
        }
        return next((waiting[each] for each in (urn, *former_urns) if each in waiting), None)

    def _settle(self, kind: str, old: Resource | None, new: Resource) -> Resource:
        new.outputs = self._sealed(new, new.outputs)
        if old and not old.delete:
            self._state.resources.remove(old)
        self._state.resources.insert(self._settled, new)
        self._settled += 1
        if old and old.urn != new.urn:
            self.settled_from[new.urn] = old.urn
        self._tell(kind, new.urn, old.inputs if old else None, new.inputs)
        return new

    def _remove(self, kind: str, resource: Resource) -> None:
        self._state.resources.remove(resource)
        self._tell(kind, resource.urn, resource.inputs, None)

    def _tell(self, kind: str, urn: str, olds: Properties | None, news: Properties | None) -> None:
        self.steps.append(Step.of(kind, urn, olds, news))
        self._save(self._state)

    def _sealed(self, resource: Resource, outputs: Properties) -> Properties:
        """Hides what the program says, and what repeats a secret input (step_executor.go `executeStep`)."""
        repeated = [key for key, value in resource.inputs.items() if is_rpc_secret(value)]
        return seal(outputs, [*resource.additional_secret_outputs, *repeated])

    # One resource

    def _register_component(self, old: Resource | None, new: Resource) -> Resource:
        """A component has no provider: it differs if its inputs do (`diff`)."""
        if old is None:
            return self._settle("create", None, new)
        new.outputs = old.outputs
        return self._settle("same" if plain(old.inputs) == plain(new.inputs) else "update", old, new)

    def _replace(self, old: Resource, new: Resource, *, delete_first: bool) -> Resource:
        """Replaces in either order (`continueStepsFromDiff`); a deletion that comes last is `delete_rest`'s."""
        if old.protect and new.protect:
            self.refusal = (
                f'unable to replace resource "{new.urn}"\nas it is currently marked for protection. '
                "Take `protect` away in the program and run `up`"
            )
            if not self._preview:
                raise Failed(self.refusal)
        if old.pending_replacement:
            return self._settle("replace", old, self._created(new))
        if delete_first:
            self._delete(old)
            old.pending_replacement = True
            self._tell("delete-replaced", old.urn, old.inputs, None)
            return self._settle("replace", old, self._created(new))
        self._created(new)
        old.delete = True
        return self._settle("replace", old, new)

    def _checked(self, new: Resource, olds: Properties, news: Properties) -> Properties:
        checked = self._provider(new).check(plain(olds), plain(news))
        if checked.failures:
            raise Failed("\n".join(_failure(new, *failure) for failure in checked.failures))
        return annotate_secrets(checked.inputs, news)

    def _difference(self, old: Resource, new: Resource) -> Difference:
        difference = self._provider(new).diff(old.id, plain(old.outputs), plain(new.inputs))
        if difference.changes is None:  # step_generator.go `diffResource`
            return dataclasses.replace(difference, changes=plain(old.inputs) != plain(new.inputs))
        return difference

    def _created(self, new: Resource) -> Resource:
        if self._preview:
            new.outputs = dict(
                new.inputs
            )  # provider_plugin.go `Create`: without preview support outputs are inputs
            return new
        found = self._provider(new).create(plain(new.inputs))
        if not found.id:
            raise Failed("provider did not return an ID from Create")
        new.id, new.outputs = found.id, annotate_secrets(found.outputs, new.inputs)
        return new

    def _updated(self, old: Resource, new: Resource) -> Resource:
        new.id = old.id
        if self._preview:
            new.outputs = dict(new.inputs)  # provider_plugin.go `Update`: the same
            return new
        outputs = self._provider(new).update(old.id, plain(old.outputs), plain(new.inputs))
        new.outputs = annotate_secrets(outputs, new.inputs)
        return new

    def _delete(self, resource: Resource) -> None:
        """Deletes the object, if it is ours to delete (`DeleteStep.Apply`)."""
        is_left_alone = resource.external or resource.retain_on_delete or resource.deleted_with in self._going
        if resource.custom and not (self._preview or is_left_alone):
            self._provider(resource).delete(resource.id, plain(resource.outputs))

    def _provider(self, resource: Resource) -> Provider:
        return self.dynamic if resource.type.startswith("pulumi-python:") else Echo(resource.name)


def _failure(resource: Resource, key: str, reason: str) -> str:
    """The words of sdk/go/common/diag/errors.go, numbers 2002 and 2003."""
    if not key:
        return f"{resource.type} resource '{resource.name}' has a problem: {reason}"
    value = shown(resource.inputs.get(key))
    value = f"{value:g}" if isinstance(value, float) else value
    return f"{resource.type} resource '{resource.name}': property {key} value {{{value}}} has a problem: {reason}"
