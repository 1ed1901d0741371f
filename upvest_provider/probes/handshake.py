"""A TLS handshake as a strict client makes it, and what was seen of a server that it turned down."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import certifi

from .certificate import Certificate, read_certificate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .network import Network

ALERT_TIMEOUT = 1.0
"""Seconds for the alert that may follow a TLS 1.3 handshake: several round trips around the world."""

_CERTIFICATE_WANTED = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",  # what TLS 1.2 has for it (RFC 5246 §7.4.6)
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_ACCESS_DENIED",
    }
)
"""The alerts with which servers turn a client without a certificate away."""


class Trouble(StrEnum):
    """How far a handshake came."""

    REFUSED = "connection refused"
    TIMED_OUT = "no answer"
    UNREACHABLE = "unreachable"
    SILENT = "no TLS answer"
    CUT = "connection cut"
    FAILED = "handshake failed"
    UNVERIFIED = "certificate not verified"


@dataclass(frozen=True, slots=True)
class Handshake:
    """What one address answered."""

    address: str
    port: int
    trouble: Trouble | None = None
    """None where the handshake was done and the certificate verified."""
    detail: str = ""
    """The words of the operating system or of OpenSSL."""
    verify_code: int = 0
    """OpenSSL's reason not to trust the certificate (`X509_V_ERR_…`)."""
    protocol: str = ""
    """As `TLSv1.3`; also one that is too old to be accepted."""
    chain: tuple[Certificate, ...] = ()
    """As presented, the host's own first; also where it was not trusted."""
    client_certificate_required: bool = False


class UnusableRoots(Exception):
    """The file of roots to trust cannot be read."""


def verifying_context(network: Network) -> ssl.SSLContext:
    """What a strict client of today accepts: TLS 1.2, a chain to the roots, the name among the alternative names.

    Raises:
        UnusableRoots: `ca_file` cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python takes a bare common name otherwise; other clients stopped long ago (RFC 9525 §2).
    context.hostname_checks_common_name = False
    roots = network.ca_file or certifi.where()
    try:
        context.load_verify_locations(roots)
    except ssl.SSLError:
        raise UnusableRoots(f"the file of trusted roots holds no certificate in PEM form: {roots}") from None
    except OSError as error:
        raise UnusableRoots(f"the file of trusted roots cannot be read ({error.strerror}): {roots}") from None
    return context


def roots_of(network: Network) -> str:
    """The name of the roots that are trusted, for messages."""
    return f"the roots in {network.ca_file}" if network.ca_file else f"the roots of certifi {certifi.__version__}"


def shake_hands(host: str, port: int, address: str, context: ssl.SSLContext, timeout: float) -> Handshake:
    """Meet one address; where it is turned down, look again without judging, to see what is there."""
    deadline = time.monotonic() + timeout
    met = _meet(host, port, address, context, deadline)
    if met.trouble not in {Trouble.UNVERIFIED, Trouble.FAILED, Trouble.CUT}:
        return met
    seen = _meet(host, port, address, _lenient_context(), deadline)
    return Handshake(
        address=address,
        port=port,
        trouble=met.trouble,
        detail=met.detail,
        verify_code=met.verify_code,
        protocol=seen.protocol,
        chain=seen.chain,
    )


def _lenient_context() -> ssl.SSLContext:
    """Takes anything, for a handshake over which nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL 3 speaks TLS 1.1 only at level 0
    return context


def _meet(host: str, port: int, address: str, context: ssl.SSLContext, deadline: float) -> Handshake:
    try:
        plain = socket.create_connection((address, port), timeout=_left(deadline))
    except TimeoutError:
        return Handshake(address, port, Trouble.TIMED_OUT)
    except ConnectionRefusedError:
        return Handshake(address, port, Trouble.REFUSED)
    except OSError as error:
        return Handshake(address, port, Trouble.UNREACHABLE, error.strerror or str(error))
    with context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False) as connection:
        return _greet(connection, address, port, deadline)


def _greet(connection: ssl.SSLSocket, address: str, port: int, deadline: float) -> Handshake:
    try:
        connection.settimeout(_left(deadline))
        connection.do_handshake()
    except ssl.SSLCertVerificationError as error:
        return Handshake(address, port, Trouble.UNVERIFIED, error.verify_message, error.verify_code)
    except TimeoutError:
        return Handshake(address, port, Trouble.SILENT)
    except (ssl.SSLEOFError, ConnectionError):
        return Handshake(address, port, Trouble.CUT)
    except ssl.SSLError as error:
        chain = _presented(connection)
        if chain and error.reason in _CERTIFICATE_WANTED:
            # Before TLS 1.3 the client's turn comes within the handshake, after it verified the server.
            return Handshake(address, port, protocol="TLSv1.2", chain=chain, client_certificate_required=True)
        # Where TLS has no word for it, what is beneath it broke.
        return Handshake(address, port, Trouble.FAILED if error.reason else Trouble.CUT, words_of(error))
    return Handshake(
        address,
        port,
        protocol=connection.version() or "",
        chain=_presented(connection),
        client_certificate_required=_is_turned_away(connection, deadline),
    )


def _presented(connection: ssl.SSLSocket) -> tuple[Certificate, ...]:
    read = (read_certificate(der) for der in _presented_der(connection))
    return tuple(certificate for certificate in itertools.takewhile(bool, read) if certificate)


def _presented_der(connection: ssl.SSLSocket) -> Sequence[bytes]:
    if sys.version_info >= (3, 13):
        return connection.get_unverified_chain()
    # Public only since 3.13; 3.11 and 3.12 are closed to changes of what lies beneath.
    inner: Any = connection._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    der = 2  # _ssl.ENCODING_DER
    return [certificate.public_bytes(der) for certificate in inner.get_unverified_chain() or ()]


def _is_turned_away(connection: ssl.SSLSocket, deadline: float) -> bool:
    """Whether an alert follows the handshake: in TLS 1.3 the client is done before its certificate is missed."""
    # The end of our half, as an answer is due then; not TLS's own end, for bytes that the server has not read
    # when it hangs up would destroy the alert on its way.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_WR)
    try:
        connection.settimeout(min(ALERT_TIMEOUT, _left(deadline)))
        connection.recv(1)
    except ssl.SSLError as error:
        return error.reason in _CERTIFICATE_WANTED
    except OSError:
        return False
    return False


def words_of(error: ssl.SSLError) -> str:
    """OpenSSL's reason as words, without the protocol's version that its alerts are named by."""
    reason = (
        (error.reason or "unknown reason").removeprefix("SSLV3_").removeprefix("TLSV1_").removeprefix("TLSV13_")
    )
    return reason.replace("_", " ").lower()


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)  # 0 would mean not to wait at all
