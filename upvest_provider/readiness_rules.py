"""What may be declared of a gate, told offline."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .rules import Fault, Inputs, IsUnknown, is_dns_name, reasons_against_url

CHECKS = ("dns", "tls", "http")
DEFAULTS: Mapping[str, str] = {
    "dns": "require",
    "tls": "require",
    "http": "skip: a receiver may act on a request that Upvest did not send",
}
FROM_UPVEST_ONLY = "skip: only Upvest's addresses reach the receiver"
"""Of `tls` and `http`, where `reachable_from` is `upvest`."""

DEFAULT_TIMEOUT = 600.0
"""Seconds; what pulumi-kubernetes waits for a resource."""
DEFAULT_REPORT_TIMEOUT = 60.0
"""Seconds; a gate that only reports is tried again by the next `up`."""
DEFAULT_INTERVAL = 5.0
DEFAULT_MIN_VALIDITY = 24 * 3600.0
DEFAULT_PASSES = 3

_CONTRADICTING = ("reachable_from", "checks", "timeout", "interval", "on_timeout")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,6})([smhd])")


def faults(inputs: Inputs, is_unknown: IsUnknown) -> list[Fault]:
    """All that is wrong with the inputs of one gate; unknown values pass."""
    found = [] if inputs.get("url") is not None else [Fault("url", "must be given")]
    for name, rule in _RULES.items():
        value = inputs.get(name)
        if value is not None and not is_unknown(value):
            found += [Fault(name, reason) for reason in rule(value)]
    if not found and not is_unknown([inputs.get(name) for name in _CONTRADICTING]):
        found += _contradictions(inputs)
    return found


def seconds(duration: str) -> float:
    """A duration as `10m`, `5s`, `24h` or `14d`.

    Raises:
        ValueError: It is none.
    """
    match = _DURATION.fullmatch(duration)
    if not match:
        raise ValueError(duration)
    return float(int(match[1]) * _UNITS[match[2]])


def modes(inputs: Inputs) -> dict[str, str]:
    """How each check is taken: `require`, `warn` or `skip: ` and a reason."""
    defaults = dict(DEFAULTS)
    if inputs.get("reachable_from") == "upvest":
        defaults |= {"tls": FROM_UPVEST_ONLY, "http": FROM_UPVEST_ONLY}
    declared = inputs.get("checks") or {}
    return defaults | {check: mode for check, mode in declared.items() if mode is not None}


def timeout(inputs: Inputs) -> float:
    """How long to wait, in seconds."""
    default = DEFAULT_REPORT_TIMEOUT if inputs.get("on_timeout") == "report" else DEFAULT_TIMEOUT
    return seconds(inputs["timeout"]) if inputs.get("timeout") else default


def interval(inputs: Inputs) -> float:
    """How long to pause between two tries, in seconds."""
    return seconds(inputs["interval"]) if inputs.get("interval") else DEFAULT_INTERVAL


def min_validity(inputs: Inputs) -> float:
    """How long a certificate must still be valid, in seconds."""
    return seconds(inputs["min_validity"]) if inputs.get("min_validity") else DEFAULT_MIN_VALIDITY


def _contradictions(inputs: Inputs) -> list[Fault]:
    found = []
    if interval(inputs) > timeout(inputs):
        found.append(Fault("interval", "must not be longer than the timeout"))
    taken = modes(inputs)
    if inputs.get("reachable_from") == "upvest":
        found += [
            Fault("checks", f'must not ask for {check} from here with reachable_from="upvest"')
            for check in ("tls", "http")
            if not taken[check].startswith("skip")
        ]
    if all(mode.startswith("skip") for mode in taken.values()):
        found.append(Fault("checks", "must leave at least one check; a gate that checks nothing is always open"))
    if not taken["http"].startswith("skip") and taken["tls"].startswith("skip"):
        found.append(Fault("checks", "must not skip tls where http is asked for"))
    return found


def _reachable_from(value: object) -> list[str]:
    return [] if value in ("anywhere", "upvest") else ['must be "anywhere" or "upvest"']


def _on_timeout(value: object) -> list[str]:
    return [] if value in ("fail", "report") else ['must be "fail" or "report"']


def _checks(value: object) -> list[str]:
    if not isinstance(value, Mapping):
        return ["must be an object with dns, tls or http"]
    reasons = [f"must have no member but dns, tls and http: {name}" for name in sorted(set(value) - set(CHECKS))]
    for check in CHECKS:
        mode = value.get(check)
        if mode in (None, "require", "warn"):
            continue
        if not isinstance(mode, str) or not (mode == "skip" or mode.startswith("skip:")):
            reasons.append(f'must have `{check}` as "require", "warn" or "skip: REASON"')
        elif not mode.removeprefix("skip").removeprefix(":").strip():
            reasons.append(f'must say why {check} is skipped, as "skip: the receiver is behind a VPN"')
    return reasons


def _expect(value: object) -> list[str]:
    if not isinstance(value, list) or not value:
        return ["must be a list of addresses, networks or one CNAME target"]
    return [
        f"must hold addresses, networks or a CNAME target, not {item!r}" for item in value if not _expected(item)
    ]


def _expected(item: object) -> bool:
    if not isinstance(item, str):
        return False
    try:
        ipaddress.ip_network(item)
    except ValueError:
        return item.isascii() and is_dns_name(item.lower())
    return True


def _resolvers(value: object) -> list[str]:
    if not isinstance(value, list) or not value:
        return ["must be a list of addresses, as 9.9.9.9 or 127.0.0.1:5353"]
    return [
        f"must hold addresses, as 9.9.9.9 or 127.0.0.1:5353, not {item!r}"
        for item in value
        if not _is_resolver(item)
    ]


def _is_resolver(item: object) -> bool:
    try:
        parts = urlsplit(f"//{item}")
        ipaddress.ip_address(parts.hostname or "")
        port = parts.port
    except ValueError:
        return False
    return port != 0 and parts.netloc == item and parts.username is None


def _duration(value: object) -> list[str]:
    try:
        if isinstance(value, str) and seconds(value) > 0:
            return []
    except ValueError:
        pass
    return ["must be a duration, as 5s, 10m, 24h or 14d"]


def _passes(value: object) -> list[str]:
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value in range(1, 101)
    return [] if whole else ["must be a whole number from 1 to 100"]


def _flag(value: object) -> list[str]:
    return [] if isinstance(value, bool) else ["must be true or false"]


def _file(value: object) -> list[str]:
    return [] if isinstance(value, str) and value else ["must be the path of a PEM file"]


_RULES: dict[str, Callable[[Any], list[str]]] = {
    "url": reasons_against_url,
    "reachable_from": _reachable_from,
    "checks": _checks,
    "expect": _expect,
    "resolvers": _resolvers,
    "ca_file": _file,
    "allow_private": _flag,
    "min_validity": _duration,
    "timeout": _duration,
    "interval": _duration,
    "passes": _passes,
    "on_timeout": _on_timeout,
}
