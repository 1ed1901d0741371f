from __future__ import annotations

import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import trustme
from inline_snapshot import snapshot

from tests.probes.tls.servers import (
    HOST,
    Server,
    context_of,
    http,
    resets,
    silent,
    tls,
    unused_port,
    wants_client_certificates,
)
from upvest_provider.probes.finding import Check
from upvest_provider.probes.http import probe_http
from upvest_provider.probes.network import Network

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from tests.probes.tls.servers import Behaviour
    from upvest_provider.probes.finding import Finding

PATH = "/webhooks/secret-1234?token=5678"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA(organization_unit_name="Example Root")


@pytest.fixture
def network(authority: trustme.CA, tmp_path: Path) -> Network:
    roots = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(roots)
    return Network(tls_timeout=5, ca_file=str(roots))


def get(network: Network, port: int) -> Finding:
    return probe_http(f"https://{HOST}:{port}{PATH}", "127.0.0.1", network)


def told(finding: Finding, port: int) -> str:
    text = "\n".join(line for line in (finding.seen, *finding.warnings, finding.fix) if line)
    assert finding.check is Check.HTTP
    assert "secret-1234" not in text
    assert "5678" not in text
    return text.replace(f":{port}", "")


@pytest.fixture
def told_of(network: Network, authority: trustme.CA) -> Callable[[str], str]:
    """What a person reads about an answer with this head."""

    def told_of_head(head: str) -> str:
        answer = f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n".encode()
        with Server(http(context_of(authority, HOST), answer, [])) as server:
            finding = get(network, server.port)
            assert finding.passed is not bool(finding.fix)
            return told(finding, server.port)

    return told_of_head


def refusal(network: Network, behaviour: Behaviour) -> str:
    with Server(behaviour) as server:
        finding = get(network, server.port)
        assert not finding.passed
        return told(finding, server.port)


def test_a_get_is_sent_to_the_path_with_the_name_of_the_host(network: Network, authority: trustme.CA) -> None:
    requests: list[bytes] = []
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with Server(http(context_of(authority, HOST), answer, requests)) as server:
        assert get(network, server.port).passed

    [request] = requests
    line, *headers = request.decode().splitlines()
    assert line == f"GET {PATH} HTTP/1.1"
    assert f"Host: {HOST}:{server.port}" in headers


def test_a_path_of_other_letters_is_sent_as_browsers_send_it(network: Network, authority: trustme.CA) -> None:
    requests: list[bytes] = []
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with Server(http(context_of(authority, HOST), answer, requests)) as server:
        assert probe_http(f"https://{HOST}:{server.port}/zwölf %20", "127.0.0.1", network).passed

    assert requests[0].startswith(b"GET /zw%C3%B6lf%20%20 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "line", ["200 OK", "204 No Content", "401 Unauthorized", "403 Forbidden", "405 Method Not Allowed"]
)
def test_whatever_may_take_a_post_passes(told_of: Callable[[str], str], line: str) -> None:
    assert told_of(line).replace(line, "STATUS") == snapshot(
        "https://hooks.tenant.example answered STATUS to a GET, at 127.0.0.1"
    )


def test_a_status_without_a_name_passes(told_of: Callable[[str], str]) -> None:
    assert told_of("499 Whatever") == snapshot("https://hooks.tenant.example answered 499 to a GET, at 127.0.0.1")


def test_a_redirect_to_another_host(told_of: Callable[[str], str]) -> None:
    location = "https://www.tenant.example/webhooks/secret-1234"

    assert told_of(f"301 Moved Permanently\r\nLocation: {location}") == snapshot("""\
https://hooks.tenant.example answered 301 Moved Permanently, a redirect to https://www.tenant.example, at 127.0.0.1
Use the URL that is redirected to, or answer at this one: deliveries follow no redirect.\
""")


def test_a_redirect_on_the_same_host(told_of: Callable[[str], str]) -> None:
    assert told_of("308 Permanent Redirect\r\nLocation: /webhooks/secret-1234/") == snapshot("""\
https://hooks.tenant.example answered 308 Permanent Redirect, a redirect to another path there, at 127.0.0.1
Use the URL that is redirected to, or answer at this one: deliveries follow no redirect.\
""")


@pytest.mark.parametrize("location", ["", "\r\nLocation: https://[half", "\r\nLocation: https://a:b/"])
def test_a_redirect_to_nowhere(told_of: Callable[[str], str], location: str) -> None:
    assert told_of(f"302 Found{location}") == snapshot("""\
https://hooks.tenant.example answered 302 Found, a redirect to nowhere, at 127.0.0.1
Use the URL that is redirected to, or answer at this one: deliveries follow no redirect.\
""")


def test_control_characters_of_a_redirect_do_not_reach_the_terminal(told_of: Callable[[str], str]) -> None:
    assert "\x1b" not in told_of("302 Found\r\nLocation: https://\x1b[31mred/")


def test_nothing_at_the_path(told_of: Callable[[str], str]) -> None:
    assert told_of("404 Not Found") == snapshot("""\
https://hooks.tenant.example answered 404 Not Found, at 127.0.0.1
Deploy what answers at the URL's path, or correct the path.\
""")


def test_a_server_error(told_of: Callable[[str], str]) -> None:
    assert told_of("503 Service Unavailable") == snapshot("""\
https://hooks.tenant.example answered 503 Service Unavailable, at 127.0.0.1
Read the log of the receiver and of the load balancer before it.\
""")


def test_nobody_listens(network: Network) -> None:
    port = unused_port()

    finding = get(network, port)

    assert not finding.passed
    assert told(finding, port) == snapshot("""\
https://hooks.tenant.example did not answer a GET: connection refused, at 127.0.0.1
See to it that the receiver answers HTTP at this address.\
""")


def test_a_server_that_does_not_answer_the_request(network: Network, authority: trustme.CA) -> None:
    context = context_of(authority, HOST)

    def slow(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            silent(secured)

    assert refusal(replace(network, tls_timeout=0.3), slow) == snapshot("""\
https://hooks.tenant.example did not answer a GET: it took too long, at 127.0.0.1
See to it that the receiver answers HTTP at this address.\
""")


def test_a_server_that_does_not_answer_at_all(network: Network) -> None:
    assert refusal(replace(network, tls_timeout=0.2), silent) == snapshot("""\
https://hooks.tenant.example did not answer a GET: it took too long, at 127.0.0.1
See to it that the receiver answers HTTP at this address.\
""")


def test_a_server_that_resets(network: Network) -> None:
    assert refusal(network, resets) == snapshot("""\
https://hooks.tenant.example did not answer a GET: connection reset by peer, at 127.0.0.1
See to it that the receiver answers HTTP at this address.\
""")


def test_a_server_that_hangs_up_without_an_answer(network: Network, authority: trustme.CA) -> None:
    assert refusal(network, http(context_of(authority, HOST), b"", [])) == snapshot("""\
https://hooks.tenant.example did not answer a GET: the connection was closed, at 127.0.0.1
See to it that the receiver answers HTTP at this address.\
""")


def test_an_answer_that_is_not_http(network: Network, authority: trustme.CA) -> None:
    assert refusal(network, http(context_of(authority, HOST), b"220 mail.example ESMTP\r\n", [])) == snapshot("""\
https://hooks.tenant.example did not answer a GET: what answers does not speak HTTP, at 127.0.0.1
See to it that the receiver answers HTTP at this address.\
""")


def test_a_stranger_does_not_get_to_see_the_path(network: Network) -> None:
    requests: list[bytes] = []
    stranger = context_of(trustme.CA(organization_unit_name="Stranger"), HOST)

    assert refusal(network, http(stranger, b"HTTP/1.1 200 OK\r\n\r\n", requests)) == snapshot("""\
https://hooks.tenant.example did not answer a GET: its certificate is not trusted (unable to get local issuer certificate), at 127.0.0.1
See to it that the receiver answers HTTP at this address.\
""")
    assert b"".join(requests) == b""


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_client_certificate_passes(
    network: Network, authority: trustme.CA, version: ssl.TLSVersion
) -> None:
    context = wants_client_certificates(context_of(authority, HOST), authority)
    context.maximum_version = version
    with Server(tls(context)) as server:
        finding = get(network, server.port)

    assert finding.passed
    assert told(finding, server.port) == snapshot(
        "https://hooks.tenant.example asks for a client certificate before it answers, at 127.0.0.1"
    )
