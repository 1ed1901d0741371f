"""Declared against observed: what differs, what to send, and what a refresh reports as declared.

`Fields` are those of the API: `title`, `url`, `type`, `exclude_type`, `config` (with `delay` and
`max_package_size`) and `enabled`. A declaration holds only what the program says; an observation holds all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

Fields = Mapping[str, Any]

FIELDS = ("title", "url", "type", "exclude_type", "config", "enabled")
CONFIG = "config"

REWRITABLE = frozenset({"title", "url", "config.delay"})
"""What a server may write in another form: `1m` for `60s`, a host in lower case."""

SETS = frozenset({"type", "exclude_type"})
"""Their order means nothing, and no document promises that an answer keeps it."""


NEVER_WRITTEN = ""
"""In a history: no write sent the field as it is declared; no server holds an empty one."""


class Written(NamedTuple):
    """What the last writes declared, and what the API held after them."""

    declared: Fields
    observed: Fields


def declaration(inputs: Fields) -> dict[str, Any]:
    """The API's fields among a resource's inputs, numbers as whole numbers; None says nothing."""
    return {
        name: _members_said(inputs[name]) if name == CONFIG else inputs[name]
        for name in FIELDS
        if inputs.get(name) is not None
    }


def differing(
    declared: Fields, observed: Fields, written: Written | None, ignored: Collection[str] = ()
) -> frozenset[str]:
    """The paths (`title`, `config.delay`, …) in which the API does not hold what is declared.

    A field never declared is the server's. A field that a server may rewrite does not differ while declared
    and observed are both what they were at the last write.
    """
    wanted, held = by_path(declared), by_path(observed)
    if written is not None and "exclude_type" in written.declared:
        wanted.setdefault("exclude_type", [])  # no longer declared: nothing is excluded any more
    return frozenset(
        path
        for path, value in wanted.items()
        if not _equal(path, value, held.get(path))
        and not _excused(path, value, held.get(path), written)
        and not is_ignored(path, ignored)
    )


def patch(
    paths: Collection[str], declared: Fields, observed: Fields, ignored: Collection[str] = ()
) -> dict[str, Any]:
    """The body of the PATCH that takes the declared values over in the given paths.

    `type` always goes along, for the schema repeats its default (`ALL`) on PATCH. Whether a partial `config`
    is merged or replaced is not documented, so it goes whole: what is declared over what is observed. Nor is it
    documented whether a webhook that moves stays enabled, so that is said again.
    """
    body: dict[str, Any] = {path: declared.get(path, []) for path in FIELDS if path in paths and path != CONFIG}
    if any(path.startswith(f"{CONFIG}.") for path in paths):
        members = {
            member: value
            for member, value in declared[CONFIG].items()
            if not is_ignored(f"{CONFIG}.{member}", ignored)
        }
        body[CONFIG] = {**observed.get(CONFIG, {}), **members}
    body.setdefault("type", observed["type"])
    if (
        "url" in body
        and declared.get("enabled")
        and observed.get("enabled")
        and not is_ignored("enabled", ignored)
    ):
        body["enabled"] = True
    return body


def delivering(declared: Fields, observed: Fields) -> frozenset[str]:
    """The paths whose change makes events go to a host: enabling, and the URL of what stays enabled."""
    if not declared.get("enabled"):
        return frozenset()
    return frozenset({"url"} if observed.get("enabled") else {"enabled"})


def waiting(paths: Collection[str], declared: Fields, observed: Fields) -> frozenset[str]:
    """Of these differences, those that wait while a gate is shut.

    What moves waits with its categories: at the old URL another webhook may deliver the new ones.
    """
    moves = delivering(declared, observed) & set(paths)
    return moves | (SETS & set(paths) if "url" in moves else frozenset())


def carries_ignored(body: Fields, ignored: Collection[str]) -> bool:
    """Whether a PATCH repeats what `ignore_changes` leaves to others: `type`, which always goes, or a member."""
    members = [f"{CONFIG}.{member}" for member in body.get(CONFIG, {})]
    return any(is_ignored(path, ignored) for path in ["type", *members])


def history(declared: Fields, observed: Fields, sent: Fields, before: Written | None) -> Written:
    """What a write leaves to be remembered.

    A field that a server may rewrite is excused later only by a write that sent it as it is declared. One that was
    not sent keeps what an earlier write left, or nothing: what the answer says of it may be somebody else's work.

    Args:
        declared: What the program says now.
        observed: What the API holds after the write.
        sent: The write's body.
        before: The history so far.
    """
    wanted, body, held = by_path(declared), by_path(sent), by_path(observed)
    former = (by_path(before.declared), by_path(before.observed)) if before else ({}, {})
    for path in REWRITABLE & wanted.keys():
        if body.get(path) != wanted[path]:
            was_written = former[0].get(path) == wanted[path]
            held[path] = former[1].get(path) if was_written else NEVER_WRITTEN
    return Written(declared, nested(held))


def not_taken(body: Fields, observed: Fields) -> list[str]:
    """The paths in which the answer to a write is not what was sent."""
    sent, held = by_path(body), by_path(observed)
    return [path for path, value in sent.items() if not _equal(path, value, held.get(path))]


def as_declared(
    declared: Fields, observed: Fields, written: Written | None, ignored: Collection[str] = ()
) -> dict[str, Any]:
    """The declared names, each with the declared value where nothing drifted, else the observed one."""
    drifted = differing(declared, observed, written, ignored)
    result: dict[str, Any] = {}
    for name, value in declared.items():
        if name == CONFIG:
            held = observed.get(CONFIG, {})
            result[name] = {
                member: held.get(member) if f"{CONFIG}.{member}" in drifted else wanted
                for member, wanted in value.items()
            }
        else:
            result[name] = observed.get(name) if name in drifted else value
    return result


def by_path(fields: Fields) -> dict[str, Any]:
    """The fields with the members of `config` beside the others."""
    flat = {name: value for name, value in fields.items() if name in FIELDS and name != CONFIG}
    members = fields.get(CONFIG) or {}
    return flat | {f"{CONFIG}.{member}": value for member, value in members.items() if value is not None}


def nested(paths: Mapping[str, Any]) -> dict[str, Any]:
    """The members of `config` back in their place."""
    members = {path.partition(".")[2]: value for path, value in paths.items() if path.startswith(f"{CONFIG}.")}
    flat = {path: value for path, value in paths.items() if not path.startswith(f"{CONFIG}.")}
    return flat | ({CONFIG: members} if members else {})


def _equal(path: str, one: Any, other: Any) -> bool:  # noqa: ANN401 - any value of the API
    return set(one or ()) == set(other or ()) if path in SETS else one == other


def _excused(path: str, declared: Any, observed: Any, written: Written | None) -> bool:  # noqa: ANN401 - as above
    if written is None or path not in REWRITABLE:
        return False
    before, after = by_path(written.declared), by_path(written.observed)
    return path in before and before[path] == declared and after.get(path) == observed


def is_ignored(path: str, ignored: Collection[str]) -> bool:
    """Whether `ignore_changes` names a field, what it is a member of, or everything."""
    return any(entry in ("*", path, path.partition(".")[0]) for entry in ignored)


def _members_said(config: Any) -> Any:  # noqa: ANN401 - may hold what check has yet to refuse
    """Numbers cross Pulumi's wire as floats; the API takes whole ones."""
    if not isinstance(config, Mapping):
        return config
    return {member: _whole(value) for member, value in config.items() if value is not None}


def _whole(value: Any) -> Any:  # noqa: ANN401 - the API may add members of any kind
    if isinstance(value, Mapping):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
