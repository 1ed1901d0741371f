"""HTTP: the one module that knows httpx."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from upvest_provider import limits
from upvest_provider.errors import MalformedAnswer, NoAnswer, SettingsError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .signature import Request


OF_TLS = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"})
OF_PROXIES = frozenset({"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"})
"""The variables of the environment that httpx reads; those of proxies also in lower case."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_success(self) -> bool:
        """Whether the status is of the 2xx class."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the bounds of the class


class Transport:
    """One pool of connections to one origin, safe for threads. No redirect is followed.

    The usual variables for proxies and certificate authorities apply (`HTTPS_PROXY`, `NO_PROXY`,
    `SSL_CERT_FILE`), but for loopback, which no proxy can reach.

    Raises:
        SettingsError: One of these variables is unusable.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._client = _client(is_encrypted=urlsplit(base_url).scheme == "https")
        # Only what is set by hand goes out, so that all of it can be signed.
        self._client.headers.clear()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def send(self, request: Request, headers: Mapping[str, str], *, timeout: float) -> Answer:
        """Send a request and read its answer.

        Args:
            request: Its own headers are not looked at.
            headers: All that go out, but `host`.
            timeout: For the answer, in seconds.

        Raises:
            Unreachable: No connection; the request was not sent.
            NoAnswer: The request may have been handled.
            MalformedAnswer: The answer is larger than any that this API gives.
        """
        outgoing = self._client.build_request(
            request.method,
            self._base_url + request.target,
            headers=dict(headers),
            content=request.body or None,
            timeout=httpx.Timeout(timeout, connect=limits.CONNECT_TIMEOUT),
        )
        try:
            response = self._client.send(outgoing, stream=True)
            try:
                content = _bounded(response, request.what)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise Unreachable(
                f"no connection to {self._base_url}: {_reason(error)}",
                f"{request.what} was not sent.",
                fix=f"Make sure that this machine can reach {self._base_url}, then run the command again.",
            ) from None
        except httpx.RequestError as error:
            raise NoAnswer(
                f"no answer from {self._base_url} to {request.what}: {_reason(error)}",
                "Whether the request was handled is not known.",
                fix="Run `pulumi up --refresh` once the API answers again.",
            ) from None
        return Answer(response.status_code, dict(response.headers), content)


class _NoCookies(CookieJar):
    """Takes none: one that a load balancer sets would go back in a header that nobody signed."""

    def extract_cookies(self, _response: object, _request: object) -> None:
        """Pass over what an answer sets."""


def _client(*, is_encrypted: bool) -> httpx.Client:
    try:
        return httpx.Client(
            # Without TLS there is nothing to verify, and loading the authorities takes longer than a request.
            verify=True if is_encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=limits.CONNECTIONS, max_keepalive_connections=limits.CONNECTIONS),
            trust_env=is_encrypted,
            cookies=_NoCookies(),
        )
    except OSError as error:
        variables, reason = OF_TLS, error.strerror or type(error).__name__
    except ImportError:
        variables, reason = OF_PROXIES, "SOCKS needs the package socksio, which is not installed"
    except (ValueError, httpx.InvalidURL):
        variables, reason = OF_PROXIES, "its form is not understood; a proxy is http://HOST:PORT"
    # Raised here and not above: what httpx raised quotes the URL of the proxy, which may hold a password.
    names = [name for name, value in os.environ.items() if value and name.upper() in variables]
    named = " or ".join(names) or "default"
    raise SettingsError(
        f"the environment's {named} cannot be used: {reason}", fix=f"Correct {named}, or unset it."
    )


def _bounded(response: httpx.Response, what: str) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > limits.ANSWER_BYTES:
            raise MalformedAnswer(
                f"the answer to {what} is larger than {limits.ANSWER_BYTES} bytes and was not read further",
                fix="Make sure that `upvest:api` names Upvest's API.",
            )
    return bytes(content)


def _reason(error: httpx.RequestError) -> str:
    return str(error) or type(error).__name__
