"""What a webhook's state remembers of its declaration and of the last writes.

A refresh is given the outputs alone. They hold what the API holds; hidden ones tell which of that is declared, and
what was declared or seen otherwise. The latter is rare, and repeats values that may be secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .differences import FIELDS, REWRITABLE, Written, by_path, declaration, nested

if TYPE_CHECKING:
    from .differences import Fields

DECLARED = "__declared"
"""Hidden output: the declared paths, as `config.delay enabled title type url`."""

WRITTEN = "__written"
"""Hidden and secret output: of the declared paths, those where the API holds something else than was declared, or
than it held after the last write; each with `declared` and, where servers rewrite it, `observed`. Left out where
there are none."""


OBSERVED = "__observed"
"""Hidden output of states of before 24 November 2026, which held both halves of `Written` whole."""


def is_as_written(state: Fields, held: Fields) -> bool:
    """Whether the API still holds what the state says, and nothing was ever declared or seen otherwise."""
    return _is_plain(state) and all(state.get(name) == held.get(name) for name in FIELDS)


def is_as_declared(state: Fields, inputs: Fields) -> bool:
    """Whether the state holds the inputs word for word, and nothing was ever declared or seen otherwise.

    So it is of most webhooks in most runs, and told in a fifth of the time of a comparison path by path.
    """
    return (
        _is_plain(state)
        and all(state.get(name) == value for name, value in inputs.items())
        and ("exclude_type" in inputs or "exclude_type" not in state[DECLARED])
    )


def _is_plain(state: Fields) -> bool:
    return isinstance(state.get(DECLARED), str) and WRITTEN not in state


def remembered(written: Written, held: Fields) -> dict[str, Any]:
    """The hidden outputs beside what the API holds."""
    declared, observed, now = by_path(written.declared), by_path(written.observed), by_path(held)
    known = {
        path: {"declared": value} | ({"observed": observed.get(path)} if path in REWRITABLE else {})
        for path, value in declared.items()
    }
    otherwise = {
        path: values for path, values in known.items() if any(value != now.get(path) for value in values.values())
    }
    return {DECLARED: " ".join(sorted(declared))} | ({WRITTEN: otherwise} if otherwise else {})


def recalled(state: Fields) -> Written | None:
    """What the outputs tell of the last writes; None where nobody knows what is declared."""
    paths = state.get(DECLARED)
    if paths is None:
        return None
    if not isinstance(paths, str):
        return Written(declaration(paths), state.get(OBSERVED) or {})
    now = by_path(declaration(state))
    as_held = {path: now[path] for path in paths.split() if path in now}
    otherwise = state.get(WRITTEN)
    if not otherwise:
        return Written(nested(as_held), nested(as_held))
    declared, observed = (
        declaration(nested(as_held | {path: values.get(what) for path, values in otherwise.items()}))
        for what in ("declared", "observed")
    )
    return Written(declared, observed)
