"""Calls that change the world around the local API: what in life is done at a DNS host, a CA or a load balancer.

They stand beside the API, take the token of `credentials.json`, and are not in the request log.
"""

from __future__ import annotations

import hmac
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import dns.name
import dns.rdata
from dns.exception import DNSException

from upvest_provider.categories import EVENT_CATEGORIES

from .control_service import answer_service
from .exchange import Answer
from .problems import Problem, invalid, unauthorised
from .receiver import ANSWER
from .store import ACCOUNT
from .things import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .exchange import Call
    from .service import Service
    from .things import Declared
    from .webhooks import Document
    from .world import World

PREFIX = "/_local/"

MINIMUM = 60
"""Seconds that 'there is no such name' may be cached, where a zone does not say otherwise."""

DAY = 86_400.0

LIFETIME = 90 * DAY
"""Seconds that a certificate is valid, where it is not said otherwise."""

MAX_EVENTS = 10_000

_MAX_TTL = 2**31 - 1


def answer(call: Call, service: Service) -> Answer:
    """The answer to a control call, which looks at a part of the service or changes it.

    Raises:
        Problem: 400, 401, 404 or 405.
    """
    world = service.world
    given = call.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {world.surroundings.control_token}".encode()):
        raise unauthorised("The control token of credentials.json is needed, as authorization: Bearer TOKEN.")
    parts = [unquote(part) for part in call.path.removeprefix(PREFIX).split("/")]
    match call.method, parts:
        case _, [("faults" | "behaviour") as what]:
            return answer_service(call.method, what, _body(call), service)
        case "POST", ["events"]:
            body = _body(call)
            return _make_events(world, service.store.webhooks(str(body.get("account", ACCOUNT))), body)
        case "PUT", ["receiver"]:
            status = _integer(_body(call), "status", 200, 200, 599)
            world.things.put(Kind.ANSWER, ANSWER, {"status": status}, now=world.clock())
            return Answer(200, {"status": status})
        case "PUT", [collection, *_] if collection in _PUT and len(parts) == _PARTS[collection]:
            return Answer(200, _PUT[collection](world, parts[1:], _body(call)))
        case (("GET" | "DELETE"), [collection, *_]) if collection in _PUT and len(parts) == _PARTS[collection]:
            return _read_or_delete(call, world, _KINDS[collection], _id(parts))
        case _:
            raise Problem(404, f"There is no {call.method} {call.path}.")


def _read_or_delete(call: Call, world: World, kind: Kind, id_: str) -> Answer:
    declared = world.things.declared(kind, id_)
    if declared is None:
        raise Problem(404, f"There is no {kind} {id_}.")
    if call.method == "GET":
        return Answer(200, _shown(world, kind, declared))
    world.things.remove(kind, id_)
    return Answer(204)


def _shown(world: World, kind: Kind, declared: Declared) -> Document:
    """What may be seen of a thing: not a private key."""
    seen = {name: value for name, value in declared.document.items() if name != "pem"}
    if kind == Kind.LISTENER:
        seen |= {
            "port": world.receiver.port,
            "resolver": world.surroundings.resolver,
            "ca_file": world.surroundings.ca_file,
        }
    return {**seen, "effective_at": declared.effective_at}


def _put_zone(world: World, names: list[str], body: Document) -> Document:
    name = _name(names[0])
    zone = {"name": name, "minimum": _integer(body, "minimum", MINIMUM, 0, _MAX_TTL)}
    return _declare(world, Kind.ZONE, name, zone, body)


def _put_record(world: World, names: list[str], body: Document) -> Document:
    name, kind = _name(names[0]), names[1].upper()
    values = body.get("values")
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise invalid("values: must be a list of strings, at least one")
    record = {
        "name": name,
        "type": kind,
        "values": values,
        "ttl": _integer(body, "ttl", MINIMUM, 0, _MAX_TTL),
        "rotate": _integer(body, "rotate", 0, 0, len(values)),
    }
    for value in values:
        try:
            dns.rdata.from_text("IN", kind, value)
        except (DNSException, ValueError) as error:
            raise invalid(f"values: {value!r} is no value of a {kind} record: {error}") from error
    _own_zone(world, name)
    return _declare(world, Kind.RECORD, f"{name} {kind}", record, body)


def _own_zone(world: World, name: str) -> None:
    """Makes the zone that a name belongs to, where there is none: that of its last two labels.

    It is there at once, for in life a domain was delegated long before.
    """
    now = world.clock()
    labels = name.removesuffix(".").split(".")
    above = {".".join([*labels[start:], ""]) for start in range(len(labels))}
    if not above & world.things.effective(Kind.ZONE, now).keys():
        zone = ".".join([*labels[-2:], ""])
        world.things.put(Kind.ZONE, zone, {"name": zone, "minimum": MINIMUM}, now=now)


def _put_certificate(world: World, names: list[str], body: Document) -> Document:
    name = _name(names[0]).removesuffix(".")
    lifetime, now = _number(body, "lifetime", LIFETIME), world.clock()
    issued = world.authority.issue(name, now=now, not_after=now + lifetime)
    certificate = {
        "name": name,
        "lifetime": lifetime,
        "certificate_id": issued.certificate_id,
        "not_before": issued.not_before,
        "not_after": issued.not_after,
        "pem": issued.private_key + issued.chain,
    }
    return _declare(world, Kind.CERTIFICATE, name, certificate, body)


def _put_listener(world: World, names: list[str], body: Document) -> Document:
    host = _name(names[0]).removesuffix(".")
    return _declare(world, Kind.LISTENER, host, {"host": host}, body)


def _declare(world: World, kind: Kind, id_: str, document: Document, body: Document) -> Document:
    delay = _number(body, "delay", 0.0)
    if delay < 0:
        raise invalid("delay: must not be negative")
    return _shown(world, kind, world.things.put(kind, id_, document, now=world.clock(), delay=delay))


def _make_events(world: World, webhooks: list[Document], body: Document) -> Answer:
    category = body.get("category")
    if category not in EVENT_CATEGORIES:
        raise invalid("category: must be an event category, as USER")
    kind = body.get("type", f"{category}.CREATED")
    about = body.get("object", {})
    if not isinstance(kind, str) or not isinstance(about, dict):
        raise invalid("type: must be a string, and object: a JSON object")
    count = _integer(body, "count", 1, 1, MAX_EVENTS)
    takers = world.deliveries.accept(webhooks, category, kind, about, count)
    return Answer(202, {"events": count, "webhooks": takers})


def _id(parts: list[str]) -> str:
    match parts:
        case ["dns", name, kind]:
            return f"{_name(name)} {kind.upper()}"
        case ["zones", name]:
            return _name(name)
        case [_, name]:
            return _name(name).removesuffix(".")
        case _:
            raise Problem(404, "There is no such thing.")


def _name(text: str) -> str:
    """A DNS name in its one form."""
    try:
        name = dns.name.from_text(text).canonicalize()
    except DNSException as error:
        raise invalid(f"{text!r} is no DNS name: {error}") from error
    if len(name) < 3 or not re.fullmatch(r"(\*\.)?[a-z0-9_.-]+", str(name)):  # noqa: PLR2004 - two labels and the root
        raise invalid(f"{text!r} must be a DNS name of at least two labels")
    return str(name)


def _body(call: Call) -> Document:
    try:
        document = json.loads(call.body or b"{}")
    except ValueError as error:
        raise invalid(f"The body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise invalid("The body must be a JSON object.")
    return document


def _number(body: Mapping[str, Any], name: str, default: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 100 * 365 * DAY:
        raise invalid(f"{name}: must be a number of seconds")
    return float(value)


def _integer(body: Mapping[str, Any], name: str, default: int, lowest: int, highest: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise invalid(f"{name}: must be an integer")
    if not lowest <= value <= highest:
        raise invalid(f"{name}: must be an integer from {lowest} to {highest}")
    return int(value)


_PUT: Mapping[str, Callable[[World, list[str], Document], Document]] = {
    "zones": _put_zone,
    "dns": _put_record,
    "certificates": _put_certificate,
    "listeners": _put_listener,
}
_KINDS = {
    "zones": Kind.ZONE,
    "dns": Kind.RECORD,
    "certificates": Kind.CERTIFICATE,
    "listeners": Kind.LISTENER,
}
_PARTS = {"zones": 2, "dns": 3, "certificates": 2, "listeners": 2}
"""Parts of a path: `zones/NAME`, `dns/NAME/TYPE`, `certificates/NAME`, `listeners/NAME`."""
