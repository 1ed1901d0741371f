"""`ignore_changes`: the old value of an input in place of the new one."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from pulumi.runtime.rpc import unwrap_rpc_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from upvest_provider.testing.wire import Properties

_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]"]+)')


def with_ignored(news: Mapping[str, object], olds: Mapping[str, object], paths: Iterable[str]) -> Properties:
    """Gives the new inputs with the old values at the paths (step_generator.go `processIgnoreChanges`).

    Args:
        news: The inputs as the program wants them.
        olds: The inputs in the state.
        paths: As in `ResourceOptions.ignore_changes`: `title`, `config.delay`, `tags["a.b"]`, `list[0]`.
    """
    kept: Properties = copy.deepcopy(dict(news))
    for path in paths:
        _reset(
            kept, olds, [quoted or (int(index) if index else name) for quoted, index, name in _PART.findall(path)]
        )
    return kept


def _reset(news: object, olds: object, path: list[str | int]) -> None:
    """Sets what is at the path of the new value to what is there in the old (properties_path.go `reset`)."""
    news, olds = unwrap_rpc_secret(news), unwrap_rpc_secret(olds)
    here, before = _items(news), _items(olds)
    key, *rest = path
    if key == "*":
        for each in here.keys() | before.keys():
            _reset(news, olds, [each, *rest])
    elif rest:
        if key in here and (key in before or isinstance(news, dict)):
            _reset(here[key], before.get(key), rest)
    elif isinstance(news, dict):
        if key in before:
            news[key] = before[key]
        else:
            news.pop(key, None)
    elif isinstance(news, list) and isinstance(key, int) and key in here and key in before:
        news[key] = before[key]


def _items(value: object) -> dict[str | int, object]:
    if isinstance(value, dict):
        return value
    return dict(enumerate(value)) if isinstance(value, list) else {}
