"""Breaks an exchange as a fault says: what is done, what is answered, and what becomes of the connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from .faults import FaultKind
from .problems import Problem
from .responses import response_to

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager

    from starlette.types import Receive, Scope, Send

    from .faults import Fault, Gate

_NOTHING_DONE = {
    FaultKind.RESET_BEFORE,
    FaultKind.TIMEOUT_BEFORE,
    FaultKind.HOLD_BEFORE,
    FaultKind.STATUS,
    FaultKind.PROXY,
}

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""`SO_LINGER` for no seconds."""


class Line:
    """The connection of one request that was read.

    Args:
        scope: Of the request; its state holds the transport.
        receive: Of the request.
        send: Of the request.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._transport: asyncio.Transport = scope["state"]["transport"]
        self._receive = receive
        self._send = send

    async def reset(self) -> None:
        """Ends the connection with a RST."""
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()
        await self._gone()

    async def close(self) -> None:
        """Ends the connection with a FIN, after what was sent."""
        self._transport.close()
        await self._gone()

    async def cut(self, response: Response) -> None:
        """Sends the head and half of the body."""
        if response.body:
            start = {"status": response.status_code, "headers": response.raw_headers}
            await self._send({"type": "http.response.start", **start})
            await self._send({"type": "http.response.body", "body": _half(response), "more_body": True})
        await self.close()

    async def keep_silent(self, gate: Gate) -> None:
        """Waits until the client goes away, or the gate is opened."""
        gone = asyncio.create_task(self._gone())
        gone.add_done_callback(lambda _: gate.open())
        await gate.wait()
        self._transport.abort()
        await gone

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def broken(
    fault: Fault,
    request_id: str,
    *,
    work: Callable[[], Awaitable[Response]],
    meeting: Callable[[], AbstractContextManager[Gate]],
    line: Line,
) -> Response | None:
    """What is answered to a request that meets a fault; none where the connection is gone.

    Args:
        fault: The fault.
        request_id: For answers in Upvest's words.
        work: Handles the request.
        meeting: Surrounds the moments in which something is broken.
        line: The request's connection.
    """
    done = Response() if fault.kind in _NOTHING_DONE else await work()
    with meeting() as gate:
        match fault.kind:
            case FaultKind.RESET_BEFORE | FaultKind.RESET_AFTER:
                await line.reset()
            case FaultKind.LOST:
                await line.close()
            case FaultKind.CUT:
                await line.cut(done)
            case FaultKind.TIMEOUT_BEFORE | FaultKind.TIMEOUT_AFTER:
                await line.keep_silent(gate)
            case FaultKind.HOLD_BEFORE:
                await gate.wait()
                return await work()
            case FaultKind.HOLD_AFTER:
                await gate.wait()
                return done
            case FaultKind.SLOW:
                await gate.wait(fault.seconds)
                return done
            case _:
                return await _other(fault, request_id, done)
    return None


async def _other(fault: Fault, request_id: str, done: Response) -> Response:
    """The answer of a fault that leaves connection and time alone."""
    match fault.kind:
        case FaultKind.STATUS | FaultKind.STATUS_AFTER:
            detail = f"A fault that was asked for: {fault.status}."
            refusal = Problem(fault.status, detail, headers=_retry_after(fault)).answer(request_id)
            return await response_to(refusal, request_id)
        case FaultKind.PROXY | FaultKind.PROXY_AFTER:
            page = "<html><body><h1>The proxy is unhappy.</h1></body></html>\n"
            return HTMLResponse(page, fault.status, _retry_after(fault))
        case FaultKind.MALFORMED if done.body:
            kept = {name: value for name, value in done.headers.items() if name != "content-length"}
            return Response(_half(done), done.status_code, kept)
        case _:
            # `revoked`, `lag` and `behaviour` are faults of the work itself; and no body has no half.
            return done


def _half(response: Response) -> bytes:
    return bytes(response.body[: len(response.body) // 2])


def _retry_after(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
