"""What a preview means for webhooks: plain sentences, with the values that others wrote kept apart from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from upvest_provider.categories import ALL
from upvest_provider.differences import CONFIG, FIELDS, SETS
from upvest_provider.overlap import normalised

from .held import WEBHOOK
from .review_preview import Hidden
from .review_webhook import NONE, after, before, delivered, has_hidden, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .review_preview import Message, Preview, Step
    from .review_webhook import Categories, Fields

GATE = "pulumi-python:dynamic/upvest:EndpointReadiness"
STACK = "pulumi:pulumi:Stack"

UNCHANGED = frozenset({"same", "read", "refresh"})
PARTS_OF_A_REPLACEMENT = frozenset({"create-replacement", "delete-replaced", "discard-replaced"})
"""Stand in the events beside the step `replace` that they are parts of."""

DONE = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
    "import": "imported",
    "import-replacement": "imported",
    "remove-pending-replace": "deleted",
}

PREVIEW_FAILED = "preview failed"
"""What the engine adds to the reasons why a preview failed."""


class Line(NamedTuple):
    """A sentence with a `{}` for each value."""

    text: str
    values: tuple[str | Hidden, ...] = ()


@dataclass(frozen=True)
class Review:
    """What there is to say of one stage."""

    risks: tuple[Line, ...] = ()
    webhooks: tuple[Line, ...] = ()
    deliveries: tuple[Line, ...] = ()
    gates: tuple[Line, ...] = ()
    policies: tuple[Line, ...] = ()
    messages: tuple[Line, ...] = ()
    others: tuple[Line, ...] = ()


@dataclass(frozen=True)
class _Change:
    """One webhook that a preview changes."""

    step: Step
    old: Fields
    new: Fields

    @property
    def name(self) -> str:
        return _name(self.step.urn)

    def differs(self, field: str) -> bool:
        one, other = self.old.get(field), self.new.get(field)
        if field in SETS and isinstance(one, list) and isinstance(other, list):
            return sorted(map(str, one)) != sorted(map(str, other))
        if field == "url" and isinstance(one, str) and isinstance(other, str):
            return normalised(one) != normalised(other)
        return (one or None) != (other or None)


def review_of(preview: Preview, *, is_prod: bool) -> Review:
    """What a preview means for the webhooks of a stage."""
    steps = sorted((step for step in preview.steps if step.op not in PARTS_OF_A_REPLACEMENT), key=_order)
    changes = [
        _Change(step, before(step), after(step)) for step in steps if _type(step) == WEBHOOK and _changes(step)
    ]
    return Review(
        risks=(
            *_risks_of_preview(preview),
            *(line for change in changes for line in _risks(change, is_prod=is_prod)),
            *_risks_of_protection(steps),
        ),
        webhooks=tuple(line for change in changes for line in _told(change)),
        deliveries=tuple(line for change in changes for line in _deliveries(change)),
        gates=tuple(line for step in steps if _type(step) == GATE for line in _gate(step, changes)),
        policies=tuple(
            Line("{}: {} says of {}: {}", (each.level, each.policy, _name(each.urn), each.message))
            for each in sorted(preview.violations, key=lambda each: (each.level != "mandatory", each))
        ),
        messages=tuple(
            Line("Error: {}" if message.severity == "error" else "Warning: {}", (message.text,))
            for message in _worth_telling(preview)
        ),
        others=tuple(_others(steps)),
    )


def _risks_of_preview(preview: Preview) -> Iterator[Line]:
    if preview.fault:
        yield Line(preview.fault)
    if any(message.severity == "error" for message in preview.messages):
        yield Line("The preview failed: what follows may be a part of what would happen.")


def _risks(change: _Change, *, is_prod: bool) -> Iterator[Line]:
    """What of a change somebody should look at first."""
    name, old, new = change.name, change.old, change.new
    if change.step.op == "replace" and old.get("enabled") is not False:
        yield Line("{} is enabled and is replaced: events of the time between are not delivered.", (name,))
    elif change.step.op == "refresh" and old.get("enabled") is not False:
        yield Line("{} was enabled and is gone at Upvest: its events reach {} no more.", (name, _to(old)))
    elif not new and old.get("enabled") is not False:
        yield Line("{} is enabled and is deleted: its events are no longer delivered to {}.", (name, _to(old)))
    if _may_deliver(old) and _may_deliver(new) and change.differs("url") and not isinstance(_to(new), Hidden):
        yield Line("{} is enabled and gets a new URL, at {}: events go there from then on.", (name, _to(new)))
    if new:
        yield from _risks_of_hidden(change)
        if is_prod:
            yield from _risks_in_prod(name, new)
    if new:
        stopping = _minus(delivered(old), delivered(new))
        if stopping:
            yield Line("{} no longer delivers {}.", (name, _words(stopping)))


def _risks_of_hidden(change: _Change) -> Iterator[Line]:
    unknown = [field for field in FIELDS if has_hidden(change.new.get(field), Hidden.UNKNOWN)]
    if unknown:
        yield Line("{}: not known before the up, and so not reviewed here: {}.", (change.name, ", ".join(unknown)))
    if change.old and isinstance(place(change.new.get("url")), Hidden) and "url" not in unknown:
        yield Line("{}: its URL is secret, so it cannot be told here whether it changes.", (change.name,))


def _risks_in_prod(name: str, new: Fields) -> Iterator[Line]:
    types = new.get("type")
    if isinstance(types, list) and ALL in types:
        yield Line("{} takes {}: whatever category Upvest adds flows by itself.", (name, ALL))
    if new.get("enabled") is False:
        yield Line("{} is disabled in prod: it delivers nothing.", (name,))
        return
    if new.get("verify") in (None, "off"):
        yield Line("{} is enabled in prod without a test delivery (verify is off).", (name,))
    if not new.get("gate"):
        yield Line("{} is enabled in prod without a gate: nothing proves that its receiver is ready.", (name,))


def _risks_of_protection(steps: list[Step]) -> Iterator[Line]:
    for step in steps:
        is_ours = _type(step) in {WEBHOOK, GATE}
        if is_ours and step.old and step.new and step.old.get("protect") and not step.new.get("protect"):
            yield Line("{} is no longer protected from being deleted.", (_name(step.urn),))


def _told(change: _Change) -> Iterator[Line]:
    """What happens to a webhook itself."""
    name, old, new = change.name, change.old, change.new
    if change.step.op == "refresh":
        yield Line("{} is gone at Upvest; it led to {}.", (name, _to(old)))
    elif not new:
        yield Line("{} ({}) is deleted; it led to {}.", (name, _value(old.get("title")), _to(old)))
    elif not old:
        known = _state_of(new.get("enabled"))
        done = "is taken over" if new.get("adopt_id") or change.step.op == "import" else "appears"
        yield Line(f"{{}} ({{}}) {done}, {known}, leading to {{}}.", (name, _value(new.get("title")), _to(new)))
        yield from _waiting(change)
    else:
        yield from list(_changed(change)) or [_unseen(change)]
        yield from _waiting(change)


def _changed(change: _Change) -> Iterator[Line]:
    yield from _changed_as_a_whole(change)
    yield from _changed_fields(change)
    yield from _batching(change)
    for field in ("verify", "account"):
        if change.differs(field):
            yield Line(f"{{}}: {field} becomes {{}}, from {{}}.", (change.name, *_both(change, field)))
    has_gate = bool(change.new.get("gate"))
    if bool(change.old.get("gate")) != has_gate:
        yield Line("{} gets a gate." if has_gate else "{} has no gate any more.", (change.name,))


def _changed_as_a_whole(change: _Change) -> Iterator[Line]:
    name = change.name
    if change.step.op == "replace":
        yield Line("{} is replaced: deleted, and created anew.", (name,))
    former = _name(str((change.step.old or {}).get("urn", change.step.urn)))
    if former != name:
        yield Line("{} is {} renamed; at Upvest it stays the same webhook.", (name, former))


def _changed_fields(change: _Change) -> Iterator[Line]:
    name, old, new = change.name, change.old, change.new
    if change.differs("title"):
        yield Line(
            "{}: its title becomes {}, from {}.", (name, _value(new.get("title")), _value(old.get("title")))
        )
    if change.differs("url"):
        yield _moved(name, _to(old), _to(new))
    if change.differs("enabled"):
        yield _switched(name, new.get("enabled"))
    for field in ("type", "exclude_type"):
        if change.differs(field):
            yield Line(f"{{}}: its {field} becomes {{}}, from {{}}.", (name, *_both(change, field)))


def _unseen(change: _Change) -> Line:
    if isinstance(_to(change.new), Hidden):
        return Line("{} perhaps moves: its URL is {}.", (change.name, _to(change.new)))
    return Line("{} is written to the state anew; nothing seen here changes at Upvest.", (change.name,))


def _moved(name: str, old: str | Hidden, new: str | Hidden) -> Line:
    if old == new and not isinstance(new, Hidden):
        return Line("{} moves to another path of {}.", (name, new))
    return Line("{} moves to {}, from {}.", (name, new, old))


def _switched(name: str, enabled: object) -> Line:
    if isinstance(enabled, Hidden):
        return Line("{} is perhaps enabled or disabled: {}.", (name, enabled))
    return Line("{} is enabled." if enabled else "{} is disabled.", (name,))


def _batching(change: _Change) -> Iterator[Line]:
    old, new = change.old.get(CONFIG), change.new.get(CONFIG)
    if isinstance(new, Hidden):
        yield Line("{}: its batching is {}.", (change.name, new))
        return
    held, declared = (side if isinstance(side, Mapping) else {} for side in (old, new))
    for member, what in (("delay", "the delay of its packages"), ("max_package_size", "the size of its packages")):
        if held.get(member) != declared.get(member):
            values = (change.name, _value(declared.get(member)), _value(held.get(member)))
            yield Line(f"{{}}: {what} becomes {{}}, from {{}}.", values)


def _waiting(change: _Change) -> Iterator[Line]:
    gate = change.new.get("gate")
    if isinstance(gate, Mapping) and gate.get("ready") is not True and change.new.get("enabled") is not False:
        text = "{} stays as it is, or disabled, for as long as its gate {} is shut."
        yield Line(text, (change.name, place(gate.get("url"))))


def _deliveries(change: _Change) -> Iterator[Line]:
    """Which categories start and stop, and where."""
    old, new = change.old, change.new
    was, will = delivered(old), delivered(new)
    if was is None or will is None:
        yield Line("{}: which categories it delivers is {}.", (change.name, Hidden.UNKNOWN))
        return
    is_elsewhere = bool(old and new) and _to(old) != _to(new)
    for text, where, what in (
        ("{}: {} stops at {}.", old, was if is_elsewhere else was.minus(will)),
        ("{}: {} starts at {}.", new, will if is_elsewhere else will.minus(was)),
    ):
        if what:
            yield Line(text, (change.name, _words(what), _to(where)))


def _gate(step: Step, changes: list[_Change]) -> Iterator[Line]:
    name, old, new = _name(step.urn), before(step), after(step)
    if step.op in UNCHANGED:
        return
    if not new:
        yield Line("{} is removed; it looked at {}.", (name, _to(old)))
        return
    waiting = [change.name for change in changes if _gate_place(change.new) == _to(new)]
    what = Line("nothing that changes waits for it", ())
    if waiting:
        what = Line(", ".join(["{}"] * len(waiting)) + (" waits" if len(waiting) == 1 else " wait") + " for it")
    stays = "webhooks stay as they are" if new.get("on_timeout") == "report" else "the up fails"
    text = f"{{}} runs, and looks at {{}}; {what.text}. Should it stay shut, {stays}."
    yield Line(text, (name, _to(new), *waiting))


def _gate_place(fields: Fields) -> str | Hidden | None:
    gate = fields.get("gate")
    return place(gate.get("url")) if isinstance(gate, Mapping) else None


def _worth_telling(preview: Preview) -> list[Message]:
    errors = [message for message in preview.messages if message.severity == "error"]
    is_explained = bool(preview.violations) or len(errors) > 1
    return [message for message in preview.messages if not (is_explained and message.text == PREVIEW_FAILED)]


def _others(steps: list[Step]) -> Iterator[Line]:
    counts = Counter(
        (_type(step), DONE.get(step.op, step.op))
        for step in steps
        if step.op not in UNCHANGED and _type(step) not in {WEBHOOK, GATE, STACK}
    )
    for (type_, done), count in sorted(counts.items()):
        yield Line(f"{{}}: {count} {{}}", (type_, done))


def _changes(step: Step) -> bool:
    return step.op not in UNCHANGED or (step.op == "refresh" and step.new is None)


def _may_deliver(fields: Fields) -> bool:
    return bool(fields) and fields.get("enabled") is not False


def _minus(one: Categories | None, other: Categories | None) -> Categories:
    return NONE if one is None or other is None else one.minus(other)


def _words(found: Categories) -> str:
    names = ", ".join(sorted(found.names))
    if not found.are_all_but:
        return names
    return f"every category but {names}" if names else "every category"


def _both(change: _Change, field: str) -> tuple[str | Hidden, str | Hidden]:
    return _value(change.new.get(field)), _value(change.old.get(field))


def _to(fields: Fields) -> str | Hidden:
    return place(fields.get("url"))


def _value(value: Any) -> str | Hidden:  # noqa: ANN401 - any value of a state
    if isinstance(value, Hidden):
        return value
    if isinstance(value, list):
        hidden = [kind for kind in Hidden if has_hidden(value, kind)]
        return hidden[0] if hidden else ", ".join(map(str, value)) or "none"
    return "not said" if value is None else str(value)


def _state_of(enabled: object) -> str:
    if isinstance(enabled, Hidden):
        return "perhaps enabled"
    return "enabled" if enabled else "disabled"


def _order(step: Step) -> tuple[str, str]:
    """Both forms list steps as they were found, which differs from run to run."""
    return _name(step.urn), step.op


def _name(urn: str) -> str:
    return urn.split("::", 3)[-1]


def _type(step: Step) -> str:
    parts = step.urn.split("::", 3)
    return parts[2].rpartition("$")[2] if len(parts) > 2 else ""  # noqa: PLR2004 - stack, project, type
