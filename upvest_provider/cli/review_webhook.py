"""A webhook before and after what a preview plans, and what of it goes where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from upvest_provider.categories import ALL
from upvest_provider.differences import FIELDS, is_ignored
from upvest_provider.overlap import origin
from upvest_provider.rules import reasons_against_url

from .review_preview import Hidden

if TYPE_CHECKING:
    from .review_preview import State, Step

Fields = Mapping[str, Any]


class Categories(NamedTuple):
    """Event categories: those named, or all but those named."""

    names: frozenset[str] = frozenset()
    are_all_but: bool = False

    def minus(self, other: Categories) -> Categories:
        """Those that are not in the other."""
        if not self.are_all_but:
            return Categories(self.names & other.names if other.are_all_but else self.names - other.names)
        if other.are_all_but:
            return Categories(other.names - self.names)
        return Categories(self.names | other.names, are_all_but=True)

    def __bool__(self) -> bool:
        return self.are_all_but or bool(self.names)


NONE = Categories()


def before(step: Step) -> Fields:
    """What the API holds, as far as the state knows; empty where there is no webhook yet.

    Title and delay are as declared: a server may write them in another form, which is no change.
    """
    if step.old is None:
        return {}
    inputs, outputs = _part(step.old, "inputs"), _part(step.old, "outputs")
    config = {**_part(outputs, "config"), **_part(inputs, "config")}
    fields = {**inputs, **outputs, "config": config}
    return {**fields, "title": inputs["title"]} if inputs.get("title") is not None else fields


def after(step: Step) -> Fields:
    """What the API will hold; empty where there will be no webhook. What nobody declares stays the API's."""
    if step.new is None:
        return {}
    held, declared = before(step), _part(step.new, "inputs")
    ignored = declared.get("__ignore_changes")
    left_alone = ignored if isinstance(ignored, list) else []
    old_inputs = _part(step.old or {}, "inputs")
    if old_inputs.get("exclude_type") is not None:
        declared = {"exclude_type": [], **declared}  # no longer declared: nothing is excluded any more
    said = {name: value for name, value in declared.items() if not is_ignored(name, left_alone)}
    fields = {name: held[name] for name in FIELDS if name in held} | {"enabled": True} | said
    if isinstance(said.get("config"), Mapping):
        fields["config"] = {**_part(held, "config"), **said["config"]}
    return fields


def place(url: object) -> str | Hidden:
    """Scheme and host of a URL."""
    if isinstance(url, Hidden):
        return url
    # A word that stands for a secret is no URL, and what looks like a host may be a path (`https://host\\path`).
    return origin(url) if isinstance(url, str) and not reasons_against_url(url) else Hidden.SECRET


def categories(fields: Fields) -> Categories | None:
    """What a webhook subscribes to; None where that is hidden."""
    types, excluded = fields.get("type") or [], fields.get("exclude_type") or []
    if not (_are_texts(types) and _are_texts(excluded)):
        return None
    return Categories(frozenset(excluded), are_all_but=True) if ALL in types else Categories(frozenset(types))


def delivered(fields: Fields) -> Categories | None:
    """What a webhook delivers; None where that is hidden."""
    enabled = fields.get("enabled")
    if isinstance(enabled, Hidden):
        return None
    return categories(fields) if enabled else NONE


def has_hidden(value: object, kind: Hidden) -> bool:
    """Whether a value is of a hidden kind, or holds one."""
    if isinstance(value, Mapping):
        return any(has_hidden(item, kind) for item in value.values())
    if isinstance(value, list):
        return any(has_hidden(item, kind) for item in value)
    return value is kind


def _part(state: State | Fields, name: str) -> dict[str, Any]:
    value = state.get(name)
    return value if isinstance(value, dict) else {}


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
