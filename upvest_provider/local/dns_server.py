"""The name servers and the public resolver of the local world, over UDP and TCP on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self, cast

import dns.flags
import dns.message
import dns.opcode
from dns.exception import DNSException
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from .dns_log import QueryLog
from .dns_ports import ADDRESSES, bind
from .dns_resolver import Resolver
from .dns_zones import RESOLVER, Names, Record
from .things import Kind

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from dns.message import Message

    from .database import Database
    from .dns_ports import Pair
    from .things import Things

UDP_SIZE = 512
"""Bytes of an answer over UDP to a query without EDNS (RFC 1035, 2.3.4)."""

EDNS_SIZE = 1232
"""Bytes at most over UDP (DNS flag day 2020)."""

TCP_SIZE = 65535

IDLE = 10.0
"""Seconds that a TCP connection may stay silent."""


class DnsServer:
    """All DNS servers of the local world, in one thread, for as long as the `with` block runs.

    Args:
        things: Zones and records.
        database: For the log of queries.
        clock: Seconds since 1970.
        port: Of all servers; 0 for that of the last run, or else any free one.

    Attributes:
        port: The port of all servers.

    Raises:
        SettingsError: On entering; the port or one of the loopback addresses cannot be used.
    """

    port: int

    def __init__(self, things: Things, database: Database, *, clock: Callable[[], float], port: int = 0) -> None:
        self._things = things
        self._log = QueryLog(database)
        self._clock = clock
        self._wanted = port
        self._resolver = Resolver(clock)
        self._turn = 0
        self._exits = ExitStack()

    @property
    def resolver(self) -> str:
        """The public resolver, as `127.0.0.1:53`."""
        return f"{RESOLVER}:{self.port}"

    def __enter__(self) -> Self:
        with ExitStack() as exits:
            sockets = bind(self._wanted, self._things.port("dns"))
            self.port = sockets[0][1].getsockname()[1]
            self._things.keep_port("dns", self.port)
            loop = asyncio.new_event_loop()
            stop = asyncio.Event()
            thread = threading.Thread(target=self._run, args=(loop, stop, sockets), name="local-dns")
            thread.start()
            exits.callback(thread.join)
            exits.callback(loop.call_soon_threadsafe, stop.set)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def answer(self, server: str, wire: bytes, *, tcp: bool) -> bytes:
        """The answer to a query in wire format.

        Args:
            server: The address that was asked.
            wire: The query.
            tcp: Whether it came over TCP; over UDP an answer that is too long is cut.

        Raises:
            DNSException: The query is malformed.
        """
        query = dns.message.from_wire(wire)
        response = dns.message.make_response(query, recursion_available=server == RESOLVER, our_payload=EDNS_SIZE)
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            response.set_rcode(Rcode.NOTIMP)
        else:
            self._respond(server, response)
        return response.to_wire(max_size=TCP_SIZE if tcp else _udp_size(query), prefer_truncation=True)

    def _respond(self, server: str, response: Message) -> None:
        [question] = response.question
        name, kind = question.name.canonicalize(), question.rdtype
        self._log.add(server, str(name).rstrip("."), RdataType.to_text(kind))
        self._turn += 1
        names = self._names()
        reply = self._resolver.resolve(names, name, kind) if server == RESOLVER else names.ask(server, name, kind)
        response.set_rcode(reply.rcode)
        if reply.authoritative:
            response.flags |= dns.flags.AA
        response.answer.extend(reply.answer)
        response.authority.extend(reply.authority)
        response.additional.extend(reply.additional)

    def _names(self) -> Names:
        now = self._clock()
        zones = self._things.effective(Kind.ZONE, now)
        records = self._things.effective(Kind.RECORD, now).values()
        return Names(
            {name: zone["minimum"] for name, zone in zones.items()},
            [Record(**{**record, "values": tuple(record["values"])}) for record in records],
            serial=self._things.version(),
            turn=self._turn,
        )

    def _run(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event, sockets: list[Pair]) -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(self._serve(stop, sockets))

    async def _serve(self, stop: asyncio.Event, sockets: list[Pair]) -> None:
        loop = asyncio.get_running_loop()
        async with contextlib.AsyncExitStack() as exits:
            connections: set[asyncio.Task[None]] = set()
            for address, (udp, tcp) in zip(ADDRESSES, sockets, strict=True):
                transport, _ = await loop.create_datagram_endpoint(_udp(self, address), sock=udp)
                exits.callback(transport.close)
                acceptor = loop.create_task(self._accept(address, tcp, connections))
                exits.push_async_callback(_ended, acceptor)
                exits.callback(tcp.close)
            await stop.wait()
            await _ended(*connections)

    async def _accept(self, address: str, listener: socket.socket, connections: set[asyncio.Task[None]]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            task = loop.create_task(self._converse(address, connection))
            connections.add(task)
            task.add_done_callback(connections.discard)

    async def _converse(self, address: str, connection: socket.socket) -> None:
        """Answers the queries of one TCP connection, each behind its length in two bytes (RFC 1035, 4.2.2)."""
        loop = asyncio.get_running_loop()
        with connection, contextlib.suppress(OSError, EOFError, TimeoutError, DNSException):
            connection.settimeout(0)
            while True:
                async with asyncio.timeout(IDLE):
                    [length] = struct.unpack("!H", await _exactly(connection, 2))
                    answer = self.answer(address, await _exactly(connection, length), tcp=True)
                    await loop.sock_sendall(connection, struct.pack("!H", len(answer)) + answer)


async def _exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = await asyncio.get_running_loop().sock_recv(connection, size - len(received))
        if not part:
            raise EOFError
        received += part
    return received


async def _ended(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _udp(server: DnsServer, address: str) -> Callable[[], asyncio.DatagramProtocol]:
    class Protocol(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            with contextlib.suppress(DNSException):
                self._transport.sendto(server.answer(address, data, tcp=False), addr)

    return Protocol


def _udp_size(query: Message) -> int:
    return max(UDP_SIZE, min(query.payload, EDNS_SIZE)) if query.edns >= 0 else UDP_SIZE
