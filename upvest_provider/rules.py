"""What may be declared, told offline: before anything is sent, and in every preview.

The figures are the API's own (specification of July 2026, see `limits`). Where its documents disagree the
lenient one is enforced here and the strict one warned of, so that the API's own 400 can speak.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from . import limits
from .categories import ALL, EVENT_CATEGORIES
from .differences import CONFIG, declaration, is_ignored
from .overlap import origin

Inputs = Mapping[str, Any]
IsUnknown = Callable[[Any], bool]


class Fault(NamedTuple):
    """Why a property cannot be taken: a fragment that starts with 'must'."""

    property: str
    reason: str

    def __str__(self) -> str:
        return f"{self.property} {self.reason}"


REQUIRED = ("title", "url", "type")
CONFIG_MEMBERS = ("delay", "max_package_size")

HOST_LENGTH = 253
"""Characters of a DNS name (RFC 1035 §2.3.4, in text)."""

_HOST_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def faults(inputs: Inputs, is_unknown: IsUnknown) -> list[Fault]:
    """All that is wrong with the inputs of one webhook; unknown values pass."""
    found = [Fault(name, "must be given") for name in REQUIRED if inputs.get(name) is None]
    for name, rule in _RULES.items():
        value = inputs.get(name)
        if value is not None and not is_unknown(value):
            found += [Fault(name, reason) for reason in rule(value)]
    return found or _faults_behind_gate(inputs, is_unknown)


def _faults_behind_gate(inputs: Inputs, is_unknown: IsUnknown) -> list[Fault]:
    """What a gate's proof does not cover."""
    gate = inputs.get("gate")
    if not isinstance(gate, Mapping) or "url" not in gate or is_unknown([gate["url"], inputs["url"]]):
        return []
    found = []
    if origin(inputs["url"]) != origin(gate["url"]):
        found.append(Fault("url", f"must have the origin that the gate proves, {origin(gate['url'])}"))
    if gate.get("reachable_from") == "upvest" and inputs.get("verify", "off") == "off":
        found.append(
            Fault("verify", 'must be "warn", "require" or "after_enable": the gate says reachable_from="upvest"')
        )
    return found


def doubts(inputs: Inputs, old_inputs: Inputs, is_unknown: IsUnknown) -> list[str]:
    """What is allowed and probably not meant: whole sentences without the webhook's name."""
    known = {name: value for name, value in inputs.items() if not is_unknown(value)}
    return [
        *_doubts_of_title(known.get("title")),
        *_doubts_of_categories(known.get("type"), known.get("exclude_type")),
        *_doubts_of_config(
            inputs.get("config"), declaration(old_inputs).get("config"), inputs.get("__ignore_changes") or ()
        ),
    ]


def _title(value: object) -> list[str]:
    if not isinstance(value, str) or not 1 <= len(value) <= limits.TITLE_LENGTH:
        return [f"must be a text of 1 to {limits.TITLE_LENGTH} characters"]
    return []


def reasons_against_url(value: object) -> list[str]:
    """Why Upvest does not take a URL as a receiver's (webhook registration guide, 2026)."""
    if not isinstance(value, str) or re.search(r"[\s\x00-\x1f\x7f]", value):
        return ["must be a https URL without white space"]
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - the property raises where the port is no number
    except ValueError:
        return ["must be a https URL that can be read"]
    reasons = []
    if parts.scheme != "https":
        reasons.append("must start with https://")
    if "[" in parts.netloc or not parts.netloc.isascii() or not is_dns_name(parts.hostname or ""):
        reasons.append("must have a DNS name as its host; Upvest takes no IP address")
    if "@" in parts.netloc:
        reasons.append("must have no user or password before the host")
    if "#" in value:
        reasons.append("must have no fragment (#…)")
    if len(value) > limits.URL_LENGTH:
        reasons.append(f"must have at most {limits.URL_LENGTH} characters, not {len(value)}")
    return reasons


def is_dns_name(host: str) -> bool:
    """Whether a host is a DNS name and no IP address in any disguise."""
    labels = host.removesuffix(".").split(".")
    if len(host) > HOST_LENGTH:
        return False
    # A last label of digits makes the whole an IPv4 address, however short (WHATWG URL standard, §3.5).
    return all(_HOST_LABEL.fullmatch(label) for label in labels) and not re.fullmatch(
        r"\d+|0x[0-9a-f]*", labels[-1], re.IGNORECASE
    )


def _type(value: object) -> list[str]:
    return [] if _is_list_of_texts(value) and value else ["must be a list of at least one event category"]


def _exclude_type(value: object) -> list[str]:
    if not _is_list_of_texts(value):
        return ["must be a list of event categories"]
    return [f"must not contain {ALL}"] if isinstance(value, Sequence) and ALL in value else []


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _config(value: object) -> list[str]:
    if not isinstance(value, Mapping):
        return ["must be an object with `delay` and `max_package_size`"]
    reasons = []
    strangers = sorted(set(value) - set(CONFIG_MEMBERS))
    if strangers:
        reasons.append(f"must have no member but `delay` and `max_package_size`: {', '.join(strangers)}")
    delay = value.get("delay")
    if delay is not None and not (isinstance(delay, str) and re.fullmatch(limits.DELAY_PATTERN, delay)):
        reasons.append("must have a `delay` of whole seconds from 1s to 30s, as `2s`")
    size = value.get("max_package_size")
    if size is not None and not _is_package_size(size):
        reasons.append(
            "must have a `max_package_size` of whole bytes "
            f"from {limits.PACKAGE_SIZE_MIN} to {limits.PACKAGE_SIZE_MAX}"
        )
    return reasons


def _is_package_size(value: object) -> bool:
    # Numbers cross Pulumi's wire as floats.
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and limits.PACKAGE_SIZE_MIN <= value <= limits.PACKAGE_SIZE_MAX  # no NaN, no infinity
        and value == int(value)
    )


def _enabled(value: object) -> list[str]:
    return [] if isinstance(value, bool) else ["must be true or false"]


def _account(value: object) -> list[str]:
    return [] if isinstance(value, str) else ["must be the name of an account (a text)"]


def _adopt_id(value: object) -> list[str]:
    # Exactly the form that the API shows: the id becomes part of a path.
    is_id = isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value.lower())
    return [] if is_id else ["must be the id (a UUID) of an existing webhook"]


def _gate(value: object) -> list[str]:
    return [] if isinstance(value, Mapping) and "url" in value else ["must be an EndpointReadiness"]


def _verify(value: object) -> list[str]:
    known = ("off", "warn", "require", "after_enable")
    return [] if value in known else [f"must be one of {', '.join(known)}"]


_RULES: dict[str, Callable[[object], list[str]]] = {
    "title": _title,
    "url": reasons_against_url,
    "type": _type,
    "exclude_type": _exclude_type,
    "config": _config,
    "enabled": _enabled,
    "adopt_id": _adopt_id,
    "account": _account,
    "gate": _gate,
    "verify": _verify,
}


def _doubts_of_title(title: object) -> list[str]:
    if isinstance(title, str) and not re.fullmatch(limits.TITLE_PATTERN, title):
        return ["the API may refuse its title: Upvest's newest rule is 1 to 32 of a-z A-Z 0-9 space ()[]{}.-"]
    return []


def _doubts_of_categories(types: object, excluded: object) -> list[str]:
    if not isinstance(types, list):
        return []
    named = [*types, *(excluded if isinstance(excluded, list) else [])]
    strangers = sorted({str(name) for name in named} - EVENT_CATEGORIES - {ALL})
    found = [
        f"this version does not know the event category {name}{_meant(name)}; the API decides"
        for name in strangers
    ]
    if excluded and ALL not in types:
        found.append(f"exclude_type has no effect unless type is [{ALL!r}]")
    if ALL in types and len(types) > 1:
        found.append(f"type names {ALL} and others; {ALL} says it all")
    return found


def _meant(name: str) -> str:
    return f" (is {name.upper()} meant?)" if name.upper() in EVENT_CATEGORIES | {ALL} else ""


def _doubts_of_config(config: object, old_config: object, ignored: Collection[str]) -> list[str]:
    if not isinstance(old_config, Mapping) or not isinstance(config, Mapping | None):
        return []  # nothing was declared, or what is declared now is not known yet
    declared = config if isinstance(config, Mapping) else {}
    return [
        f"config.{member} is no longer declared, and the API has no way back to its default: "
        f"{old_config[member]} stays"
        for member in CONFIG_MEMBERS
        if old_config.get(member) is not None and declared.get(member) is None
        if not is_ignored(f"{CONFIG}.{member}", ignored)
    ]
