"""The ASGI application: a request becomes data, is answered in one transaction, and is logged.

Control calls change the world around the API instead; they are not logged.
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from . import control
from .authentication import authorise, issue_token
from .exchange import Answer, Call
from .operations import OPERATIONS, Task
from .problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .store import Store
    from .world import World

_JSON_RANGES = {"application/json", "application/*", "*/*"}


def create_app(store: Store, world: World, clock: Callable[[], float]) -> ASGIApp:
    """The API over a store.

    Args:
        store: The state; used from the event loop only.
        world: What is around the API.
        clock: Seconds since 1970.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = await _read(Request(scope, receive))
        except ClientDisconnect:
            return
        request_id = str(uuid.uuid4())
        try:
            answer = _control if call.path.startswith(control.PREFIX) else _answer
            response = await _response(answer(call, store, world, clock(), request_id))
        except Exception:
            logging.getLogger(__name__).exception("%s %s failed", call.method, call.path)
            fault = Problem(500, "The local API has a fault: its cause is on stderr.")
            response = await _response(fault.answer(request_id))
        response.headers["upvest-request-id"] = request_id
        await response(scope, receive, send)

    return app


def _control(call: Call, store: Store, world: World, _: float, request_id: str) -> Answer:
    try:
        return control.answer(call, world, store.webhooks)
    except Problem as problem:
        return problem.answer(request_id)


def _answer(call: Call, store: Store, world: World, now: float, request_id: str) -> Answer:
    with store.transaction():
        try:
            answer = _respond(call, store, world, now)
        except Problem as problem:
            answer = problem.answer(request_id)
        store.record(call, answer, request_id)
    if call.method in ("PATCH", "DELETE"):
        world.deliveries.wake()
    return answer


def _respond(call: Call, store: Store, world: World, now: float) -> Answer:
    if call.path == "/auth/token":
        _check_method(call, ["POST"])
        _check_accept(call)
        return issue_token(call, store, now)
    for path, operations in OPERATIONS.items():
        if match := re.fullmatch(path, call.path):
            _check_method(call, operations)
            _check_accept(call)
            scope, run = operations[call.method]
            client = authorise(call, store, now, scope)
            webhook_id = "".join(match.groups())
            return run(Task(call, store, now, client.account, webhook_id, world.sender))
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


async def _response(answer: Answer) -> Response:
    document = await asyncio.to_thread(answer.later) if answer.later else answer.document
    if document is None:
        return Response(status_code=answer.status, headers=answer.headers)
    return JSONResponse(document, answer.status, answer.headers)
