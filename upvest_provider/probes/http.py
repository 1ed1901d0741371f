"""Does the URL answer as one that takes deliveries: no redirect, not 404, no server error?"""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from .finding import Check, Finding
from .handshake import shake_hands, verifying_context, words_of
from .plain import plain

if TYPE_CHECKING:
    from .network import Network


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the URL answered to a GET."""

    origin: str
    """Scheme and host of the URL; its path may be a secret."""
    address: str
    status: int = 0
    """0 where there was no answer of HTTP."""
    redirected_to: str = ""
    """Scheme and host of a redirect's target."""
    trouble: str = ""
    """Why there was no answer."""
    client_certificate_required: bool = False


def probe_http(url: str, address: str, network: Network) -> Finding:
    """Send a GET and judge the answer.

    Raises:
        UnusableRoots: `ca_file` cannot be read.
    """
    return judge_http(observe_http(url, address, network))


def observe_http(url: str, address: str, network: Network) -> HttpAnswer:
    """One GET to this address, through no proxy, following no redirect, over verified TLS.

    TLS is verified whatever the tls check is told to forgive: the URL's path may be a secret.

    Raises:
        UnusableRoots: `ca_file` cannot be read.
    """
    parts = urlsplit(url)
    context = verifying_context(network)
    try:
        status, location = _get(parts, address, context, network.tls_timeout)
    except (OSError, http.client.HTTPException) as error:
        met = shake_hands(parts.hostname or "", parts.port or 443, address, context, network.tls_timeout)
        return HttpAnswer(
            _origin(parts),
            address,
            trouble=_reason(error),
            client_certificate_required=met.client_certificate_required,
        )
    return HttpAnswer(_origin(parts), address, status=status, redirected_to=_redirected_to(url, location))


def judge_http(answer: HttpAnswer) -> Finding:
    """A redirect, 404 and server errors stop; whatever else answers a GET may take a POST."""
    if answer.client_certificate_required:
        return _passed(f"{answer.origin} asks for a client certificate before it answers, at {answer.address}")
    if not answer.status:
        return _refused(
            f"{answer.origin} did not answer a GET: {answer.trouble}, at {answer.address}",
            "See to it that the receiver answers HTTP at this address.",
        )
    seen = f"{answer.origin} answered {_status_line(answer.status)}"
    match answer.status:
        case status if 300 <= status < 400:  # noqa: PLR2004 - the class of redirects
            return _refused(
                f"{seen}, {_whither(answer)}, at {answer.address}",
                "Use the URL that is redirected to, or answer at this one: deliveries follow no redirect.",
            )
        case HTTPStatus.NOT_FOUND:
            return _refused(
                f"{seen}, at {answer.address}", "Deploy what answers at the URL's path, or correct the path."
            )
        case status if status >= 500:  # noqa: PLR2004 - the class of server errors
            return _refused(
                f"{seen}, at {answer.address}", "Read the log of the receiver and of the load balancer before it."
            )
        case _:
            return _passed(f"{seen} to a GET, at {answer.address}")


def _get(parts: SplitResult, address: str, context: ssl.SSLContext, timeout: float) -> tuple[int, str]:
    host, port = parts.hostname or "", parts.port or 443
    plain = socket.create_connection((address, port), timeout=timeout)
    with context.wrap_socket(plain, server_hostname=host) as secured:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        connection.sock = secured
        connection.request("GET", _target(parts), headers={"Host": _authority(parts), "Connection": "close"})
        answer = connection.getresponse()
        answer.close()
        return answer.status, answer.headers.get("Location", "")


def _target(parts: SplitResult) -> str:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return quote(target, safe="%/:?[]@!$&'()*+,;=~")


def _authority(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return host if parts.port in {None, 443} else f"{host}:{parts.port}"


def _origin(parts: SplitResult) -> str:
    return f"{parts.scheme}://{_authority(parts)}"


def _redirected_to(url: str, location: str) -> str:
    try:
        return plain(_origin(urlsplit(urljoin(url, location)))) if location else ""
    except ValueError:  # no number as a port, half an IPv6 address
        return ""


def _reason(error: OSError | http.client.HTTPException) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({words_of(error)})"
    if isinstance(error, OSError):
        return (error.strerror or "the connection was closed").lower()
    return "what answers does not speak HTTP"


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _whither(answer: HttpAnswer) -> str:
    if not answer.redirected_to:
        return "a redirect to nowhere"
    if answer.redirected_to == answer.origin:
        return "a redirect to another path there"
    return f"a redirect to {answer.redirected_to}"


def _passed(seen: str) -> Finding:
    return Finding(Check.HTTP, passed=True, seen=seen)


def _refused(seen: str, fix: str) -> Finding:
    return Finding(Check.HTTP, passed=False, seen=seen, fix=fix)
