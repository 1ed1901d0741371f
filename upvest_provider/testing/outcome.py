"""What came of one operation on a stack, the same for a rehearsal and for the Pulumi CLI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from upvest_provider.testing.urn import STACK_TYPE, name_of, type_of
from upvest_provider.testing.wire import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Step:
    """One thing done, or in a preview planned, to one resource.

    Attributes:
        kind: As Pulumi names it: `create`, `update`, `same`, `delete`, `replace` (both halves of a completed
            replacement), `delete-replaced` (only its old half), `refresh` (the object was found), `read`,
            `discard`. What a refresh does not find is a `delete`.
        name: The resource's name.
        type: The resource's type.
        changed: The names of the inputs that differ from those in the state, sorted. Names that start with two
            underscores are left out, and what is secret does not show: Pulumi's own events hide it too.
        urn: The resource's URN.
    """

    kind: str
    name: str
    type: str
    changed: tuple[str, ...]
    urn: str

    @classmethod
    def of(cls, kind: str, urn: str, olds: Mapping[str, object] | None, news: Mapping[str, object] | None) -> Step:
        """Gives the step with what its inputs tell."""
        return cls(kind, name_of(urn), type_of(urn), _changed(olds, news), urn)


@dataclass(frozen=True)
class Outcome:
    """What came of one operation.

    Attributes:
        steps: What was done, or in a preview planned, sorted by name; of one resource in the order of doing. What
            failed is not among them.
        messages: What program, provider and engine said, line by line; no errors.
        error: What is wrong, or None.
        outputs: The stack's outputs, `[secret]` or `[unknown]` for what is; empty after an error.
    """

    steps: tuple[Step, ...]
    messages: tuple[str, ...]
    error: str | None
    outputs: Mapping[str, object]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.error is None


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Gives the steps sorted by name, each completed replacement as one, without stack and provider resources."""
    told = [step for step in steps if step.type != STACK_TYPE and not step.type.startswith("pulumi:providers:")]
    replaced = {step.urn for step in told if step.kind == "replace"}
    return tuple(
        sorted(
            (step for step in told if step.kind != "delete-replaced" or step.urn not in replaced),
            key=lambda step: step.name,
        )
    )


def _changed(olds: Mapping[str, object] | None, news: Mapping[str, object] | None) -> tuple[str, ...]:
    if olds is None or news is None:
        return ()
    missing = object()
    names = (name for name in {**olds, **news} if not name.startswith("__"))
    return tuple(sorted(name for name in names if _differ(olds.get(name, missing), news.get(name, missing))))


def _differ(old: object, new: object) -> bool:
    return shown(old) != shown(new)
