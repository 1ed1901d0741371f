"""The sockets of the DNS servers: one port, free on all their addresses, over UDP and TCP."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import ExitStack

from upvest_provider.errors import SettingsError

from .dns_zones import NAME_SERVERS, REGISTRY, RESOLVER

ADDRESSES = (RESOLVER, *NAME_SERVERS, REGISTRY)

Pair = tuple[socket.socket, socket.socket]
"""UDP and TCP of one address."""

_ATTEMPTS = 20
"""Free UDP ports that are tried, for one that is free on all addresses and over TCP too."""


def bind(wanted: int, last: int) -> list[Pair]:
    """For each address a UDP and a TCP socket, all on one port."""
    ports = [wanted] if wanted else [last, *[0] * _ATTEMPTS]
    failures = []
    for port in ports:
        try:
            return _bind_all(port)
        except OSError as error:
            failures.append(error)
    if failures[0].errno == errno.EADDRNOTAVAIL:
        raise SettingsError(
            f"this machine lacks one of the loopback addresses {', '.join(ADDRESSES)}",
            fix="Add them; on macOS: `for n in 2 3 4; do sudo ifconfig lo0 alias 127.0.0.$n; done`.",
        ) from failures[0]
    raise SettingsError(
        f"port {wanted} of {', '.join(ADDRESSES)} cannot be used: {os.strerror(failures[0].errno or 0)}",
        fix="Name another port, or 0 for any free one.",
    ) from failures[0]


def _bind_all(port: int) -> list[Pair]:
    with ExitStack() as exits:
        sockets = []
        for address in ADDRESSES:
            udp = exits.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            udp.bind((address, port))
            port = udp.getsockname()[1]
            tcp = exits.enter_context(socket.create_server((address, port)))
            tcp.settimeout(0)
            sockets.append((udp, tcp))
        exits.pop_all()
        return sockets
