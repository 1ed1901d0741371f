"""Posts to receivers as Upvest does: names resolved and certificates trusted as in the local world, signed."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import dns.message
import dns.query
import dns.rcode
from dns.exception import DNSException
from dns.rdatatype import RdataType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .delivery_signature import DeliverySigner

TIMEOUT = 10.0
"""Seconds to wait for the receiver. Undocumented."""

DNS_TIMEOUT = 5.0
"""Seconds to wait for the resolver."""

MAX_BODY = 65_536
"""Bytes of the receiver's answer that are read. Undocumented."""


class NameNotResolved(OSError):
    """The resolver has no address for a host."""


@dataclass(frozen=True)
class Reply:
    """What a receiver answered."""

    status: int
    headers: Mapping[str, str]
    body: str


class Sender:
    """Posts signed bodies.

    Args:
        resolver: Address and port of the resolver that is asked for hosts, `localhost` excepted.
        ca_file: The local authority, trusted beside those of the machine.
        signer: Signs.
        clock: Seconds since 1970.
    """

    def __init__(
        self, resolver: tuple[str, int], ca_file: Path, signer: DeliverySigner, clock: Callable[[], float]
    ) -> None:
        self._resolver = resolver
        self._ca_file = ca_file
        self._signer = signer
        self._clock = clock

    def post(self, url: str, body: bytes) -> Reply:
        """Posts JSON to a URL, once and without following redirects.

        Raises:
            OSError: The receiver cannot be reached.
            HTTPException: It does not speak HTTP.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        context = ssl.create_default_context()
        context.load_verify_locations(self._ca_file)
        connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
        try:
            connection.sock = context.wrap_socket(
                _connect(self._addresses(host), port), server_hostname=host.rstrip(".")
            )
            connection.request("POST", target, body, self._signer.headers(target, body, self._clock()))
            answer = connection.getresponse()
            text = answer.read(MAX_BODY).decode(errors="replace")
            return Reply(answer.status, dict(answer.getheaders()), text)
        finally:
            connection.close()

    def _addresses(self, host: str) -> list[str]:
        if host == "localhost":  # never asked of a resolver (RFC 6761, 6.3)
            return ["127.0.0.1"]
        address, port = self._resolver
        query = dns.message.make_query(host, RdataType.A)
        try:
            answer, _ = dns.query.udp_with_fallback(query, address, DNS_TIMEOUT, port)
        except DNSException as error:
            raise NameNotResolved(f"{host}: {error}") from error
        found = [
            record.address for records in answer.answer for record in records if records.rdtype == RdataType.A
        ]
        if not found:
            code = dns.rcode.to_text(answer.rcode())
            raise NameNotResolved(f"{host}: {code if code != 'NOERROR' else 'no address'}")
        return found


def _connect(addresses: list[str], port: int) -> socket.socket:
    """A connection to the first address that takes one."""
    failures: list[OSError] = []
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=TIMEOUT)
        except OSError as error:
            failures.append(error)
    raise failures[0]
