"""URNs, the names under which Pulumi's state knows resources: `urn:pulumi:<stack>::<project>::<type>::<name>`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import alias_pb2

STACK_TYPE = "pulumi:pulumi:Stack"


def name_of(urn: str) -> str:
    """Gives the resource's name."""
    return urn.split("::", 3)[3]


def type_of(urn: str) -> str:
    """Gives the resource's own type."""
    return _qualified_type(urn).rpartition("$")[2]


def _qualified_type(urn: str) -> str:
    return urn.split("::", 3)[2]


@dataclass(frozen=True)
class Namespace:
    """The stack and project that URNs are made in."""

    stack: str
    project: str

    def urn(self, parent: str, type_: str, name: str) -> str:
        """Gives the URN of a resource; a stack as its parent leaves no trace in it."""
        parent_type = _qualified_type(parent) if parent else STACK_TYPE
        qualified = type_ if parent_type == STACK_TYPE else f"{parent_type}${type_}"
        return f"urn:pulumi:{self.stack}::{self.project}::{qualified}::{name}"

    def former(self, urn: str, parent: str, aliases: list[alias_pb2.Alias], former_parent: str) -> list[str]:
        """Gives the URNs that a resource may have had before (step_generator.go `generateAliases`).

        Args:
            urn: The URN it has now.
            parent: Its parent's URN now.
            aliases: What the program says.
            former_parent: The URN under which the parent was found in the state; empty if it is the same.
        """
        said = [self._aliased(urn, former_parent or parent, alias) for alias in aliases]
        inherited = [_inherited(each, parent, former_parent) for each in (urn, *said)] if former_parent else []
        return [*said, *inherited]

    def _aliased(self, urn: str, parent: str, alias: alias_pb2.Alias) -> str:
        if alias.urn:
            return str(alias.urn)
        spec = alias.spec
        namespace = Namespace(spec.stack or self.stack, spec.project or self.project)
        former_parent = "" if spec.noParent else spec.parentUrn or parent
        return namespace.urn(former_parent, spec.type or type_of(urn), spec.name or name_of(urn))


def _inherited(urn: str, parent: str, former_parent: str) -> str:
    """A child named after its parent was renamed with it (step_generator.go `inheritedChildAlias`)."""
    name = name_of(urn)
    if name.startswith(name_of(parent)):
        name = name_of(former_parent) + name.removeprefix(name_of(parent))
    head, project, _, _ = former_parent.split("::", 3)
    return f"{head}::{project}::{_qualified_type(former_parent)}${type_of(urn)}::{name}"
