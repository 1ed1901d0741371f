"""Control calls about the API itself: what breaks it, and what it does where the documents are silent."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from .exchange import Answer
from .faults import Fault, FaultKind
from .problems import Problem, invalid
from .validation import wrong_members

if TYPE_CHECKING:
    from collections.abc import Callable

    from .service import Service
    from .webhooks import Document

T = TypeVar("T")

REFUSE = "refuse"
"""A fault of the port: connections are refused at once, for `seconds`.

It has no method, path or count: where nobody listens the system refuses, before there is a request,
and tells nobody.
"""


def answer_service(method: str, what: str, body: Document, service: Service) -> Answer:
    """The answer to a control call on `faults` or `behaviour`.

    Raises:
        Problem: 400 or 404.
    """
    match method, what:
        case "POST", "faults":
            return _add_fault(body, service)
        case "GET", "faults":
            added, met = service.faults.added, service.faults.met
            return Answer(200, {"faults": [asdict(each) for each in added], "met": [asdict(each) for each in met]})
        case "DELETE", "faults":
            service.faults.clear()
            service.faults.release()
            return Answer(204)
        case "GET", "behaviour":
            return Answer(200, asdict(service.behaviour))
        case "PUT", "behaviour":
            service.behaviour = _valid(partial(replace, service.behaviour), body)
            return Answer(200, asdict(service.behaviour))
        case _:
            raise Problem(404, f"There is no {method} of {what}.")


def _add_fault(body: Document, service: Service) -> Answer:
    if body.get("kind") == REFUSE:
        if others := body.keys() - {"kind", "seconds"}:
            raise invalid(f"{', '.join(sorted(others))}: not for refuse, which shuts the port for everybody")
        seconds = _valid(Fault, {**body, "kind": FaultKind.SLOW}).seconds
        if seconds == 0:
            raise invalid("seconds: must be more than 0 for refuse")
        return Answer(201, {"kind": REFUSE, "seconds": seconds}, afterwards=partial(service.shut_for, seconds))
    fault = _valid(Fault, body)
    service.faults.add(fault)
    return Answer(201, asdict(fault))


def _valid(make: Callable[..., T], members: Document) -> T:
    try:
        return make(**members)
    except ValidationError as error:
        raise invalid(wrong_members(error)) from error
