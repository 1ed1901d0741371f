"""The ASGI application: a request becomes data, is answered in one transaction, and is logged.

Control calls change the world around the API instead; they are not logged.
"""

from __future__ import annotations

import logging
import re
import uuid
from dataclasses import replace
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from . import control
from .authentication import authorise, issue_token
from .breaking import Line, broken
from .exchange import Call
from .faults import FaultKind
from .operations import OPERATIONS, Task
from .problems import Problem
from .responses import response_to

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .exchange import Answer
    from .faults import Fault
    from .service import Service

_JSON_RANGES = {"application/json", "application/*", "*/*"}


def create_app(service: Service) -> ASGIApp:
    """The API of a service."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = await _read(Request(scope, receive))
        except ClientDisconnect:
            return
        fault = service.faults.firing(call) if not call.path.startswith(control.PREFIX) else None
        request_id = str(uuid.uuid4())
        work = partial(_work, call, service, request_id, fault)
        if fault is None:
            response: Response | None = await work()
        else:
            meeting = partial(service.faults.meeting, fault, call)
            response = await broken(fault, request_id, work=work, meeting=meeting, line=Line(scope, receive, send))
        if response:
            # By the API's own clock, so that a client can tell how far its own is off.
            response.headers["date"] = formatdate(service.clock(), usegmt=True)
            await response(scope, receive, send)

    return app


async def _work(call: Call, service: Service, request_id: str, fault: Fault | None) -> Response:
    try:
        if call.path.startswith(control.PREFIX):
            answer = _control(call, service, request_id)
        else:
            answer = _answer(call, service, request_id, fault)
        return await response_to(answer, request_id)
    except Exception:
        logging.getLogger(__name__).exception("%s %s failed", call.method, call.path)
        problem = Problem(500, "The local API has a fault: its cause is on stderr.")
        return await response_to(problem.answer(request_id), request_id)


def _control(call: Call, service: Service, request_id: str) -> Answer:
    try:
        return control.answer(call, service)
    except Problem as problem:
        return problem.answer(request_id)


def _answer(call: Call, service: Service, request_id: str, fault: Fault | None) -> Answer:
    store = service.store
    if fault and fault.kind == FaultKind.BEHAVIOUR:
        service = replace(service, behaviour=replace(service.behaviour, **fault.behaviour))
    with store.transaction():
        if fault and fault.kind == FaultKind.REVOKED:
            store.revoke_tokens()
        try:
            answer = _respond(call, service, fault)
        except Problem as problem:
            answer = problem.answer(request_id)
        store.record(call, answer, request_id)
    if call.method in ("PATCH", "DELETE"):
        service.world.deliveries.wake()
    return answer


def _respond(call: Call, service: Service, fault: Fault | None) -> Answer:
    store, now, behaviour = service.store, service.clock(), service.behaviour
    if call.path == "/auth/token":
        _check_method(call, ["POST"])
        _check_accept(call)
        return issue_token(call, store, now, behaviour)
    for path, operations in OPERATIONS.items():
        if match := re.fullmatch(path, call.path):
            _check_method(call, operations)
            _check_accept(call)
            scope, run = operations[call.method]
            client = authorise(call, store, now, scope, behaviour)
            lag = fault.seconds if fault and fault.kind == FaultKind.LAG else None
            return run(Task(call, service, now, client.account, "".join(match.groups()), lag))
    raise Problem(404, f"There is nothing at {call.path}.")


def _check_method(call: Call, allowed: Iterable[str]) -> None:
    if call.method not in allowed:
        methods = ", ".join(allowed)
        raise Problem(405, f"{call.path} takes {methods}.", headers={"allow": methods})


def _check_accept(call: Call) -> None:
    """Without a header anything is accepted; DELETE answers without a body and lists no 406."""
    ranges = {part.partition(";")[0].strip() for part in call.headers.get("accept", "*/*").split(",")}
    if call.method != "DELETE" and not ranges & _JSON_RANGES:
        raise Problem(406, "Header accept must allow application/json.")


async def _read(request: Request) -> Call:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return Call(
        method=request.method,
        path=request.scope["raw_path"].decode("latin-1"),
        query=request.scope["query_string"].decode("latin-1"),
        headers=headers,
        body=await request.body(),
    )
