"""Questions to DNS servers, several at once."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar, cast

import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.query
import dns.rcode

from .dns_records import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dns.message import Message, QueryMessage
    from dns.name import Name
    from dns.rdatatype import RdataType

    from .network import Network, Resolver

UDP_SIZE = 1232
"""Bytes that pass every network in one piece (DNS Flag Day 2020)."""
WITH_EDNS, WITHOUT_EDNS = 0, -1
THREADS = 8
AT_ONCE = 2
"""Where one reply is enough, two servers are asked: a dead one then costs no time."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a message, or the reason why none did."""

    server: Server
    message: QueryMessage | None
    fault: str = ""


class Asker:
    """Asks servers on a few threads; those that still wait at the end are left to time out by themselves."""

    def __init__(self, network: Network) -> None:
        self.resolvers = network.resolvers
        self._network = network
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="dns")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def all(self, ask: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Ask all; the results are in the order of the items."""
        return list(self._pool.map(ask, items))

    def any(
        self, ask: Callable[[Item], Result], items: Sequence[Item], usable: Callable[[Result], bool]
    ) -> list[Result]:
        """Ask until one result is usable, and give that alone; else all of them."""
        useless = []
        for start in range(0, len(items), AT_ONCE):
            asked = [self._pool.submit(ask, item) for item in items[start : start + AT_ONCE]]
            for done in as_completed(asked):
                if usable(done.result()):
                    return [done.result()]
            useless += [each.result() for each in asked]
        return useless

    def name_server(self, server: Server, name: Name, kind: RdataType) -> Reply:
        """Ask an authoritative server for what it holds itself."""
        if not server.address:
            return Reply(server, None, "no IPv4 address of it is known")
        port = self._network.name_server_port(server.address)
        return self._ask(server, port, name, kind, dns.flags.Flag(0))

    def resolver(self, resolver: Resolver, name: Name, kind: RdataType, *, checking: bool = True) -> Reply:
        """Ask a resolver, which looks further; without checking it does not validate DNSSEC."""
        flags = dns.flags.RD | dns.flags.AD
        if not checking:
            flags |= dns.flags.CD
        return self._ask(Server(resolver.address), resolver.port, name, kind, flags)

    def _ask(self, server: Server, port: int, name: Name, kind: RdataType, flags: dns.flags.Flag) -> Reply:
        deadline = time.time() + self._network.dns_timeout

        def ask(edns: int) -> QueryMessage:
            query = dns.message.make_query(name, kind, use_edns=edns, payload=UDP_SIZE, flags=flags)
            return _exchange(query, server.address, port, deadline)

        try:
            message = ask(WITH_EDNS)
            if message.rcode() is dns.rcode.FORMERR:  # as servers say that do not know EDNS (RFC 6891 §7)
                message = ask(WITHOUT_EDNS)
        except dns.exception.Timeout:
            return Reply(server, None, "timed out")
        except OSError as fault:
            return Reply(server, None, (fault.strerror or str(fault)).lower())
        except (dns.exception.DNSException, EOFError):
            return Reply(server, None, "replied with what is no DNS")
        return Reply(server, message)


def _exchange(query: Message, address: str, port: int, deadline: float) -> QueryMessage:
    """Ask over UDP for half of the time, and over TCP where that gives nothing or not all."""
    try:
        message = _over_udp(query, address, port, (time.time() + deadline) / 2)
    except (dns.message.Truncated, dns.exception.Timeout, OSError):
        message = dns.query.tcp(query, address, timeout=max(deadline - time.time(), 0), port=port)
    return cast("QueryMessage", message)  # both ways take nothing else for a response to a query


def _over_udp(query: Message, address: str, port: int, deadline: float) -> Message:
    # A connected socket, unlike dnspython's own, hears at once that a port is closed.
    with socket.socket(dns.inet.af_for_address(address), socket.SOCK_DGRAM) as udp:
        udp.setblocking(False)  # noqa: FBT003 - the standard library's signature
        udp.connect((address, port))
        dns.query.send_udp(udp, query, None, deadline)
        message: Message
        message, *_ = dns.query.receive_udp(
            udp, None, deadline, raise_on_truncation=True, ignore_errors=True, query=query
        )
        return message
