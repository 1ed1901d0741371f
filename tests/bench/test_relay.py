from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bench.relay import HOST, relay

if TYPE_CHECKING:
    from pathlib import Path


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()
    await writer.wait_closed()


async def said_back(port: int, lines: list[bytes]) -> bytes:
    """What one connection gets for some lines, up to its end."""
    reader, writer = await asyncio.open_connection(HOST, port)
    answered = b""
    for line in lines:
        writer.write(line)
        answered += await reader.readline()
    writer.write_eof()
    answered += await reader.read()
    writer.close()
    await writer.wait_closed()
    return answered


async def _three_connections(log: Path) -> list[bytes]:
    upstream = await asyncio.start_server(echo, HOST, 0)
    server = await relay(upstream.sockets[0].getsockname()[1], log)
    port = server.sockets[0].getsockname()[1]
    answered = [await said_back(port, [b"one\n", b"two\n"]) for _ in range(3)]
    server.close()
    upstream.close()
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
    return answered


def test_bytes_pass_both_ways_and_each_connection_is_one_line(tmp_path: Path) -> None:
    log = tmp_path / "connections"
    assert asyncio.run(_three_connections(log)) == [b"one\ntwo\n"] * 3
    assert log.read_text().splitlines() == ["connection"] * 3
