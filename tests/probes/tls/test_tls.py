from __future__ import annotations

import socket
import ssl
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import AuthorityInformationAccessOID
from inline_snapshot import snapshot

from tests.probes.tls.servers import (
    HOST,
    Server,
    context_of,
    context_with,
    hangs_up,
    resets,
    silent,
    speaks_plain_http,
    tls,
    unused_port,
    wants_client_certificates,
)
from upvest_provider.probes.finding import Check, Finding
from upvest_provider.probes.handshake import UnusableRoots
from upvest_provider.probes.tls import observe_tls, probe_tls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.probes.tls.servers import Behaviour
    from upvest_provider.probes.network import Network

DAY = 24 * 3600.0


def probe(
    network: Network,
    port: int,
    addresses: Sequence[str] = ("127.0.0.1",),
    *,
    fresh: Callable[[], Sequence[str]] | None = None,
) -> Finding:
    """Unless told otherwise, DNS still gives every address."""
    return probe_tls(HOST, port, addresses, network, min_validity=DAY, fresh=fresh or (lambda: addresses))


def told(finding: Finding, network: Network, port: int) -> str:
    """What a person reads, without what differs from run to run."""
    lines = (finding.seen, *finding.warnings, finding.fix)
    text = "\n".join(line for line in lines if line)
    return (
        text.replace(f":{port}", "").replace(f"port {port}", "port 443").replace(str(network.ca_file), "roots.pem")
    )


def refusal(network: Network, behaviour: Behaviour) -> str:
    with Server(behaviour) as server:
        finding = probe(network, server.port)
    assert finding.check is Check.TLS
    assert not finding.passed
    return told(finding, network, server.port)


def passing(network: Network, behaviour: Behaviour) -> str:
    with Server(behaviour) as server:
        finding = probe(network, server.port)
    assert finding.passed, finding
    assert not finding.fix
    return told(finding, network, server.port)


def at(server_context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        server_context.minimum_version = version
        server_context.maximum_version = version
    server_context.set_ciphers("ALL:@SECLEVEL=0")
    return server_context


@pytest.mark.parametrize(
    ("version", "shown"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
def test_a_good_certificate_passes_and_the_evidence_says_what_it_is(
    network: Network, authority: trustme.CA, version: ssl.TLSVersion, shown: str
) -> None:
    good = tls(at(context_of(authority, HOST, not_after=datetime(2031, 1, 1, tzinfo=UTC)), version))

    assert passing(network, good).replace(shown, "VERSION") == snapshot(
        "VERSION, certificate of 'Example Root' valid until 2031-01-01 00:00 UTC, at 127.0.0.1"
    )


def test_a_wildcard_and_an_intermediate_that_is_sent_along_pass(network: Network, authority: trustme.CA) -> None:
    intermediate = trustme.CA(parent_cert=authority, organization_unit_name="Example R3")

    assert passing(network, tls(context_of(intermediate, "*.tenant.example"))) == snapshot(
        "TLSv1.3, certificate of 'Example R3' valid until 3000-01-01 00:00 UTC, at 127.0.0.1"
    )


def test_nobody_listens(network: Network) -> None:
    port = unused_port()

    finding = probe(network, port)

    assert not finding.passed
    assert told(finding, network, port) == snapshot("""\
no answer: connection refused, at 127.0.0.1
Start what listens on port 443, and let this machine through its firewall.\
""")


def test_a_server_that_says_nothing(network: Network) -> None:
    assert refusal(replace(network, tls_timeout=0.2), silent) == snapshot("""\
connected, but nothing answered the TLS handshake in time, at 127.0.0.1
See to it that what listens on port 443 speaks TLS and is not stuck.\
""")


def test_a_server_that_does_not_accept_in_time(network: Network) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        # Linux completes one connection more than the backlog says; what comes then is dropped.
        with socket.create_connection(("127.0.0.1", port)):
            finding = probe(replace(network, tls_timeout=0.2), port)

    assert told(finding, network, port) == snapshot("""\
no answer: the connection timed out, at 127.0.0.1
Start what listens on port 443, and let this machine through its firewall.\
""")


def test_an_address_without_a_route(network: Network) -> None:
    # The kernel refuses to connect to the broadcast address; nothing leaves the machine.
    assert told(probe(network, 443, ["255.255.255.255"]), network, 443) == snapshot("""\
no answer: network is unreachable, at 255.255.255.255
Make the address reachable from this machine, or correct the DNS record.\
""")


@pytest.mark.parametrize("behaviour", [resets, hangs_up])
def test_a_connection_cut_in_the_handshake(network: Network, behaviour: Behaviour) -> None:
    assert refusal(network, behaviour) == snapshot("""\
connection reset during the TLS handshake, at 127.0.0.1
Look at what stands before the receiver: load balancers without a certificate for the name, and firewalls, cut connections like this.\
""")


def test_something_that_is_no_tls(network: Network) -> None:
    assert refusal(network, speaks_plain_http) == snapshot("""\
the TLS handshake failed: wrong version number, at 127.0.0.1
See to it that what listens on port 443 speaks TLS 1.2 or 1.3 with common ciphers.\
""")


def test_a_protocol_that_is_too_old(network: Network, authority: trustme.CA) -> None:
    assert refusal(network, tls(at(context_of(authority, HOST), ssl.TLSVersion.TLSv1_1))) == snapshot("""\
speaks only TLSv1.1, but TLS 1.2 or newer is needed, at 127.0.0.1
Enable TLS 1.2 or 1.3 on the receiver.\
""")


def test_ciphers_that_nobody_shares(network: Network, authority: trustme.CA) -> None:
    nobodys = at(context_of(authority, HOST), ssl.TLSVersion.TLSv1_2)
    nobodys.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # the certificate's key is of another kind

    assert refusal(network, tls(nobodys)) == snapshot("""\
the TLS handshake failed: alert handshake failure, at 127.0.0.1
See to it that what listens on port 443 speaks TLS 1.2 or 1.3 with common ciphers.\
""")


def test_an_expired_certificate(network: Network, authority: trustme.CA) -> None:
    expired = context_of(authority, HOST, not_after=datetime(2020, 2, 1, 9, 30, tzinfo=UTC))

    assert refusal(network, tls(expired)) == snapshot("""\
certificate expired 2020-02-01 09:30 UTC, at 127.0.0.1
Renew the certificate and see to it that the receiver loads it.\
""")


def test_a_certificate_that_is_not_yet_valid(network: Network, authority: trustme.CA) -> None:
    early = context_of(authority, HOST, not_before=datetime(2900, 1, 1, tzinfo=UTC))

    assert refusal(network, tls(early)) == snapshot("""\
certificate is not valid before 2900-01-01 00:00 UTC, at 127.0.0.1
Wait until then, install one that is valid now, or set this machine's clock.\
""")


def test_too_little_validity_left(network: Network, authority: trustme.CA) -> None:
    ending = context_of(authority, HOST, not_after=datetime(2030, 6, 16, 11, 59, tzinfo=UTC))

    assert refusal(network, tls(ending)) == snapshot("""\
certificate expires 2030-06-16 11:59 UTC, and 24 h must be left, at 127.0.0.1
Renew the certificate, or lower min_validity.\
""")


def test_a_certificate_to_be_renewed_soon_passes_with_a_warning(network: Network, authority: trustme.CA) -> None:
    ending = context_of(authority, HOST, not_after=datetime(2030, 6, 29, 11, 59, tzinfo=UTC))

    assert passing(network, tls(ending)) == snapshot("""\
TLSv1.3, certificate of 'Example Root' valid until 2030-06-29 11:59 UTC, at 127.0.0.1
certificate expires 2030-06-29 11:59 UTC: renew it soon\
""")


def test_a_certificate_of_another_name(network: Network, authority: trustme.CA) -> None:
    assert refusal(network, tls(context_of(authority, "other.example"))) == snapshot("""\
certificate is for other.example, not hooks.tenant.example, at 127.0.0.1
Install a certificate for hooks.tenant.example, or correct the receiver's rule that selects it by name.\
""")


def test_a_certificate_of_many_other_names(network: Network, authority: trustme.CA) -> None:
    many = context_of(authority, *(f"n{number}.example" for number in range(5)), "127.0.0.1")

    assert refusal(network, tls(many)) == snapshot("""\
certificate is for n0.example, n1.example, n2.example and 3 more, not hooks.tenant.example, at 127.0.0.1
Install a certificate for hooks.tenant.example, or correct the receiver's rule that selects it by name.\
""")


def test_a_name_that_is_only_a_common_name(network: Network, authority: trustme.CA) -> None:
    assert refusal(network, tls(context_of(authority, common_name=HOST))) == snapshot("""\
certificate holds no name but a common name (hooks.tenant.example), which clients ignore, at 127.0.0.1
Install a certificate with hooks.tenant.example among its subject alternative names.\
""")


def test_control_characters_of_a_stranger_do_not_reach_the_terminal(network: Network) -> None:
    stranger = trustme.CA(organization_unit_name="\x1b[31mRed\r\n" + "x" * 40)

    text = refusal(network, tls(context_of(stranger, HOST)))

    assert "?[31mRed??xxx" in text
    assert "\x1b" not in text


def test_a_missing_intermediate(network: Network, authority: trustme.CA) -> None:
    intermediate = trustme.CA(parent_cert=authority, organization_unit_name="Example R3")
    certificate = intermediate.issue_cert(HOST)
    alone = context_with(certificate.private_key_pem, published(certificate, intermediate))

    assert refusal(network, tls(alone)) == snapshot("""\
intermediate certificate missing: 'Example R3' is neither sent along nor among the roots in roots.pem, at 127.0.0.1
Serve the full chain, the intermediates after the certificate.\
""")


def published(certificate: trustme.LeafCert, issuer: trustme.CA) -> trustme.Blob:
    """The certificate, saying where its issuer's is to be had, as those of public authorities do."""
    plain = x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes())
    builder = x509.CertificateBuilder(
        issuer_name=plain.issuer,
        subject_name=plain.subject,
        public_key=plain.public_key(),
        serial_number=plain.serial_number,
        not_valid_before=plain.not_valid_before_utc,
        not_valid_after=plain.not_valid_after_utc,
        extensions=list(plain.extensions),
    )
    place = x509.UniformResourceIdentifier("http://r3.example/r3.der")
    access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
    key = load_pem_private_key(issuer.private_key_pem.bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signed = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False).sign(key, SHA256())
    return trustme.Blob(signed.public_bytes(Encoding.PEM))


def test_an_authority_that_is_not_trusted(network: Network) -> None:
    proxy = trustme.CA(organization_unit_name="Corporate Inspection")
    intermediate = trustme.CA(parent_cert=proxy, organization_unit_name="Branch Office")

    assert refusal(network, tls(context_of(intermediate, HOST))) == snapshot("""\
certificate is issued by 'Branch Office' under 'Corporate Inspection', not among the roots in roots.pem, at 127.0.0.1
If that is a proxy that inspects this network's traffic, run from another network; if it is an authority of your own, name its root in ca_file and serve the full chain.\
""")


def test_an_authority_that_is_not_trusted_and_sends_no_chain(network: Network) -> None:
    proxy = trustme.CA(organization_unit_name="Corporate Inspection")

    assert refusal(network, tls(context_of(proxy, HOST))) == snapshot("""\
certificate is issued by 'Corporate Inspection', not among the roots in roots.pem, at 127.0.0.1
If that is a proxy that inspects this network's traffic, run from another network; if it is an authority of your own, name its root in ca_file and serve the full chain.\
""")


def test_a_self_signed_certificate(network: Network) -> None:
    own = trustme.CA(organization_unit_name="Made at home")

    assert refusal(network, tls(context_with(own.private_key_pem, own.cert_pem))) == snapshot("""\
certificate is self-signed, and not among the roots in roots.pem, at 127.0.0.1
Install a certificate of a public authority, or name this one in ca_file.\
""")


def test_without_a_file_the_roots_are_those_of_certifi(network: Network, authority: trustme.CA) -> None:
    with Server(tls(context_of(authority, HOST))) as server:
        finding = probe(replace(network, ca_file=None), server.port)

    assert not finding.passed
    assert "issued by 'Example Root', not among the roots of certifi 20" in finding.seen


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_client_certificate_passes(
    network: Network, authority: trustme.CA, version: ssl.TLSVersion
) -> None:
    strict = wants_client_certificates(at(context_of(authority, HOST), version), authority)

    assert passing(network, tls(strict)).replace("TLSv1.2", "TLSv1.3") == snapshot(
        "TLSv1.3, certificate of 'Example Root' valid until 3000-01-01 00:00 UTC, client certificate required, at 127.0.0.1"
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_wanting_a_client_certificate_excuses_no_wrong_name(
    network: Network, authority: trustme.CA, version: ssl.TLSVersion
) -> None:
    strict = wants_client_certificates(at(context_of(authority, "other.example"), version), authority)

    assert "certificate is for other.example, not hooks.tenant.example" in refusal(network, tls(strict))


def test_the_name_is_sent_along(network: Network, authority: trustme.CA) -> None:
    asked: list[str] = []
    context = context_of(authority, HOST)
    context.sni_callback = lambda _connection, name, _context: asked.append(name)

    passing(network, tls(context))

    assert asked == [HOST]


def test_every_address_is_met_and_the_first_fault_tells_where_it_was_seen(
    network: Network, authority: trustme.CA
) -> None:
    good, other = context_of(authority, HOST), context_of(authority, "other.example")
    with (
        Server(tls(good)) as first,
        Server(tls(other), address="127.0.0.2", port=first.port),
        Server(tls(other), address="127.0.0.3", port=first.port),
    ):
        finding = probe(network, first.port, [f"127.0.0.{last}" for last in range(1, 5)])

    assert not finding.passed
    assert told(finding, network, first.port) == snapshot("""\
certificate is for other.example, not hooks.tenant.example, at 127.0.0.2, 127.0.0.3; 1 more failed otherwise
Install a certificate for hooks.tenant.example, or correct the receiver's rule that selects it by name.\
""")


def test_an_address_that_dns_no_longer_gives_only_warns(network: Network, authority: trustme.CA) -> None:
    with Server(tls(context_of(authority, HOST))) as server:
        finding = probe(network, server.port, ["127.0.0.1", "127.0.0.2"], fresh=lambda: ["127.0.0.1"])

    assert finding.passed
    assert told(finding, network, server.port) == snapshot("""\
TLSv1.3, certificate of 'Example Root' valid until 3000-01-01 00:00 UTC, at 127.0.0.1
127.0.0.2, which DNS no longer gives: no answer: connection refused\
""")


def test_no_fresh_answer_excuses_no_address(network: Network, authority: trustme.CA) -> None:
    with Server(tls(context_of(authority, HOST))) as server:
        finding = probe(network, server.port, ["127.0.0.1", "127.0.0.2"], fresh=list)

    assert not finding.passed
    assert "connection refused, at 127.0.0.2" in finding.seen


def test_dns_is_not_asked_anew_where_nothing_failed(network: Network, authority: trustme.CA) -> None:
    def asked() -> Sequence[str]:
        raise AssertionError

    with Server(tls(context_of(authority, HOST))) as server:
        assert probe(network, server.port, fresh=asked).passed


def test_a_host_that_moved_altogether_is_not_ready(network: Network) -> None:
    port = unused_port()

    finding = probe(network, port, fresh=lambda: ["127.0.0.9"])

    assert not finding.passed
    assert told(finding, network, port) == snapshot("""\
hooks.tenant.example moves: DNS no longer gives any address that was tried
127.0.0.1, which DNS no longer gives: no answer: connection refused
Wait until the DNS record rests.\
""")


def test_a_broken_ipv6_address_only_warns(network: Network, authority: trustme.CA) -> None:
    with Server(tls(context_of(authority, HOST))) as server:
        finding = probe(network, server.port, ["127.0.0.1", "::1"])

    assert finding.passed
    assert told(finding, network, server.port) == snapshot("""\
TLSv1.3, certificate of 'Example Root' valid until 3000-01-01 00:00 UTC, at 127.0.0.1
[::1], over IPv6, which is not required: no answer: connection refused\
""")


def test_ipv6_alone_is_not_enough(network: Network, authority: trustme.CA) -> None:
    with Server(tls(context_of(authority, HOST)), address="::1") as server:
        finding = probe(network, server.port, ["::1"])

    assert not finding.passed
    assert told(finding, network, server.port) == snapshot("""\
hooks.tenant.example has no IPv4 address to connect to
Give it an A record.\
""")


def test_at_most_sixteen_addresses_are_met(network: Network) -> None:
    addresses = [f"127.0.0.{last}" for last in range(1, 21)]

    handshakes = observe_tls(HOST, unused_port(), addresses, network)

    assert [met.address for met in handshakes] == addresses[:16]


def test_a_wrong_certificate_is_looked_at_once_more_and_no_oftener(
    network: Network, authority: trustme.CA
) -> None:
    with Server(tls(context_of(authority, "other.example"))) as server:
        probe(network, server.port)

    assert server.met == 2


def test_roots_that_are_not_there_stop_at_once(network: Network, tmp_path: Path) -> None:
    with pytest.raises(UnusableRoots) as stopped:
        probe(replace(network, ca_file=str(tmp_path / "absent.pem")), 443)

    assert str(stopped.value).replace(str(tmp_path), "") == snapshot(
        "the file of trusted roots cannot be read (No such file or directory): /absent.pem"
    )


def test_roots_that_are_no_certificates_stop_at_once(network: Network, tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_text("no certificate")

    with pytest.raises(UnusableRoots) as stopped:
        probe(network, 443)

    assert str(stopped.value).replace(str(tmp_path), "") == snapshot(
        "the file of trusted roots holds no certificate in PEM form: /roots.pem"
    )
