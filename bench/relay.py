"""Passes connections on to the API, and counts them: the API's own log knows requests only."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
CHUNK = 65536


async def relay(upstream: int, log: Path) -> asyncio.Server:
    """Listens on a free port of loopback, and writes a line for each connection that it takes.

    Args:
        upstream: The port of loopback that connections are passed on to.
        log: The file for the lines.
    """

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with log.open("a") as file:
            file.write("connection\n")
        api_reader, api_writer = await asyncio.open_connection(HOST, upstream)
        await asyncio.gather(_pump(reader, api_writer), _pump(api_reader, writer))

    return await asyncio.start_server(passed, HOST, 0)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
