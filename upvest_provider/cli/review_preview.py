"""What `pulumi preview --json` wrote, in either of its forms, as one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

State = dict[str, Any]


class Hidden(Enum):
    """Stands for a value that a preview does not show."""

    SECRET = "secret"  # noqa: S105 - the word for one
    UNKNOWN = "not known before the up"


SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""How an event marks what is no plain value, and a secret (Pulumi's `sdk/go/common/resource/sig/sig.go`)."""

SECRET_TEXT = "[secret]"  # noqa: S105 - what stands in a document instead of one
UNKNOWN_TEXTS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What stands for unknown values of each type (Pulumi's `sdk/go/common/resource/plugin/rpc.go`)."""

WARNING_OF_PROVIDER = "upvest: warning: "
"""How this package's providers begin a warning, which Pulumi passes on as information."""


class Step(NamedTuple):
    """What is to be done with one resource; a side that is not there is None."""

    op: str
    urn: str
    old: State | None
    new: State | None


class Violation(NamedTuple):
    """What a policy says against a resource."""

    level: str
    policy: str
    urn: str
    message: str


class Message(NamedTuple):
    """An error or a warning of the preview."""

    severity: Literal["error", "warning"]
    text: str


@dataclass(frozen=True)
class Preview:
    """All of a preview that concerns a reviewer; `fault` says why it may not be all."""

    steps: tuple[Step, ...] = ()
    violations: tuple[Violation, ...] = ()
    messages: tuple[Message, ...] = ()
    fault: str = ""


def preview_of(text: str) -> Preview:
    """Read either form; what cannot be read is said in `fault`."""
    if not text.strip():
        return Preview(fault="The file is empty: the preview did not begin, or ended before it wrote anything.")
    document = _parsed(text)
    if "steps" in document or "changeSummary" in document:
        return _of_document(document)
    events = [_parsed(line) for line in text.splitlines() if line.strip()]
    if not any(map(_kinds, events)):
        return Preview(fault="The file is cut off, or holds no preview: nothing of it can be read.")
    is_whole = all(events) and any("cancelEvent" in event for event in events)
    return _of_events(
        events, "" if is_whole else "The file is cut off: what follows may be a part of what would happen."
    )


def _of_document(document: State) -> Preview:
    steps = [
        Step(_text(step, "op"), _text(step, "urn"), _side(step.get("oldState")), _side(step.get("newState")))
        for step in _objects(document.get("steps"))
    ]
    return Preview(tuple(steps), (), _messages(_objects(document.get("diagnostics"))))


def _of_events(events: Iterable[State], fault: str) -> Preview:
    steps: dict[tuple[str, str], Step] = {}
    violations, diagnostics = [], []
    for event in events:
        for kind in _kinds(event):
            body = event[kind]
            if kind in {"resourcePreEvent", "resOutputsEvent"}:
                told = _object(body.get("metadata"))
                step = Step(_text(told, "op"), _text(told, "urn"), _side(told.get("old")), _side(told.get("new")))
                steps[step.op, step.urn] = step
            elif kind == "policyEvent":
                names = ("enforcementLevel", "policyName", "resourceUrn", "message")
                violations.append(Violation(*(_text(body, name) for name in names)))
            elif kind == "diagnosticEvent":
                diagnostics.append(body)
    return Preview(tuple(steps.values()), tuple(dict.fromkeys(violations)), _messages(diagnostics), fault)


def _kinds(event: State) -> list[str]:
    return [name for name, body in event.items() if name.endswith("Event") and isinstance(body, dict)]


def _messages(diagnostics: Iterable[State]) -> tuple[Message, ...]:
    """Each once: what is for people, and not for those who look for a fault in Pulumi."""
    return tuple(dict.fromkeys(message for told in diagnostics for message in _message(told)))


def _message(told: State) -> Iterator[Message]:
    severity, text = _text(told, "severity"), _text(told, "message").strip()
    if severity == "error":
        yield Message("error", text.removeprefix("error: "))
    elif severity == "warning":
        yield Message("warning", text.removeprefix("warning: "))
    elif severity.startswith("info"):
        for line in text.splitlines():
            if line.startswith(WARNING_OF_PROVIDER):
                yield Message("warning", line.removeprefix(WARNING_OF_PROVIDER))


def _side(value: object) -> State | None:
    return {name: _shown(item) for name, item in value.items()} if isinstance(value, dict) and value else None


def _shown(value: object) -> object:
    """The same with the marks of hidden values in their place."""
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        if SIGNATURE in value:
            return Hidden.SECRET if value[SIGNATURE] == SECRET else Hidden.UNKNOWN
        return {name: _shown(item) for name, item in value.items()}
    if value == SECRET_TEXT:
        return Hidden.SECRET
    return Hidden.UNKNOWN if isinstance(value, str) and value in UNKNOWN_TEXTS else value


def _parsed(text: str) -> State:
    """A JSON object; empty where the text is none."""
    try:
        return _object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _object(value: object) -> State:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[State]:
    return [_object(item) for item in value] if isinstance(value, list) else []


def _text(body: State, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
