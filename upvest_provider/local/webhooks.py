"""What a write makes of a webhook, and how answers show it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from upvest_provider.categories import ALL

from .field_rules import FieldRules
from .problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .behaviour import Behaviour

    Document = dict[str, Any]

UNKNOWN: Document = {"undocumented": {"since": "today"}}
"""A member that no document names."""

MINUTE = 60


def created(fields: Document, now: float, behaviour: Behaviour) -> Document:
    """A new webhook, which Upvest creates disabled.

    Raises:
        Problem: 400, with everything that is wrong.
    """
    FieldRules(behaviour).check(fields, without={"enabled"}, required=("title", "url"))
    written, moment = _as_kept(fields, behaviour), _timestamp(now)
    document = {
        "id": str(uuid.uuid4()),
        "created_at": moment,
        "updated_at": moment,
        "enabled": False,
        "type": [ALL],
    }
    return document | written | {"config": _default_config(behaviour) | written.get("config", {})}


def patched(document: Document, fields: Document, now: float, behaviour: Behaviour) -> Document:
    """A webhook after a change; a field that is left out stays, where the behaviour does not say otherwise.

    Raises:
        Problem: 400, with everything that is wrong.
    """
    FieldRules(behaviour).check(fields)
    written = _as_kept(fields, behaviour)
    left_out: Document = {}
    if behaviour.patch_without_type == "all":
        left_out["type"] = [ALL]
    if behaviour.url_change == "disables" and written.get("url", document["url"]) != document["url"]:
        left_out["enabled"] = False
    config = document["config"]
    if "config" in written:
        config = (config if behaviour.config_patch == "merged" else _default_config(behaviour)) | written["config"]
    updated_at = max(_timestamp(now), _after(document["updated_at"]))
    return document | left_out | written | {"config": config, "updated_at": updated_at}


def refuse_duplicates(
    document: Document, written: Iterable[str], webhooks: Callable[[], list[Document]], behaviour: Behaviour
) -> None:
    """Looks whether another webhook of the account has what only one may have.

    Raises:
        Problem: 409.
    """
    answers = {"url": behaviour.duplicate_url, "title": behaviour.duplicate_title}
    for name in answers.keys() & set(written):
        if answers[name] == "refused":
            for other in webhooks():
                if other["id"] != document["id"] and other[name] == document[name]:
                    raise Problem(409, f"{name}: webhook {other['id']} has it already.")


def shown(document: Document, behaviour: Behaviour) -> Document:
    """A webhook as answers show it."""
    if behaviour.unknown_fields == "none":
        return document
    return {**document, "config": {**document["config"], **UNKNOWN}, **UNKNOWN}


def delay_seconds(delay: str) -> int:
    """A `config.delay` as a number; older ones may be in minutes."""
    return int(delay[:-1]) * (MINUTE if delay.endswith("m") else 1)


def _as_kept(fields: Document, behaviour: Behaviour) -> Document:
    """Fields in the form that they are kept in."""
    kept = dict(fields)
    if behaviour.url_host == "lowered" and "url" in kept:
        kept["url"] = _with_lower_host(kept["url"])
    if behaviour.type_order == "sorted":
        kept |= {name: sorted(kept[name]) for name in ("type", "exclude_type") if name in kept}
    if "config" in kept:
        # The API allows further members of `config`; they mean nothing to it.
        kept["config"] = {
            name: kept["config"][name] for name in ("delay", "max_package_size") if name in kept["config"]
        }
        if behaviour.delay_rule == "minutes" and "delay" in kept["config"]:
            kept["config"]["delay"] = _in_minutes(kept["config"]["delay"])
    return kept


def _default_config(behaviour: Behaviour) -> Document:
    return {"delay": behaviour.default_delay, "max_package_size": behaviour.default_max_package_size}


def _in_minutes(delay: str) -> str:
    minutes, rest = divmod(delay_seconds(delay), MINUTE)
    return delay if rest else f"{minutes}m"


def _with_lower_host(url: str) -> str:
    netloc = urlsplit(url).netloc
    user, at, host = netloc.rpartition("@")
    return url.replace(f"//{netloc}", f"//{user}{at}{host.lower()}", 1)


def _timestamp(now: float) -> str:
    return _written(datetime.fromtimestamp(now, UTC))


def _after(timestamp: str) -> str:
    """The next moment that two fractional digits can tell."""
    return _written(datetime.fromisoformat(timestamp) + timedelta(milliseconds=10))


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 10_000:02}Z"
