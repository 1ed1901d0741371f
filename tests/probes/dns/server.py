"""DNS servers on loopback: zones are served as they should be, and single questions as a test tells it."""

from __future__ import annotations

import contextlib
import functools
import itertools
import selectors
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone
from dns.rdatatype import RdataType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dns.message import Message
    from dns.name import Name
    from dns.rrset import RRset
    from dns.zone import Zone

    Behaviour = Callable[[Message], Message | bytes | None]
    """From a question to what is sent back; None is silence."""

TTL = 300
NEGATIVE_TTL = 60
TRIES = 20


@dataclass(frozen=True)
class Asked:
    """A question as it came over the wire."""

    server: str
    name: str
    kind: str
    over: str
    edns: bool


def says(
    *records: str, flags: str = "AA", rcode: str = "NOERROR", authority: str = "", additional: str = ""
) -> Behaviour:
    """An answer of records in the form of zone files: `name ttl type value`."""

    def behave(query: Message) -> Message:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.from_text(flags)
        reply.set_rcode(dns.rcode.from_text(rcode))
        reply.answer = _rrsets(records)
        reply.authority = _rrsets([authority] if authority else [])
        reply.additional = _rrsets([additional] if additional else [])
        return reply

    return behave


def fails(rcode: str) -> Behaviour:
    return says(rcode=rcode, flags="")


def is_silent(_: Message) -> None:
    return None


def babbles(_: Message) -> bytes:
    return b"this is no DNS"


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Another answer for each question, and again from the start."""
    turns = itertools.cycle(behaviours)
    return lambda query: next(turns)(query)  # noqa: PLW0108 - the next turn, not this one


def _rrsets(records: tuple[str, ...] | list[str]) -> list[RRset]:
    values: dict[tuple[str, str, str], list[str]] = {}
    for record in records:
        name, ttl, kind, value = record.split(maxsplit=3)
        values.setdefault((name, ttl, kind), []).append(value)
    return [
        dns.rrset.from_text_list(
            dns.name.from_text(name), int(ttl), "IN", kind, each, origin=dns.name.root, relativize=False
        )
        for (name, ttl, kind), each in values.items()
    ]


@dataclass
class DnsServer:
    """One address of the world."""

    address: str
    asked: list[Asked] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    overrides: dict[tuple[Name, RdataType | None], Behaviour] = field(default_factory=dict)
    cut_off: bool = False
    """Whether UDP answers come truncated."""
    knows_edns: bool = True

    def holds(self, zone: str, *records: str) -> None:
        """Serve a zone; its records are named as in the zone's own file."""
        origin = dns.name.from_text(zone)
        self.zones = [each for each in self.zones if each.origin != origin]
        lines = [f"$TTL {TTL}", f"@ SOA ns admin 1 7200 900 1209600 {NEGATIVE_TTL}", *records]
        self.zones.append(dns.zone.from_text("\n".join(lines), origin, relativize=False, check_origin=False))

    def when(self, name: str, kind: str | None, behaviour: Behaviour) -> None:
        """Answer one question otherwise than the zones say; None stands for all types."""
        key = dns.name.from_text(name), None if kind is None else RdataType.make(kind)
        self.overrides[key] = behaviour

    def reply(self, query: Message, over: str) -> bytes | None:
        question = query.question[0]
        name, kind = question.name, question.rdtype
        text = name.to_text(omit_final_dot=True)
        self.asked.append(Asked(self.address, text, RdataType.to_text(kind), over, query.edns >= 0))
        behaviour = self.overrides.get((name, kind)) or self.overrides.get((name, None)) or self._by_zone
        if query.edns >= 0 and not self.knows_edns:
            behaviour = fails("FORMERR")
        reply = behaviour(query)
        if reply is None or isinstance(reply, bytes):
            return reply
        if self.cut_off and over == "udp":
            reply.answer = []
            reply.flags |= dns.flags.TC
        return reply.to_wire()

    def _by_zone(self, query: Message) -> Message:
        reply = dns.message.make_response(query)
        question = query.question[0]
        holding = [zone for zone in self.zones if zone.origin and question.name.is_subdomain(zone.origin)]
        if not holding:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply
        _look_up(max(holding, key=lambda zone: len(zone.origin or ())), question.name, question.rdtype, reply)
        return reply


def _look_up(zone: Zone, name: Name, kind: RdataType, reply: Message) -> None:
    origin = zone.origin
    assert origin is not None
    for depth in range(len(origin) + 1, len(name) + 1):
        cut = name.split(depth)[1]
        if referral := zone.get_rrset(cut, RdataType.NS):
            reply.authority = [referral]
            reply.additional = [glue for ns in referral if (glue := zone.get_rrset(ns.target, RdataType.A))]
            return
    reply.flags |= dns.flags.AA
    node = zone.get_node(name)
    wildcard = dns.name.from_text("*", name.parent()) if len(name) > len(origin) else name
    owner = name if node else wildcard
    records = zone.get_rrset(owner, kind) or zone.get_rrset(owner, RdataType.CNAME)
    if records:
        reply.answer = [dns.rrset.from_rdata_list(name, records.ttl, list(records))]
        reply.additional = [
            glue
            for record in records
            if records.rdtype is RdataType.NS and (glue := zone.get_rrset(record.target, RdataType.A))
        ]
        return
    reply.authority = [soa for soa in [zone.get_rrset(origin, RdataType.SOA)] if soa]
    if not any(each.is_subdomain(name) for each in zone.nodes) and not zone.get_node(wildcard):
        reply.set_rcode(dns.rcode.NXDOMAIN)


class DnsWorld:
    """Servers on some addresses of 127.0.0.0/8, all at one port."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._servers = {address: DnsServer(address) for address in addresses}
        self.port, sockets = _sockets(list(self._servers))
        self._selector = selectors.DefaultSelector()
        for server, udp, tcp in zip(self._servers.values(), *sockets, strict=True):
            self._selector.register(udp, selectors.EVENT_READ, functools.partial(_datagram, udp, server))
            self._selector.register(tcp, selectors.EVENT_READ, functools.partial(self._connection, tcp, server))
        self._open = [socket for kind in sockets for socket in kind]
        self._stop, self._stopped = socket.socketpair()
        self._selector.register(self._stopped, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="dns-world")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.send(b"!")
        self._thread.join()
        self._selector.close()
        for each in (*self._open, self._stop, self._stopped):
            each.close()

    def __getitem__(self, address: str) -> DnsServer:
        return self._servers[address]

    @property
    def asked(self) -> list[Asked]:
        """All questions, by server."""
        return [asked for server in self._servers.values() for asked in server.asked]

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                with contextlib.suppress(OSError):  # the client gave up
                    key.data()

    def _connection(self, listener: socket.socket, server: DnsServer) -> None:
        connection, _ = listener.accept()
        stream = connection.makefile("rb")
        wire = stream.read(int.from_bytes(stream.read(2)))
        stream.close()
        reply = server.reply(dns.message.from_wire(wire), "tcp")
        if reply is None:
            self._open.append(connection)
            return
        with connection:
            connection.sendall(len(reply).to_bytes(2) + reply)


def _datagram(udp: socket.socket, server: DnsServer) -> None:
    wire, sender = udp.recvfrom(65535)
    if reply := server.reply(dns.message.from_wire(wire), "udp"):
        udp.sendto(reply, sender)


def _sockets(addresses: list[str]) -> tuple[int, tuple[list[socket.socket], list[socket.socket]]]:
    """A port that is free at all addresses, over UDP and TCP."""
    for _ in range(TRIES):
        with contextlib.ExitStack() as opened:
            try:
                first = opened.enter_context(_bound(addresses[0], 0, socket.SOCK_DGRAM))
                port = first.getsockname()[1]
                udp = [opened.enter_context(_bound(address, port, socket.SOCK_DGRAM)) for address in addresses[1:]]
                tcp = [opened.enter_context(_bound(address, port, socket.SOCK_STREAM)) for address in addresses]
            except OSError:
                continue
            opened.pop_all()
            return port, ([first, *udp], tcp)
    raise OSError("no port is free")


def _bound(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    bound = socket.socket(socket.AF_INET, kind)
    try:
        bound.bind((address, port))
        if kind is socket.SOCK_STREAM:
            bound.listen()
    except OSError:
        bound.close()
        raise
    return bound
