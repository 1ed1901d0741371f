from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from upvest_provider.probes.certificate import Certificate, read_certificate
from upvest_provider.probes.handshake import Handshake, Trouble
from upvest_provider.probes.tls_judgement import judge_tls

if TYPE_CHECKING:
    from upvest_provider.probes.finding import Finding

HOST = "hooks.tenant.example"
NOW = datetime(2030, 6, 15, 12, 0, tzinfo=UTC)
DAY = 24 * 3600.0

OWN = Certificate(
    names=(HOST,),
    subject=HOST,
    issuer="R3",
    self_issued=False,
    issuer_is_published=True,
    not_before=NOW - timedelta(days=10),
    not_after=NOW + timedelta(days=80),
)
GOOD = Handshake("203.0.113.7", 443, protocol="TLSv1.3", chain=(OWN,))


def judge(*handshakes: Handshake) -> Finding:
    return judge_tls(handshakes, HOST, NOW.timestamp(), DAY, "the roots of certifi 2026.10.18")


def unverified(code: int, words: str, *chain: Certificate) -> Handshake:
    return replace(GOOD, trouble=Trouble.UNVERIFIED, verify_code=code, detail=words, chain=chain)


def refusal(handshake: Handshake) -> str:
    finding = judge(handshake)
    assert not finding.passed
    return f"{finding.seen}\n{finding.fix}"


def test_a_certificate_of_the_chain_that_expired() -> None:
    assert refusal(unverified(10, "certificate has expired", OWN)) == snapshot("""\
a certificate that the receiver sends along with its own is expired, at 203.0.113.7
Serve the intermediate certificates that the authority publishes today.\
""")


def test_a_certificate_of_the_chain_that_is_not_yet_valid() -> None:
    assert refusal(unverified(9, "certificate is not yet valid", OWN)) == snapshot("""\
a certificate that the receiver sends along with its own is not yet valid, at 203.0.113.7
Serve the intermediate certificates that the authority publishes today.\
""")


def test_any_other_reason_is_told_in_the_words_of_openssl() -> None:
    assert refusal(unverified(26, "unsuitable certificate purpose", OWN)) == snapshot("""\
certificate refused: unsuitable certificate purpose, at 203.0.113.7
Install a certificate without this fault.\
""")


def test_a_certificate_that_could_not_be_looked_at_again() -> None:
    assert refusal(unverified(62, "Hostname mismatch")) == snapshot("""\
certificate refused: Hostname mismatch, at 203.0.113.7
Install a certificate of a public authority.\
""")


def test_a_certificate_that_cannot_be_read() -> None:
    assert refusal(replace(GOOD, chain=())) == snapshot("""\
certificate is verified, but cannot be read, at 203.0.113.7
Install a certificate of common form.\
""")


def test_certificates_beside_the_chain_do_not_hide_who_issued() -> None:
    branch = replace(OWN, subject="R3", issuer="Corporate Root", issuer_is_published=False)
    stray = replace(OWN, subject="Stray", issuer="Nobody")

    finding = judge(unverified(20, "unable to get local issuer certificate", OWN, stray, branch))

    assert finding.seen == snapshot(
        "certificate is issued by 'R3' under 'Corporate Root', not among the roots of certifi 2026.10.18, at 203.0.113.7"
    )


def test_certificates_that_issue_each_other_come_to_an_end() -> None:
    first = replace(OWN, issuer="B", subject="A")
    second = replace(OWN, issuer="A", subject="B")

    assert not judge(unverified(20, "unable to get local issuer certificate", first, second)).passed


def test_many_addresses_are_counted_not_listed() -> None:
    finding = judge(*(replace(GOOD, address=f"203.0.113.{last}") for last in range(16)))

    assert finding.passed
    assert finding.seen == snapshot(
        "TLSv1.3, certificate of 'R3' valid until 2030-09-03 12:00 UTC, at 203.0.113.0, 203.0.113.1, 203.0.113.2 and 13 more"
    )


def test_no_address_at_all_is_not_ready() -> None:
    assert not judge().passed


def test_what_is_no_certificate_cannot_be_read() -> None:
    assert read_certificate(b"no certificate") is None


handshakes = st.builds(
    Handshake,
    address=st.sampled_from(["203.0.113.7", "203.0.113.8", "2001:db8::7"]),
    port=st.sampled_from([443, 8443]),
    trouble=st.none() | st.sampled_from(Trouble),
    detail=st.text(max_size=20),
    verify_code=st.sampled_from([0, 9, 10, 18, 19, 20, 21, 23, 62]),
    protocol=st.sampled_from(["", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
    chain=st.lists(
        st.builds(
            Certificate,
            names=st.lists(st.text(max_size=5), max_size=5).map(tuple),
            subject=st.sampled_from("ABC"),
            issuer=st.sampled_from("ABC"),
            self_issued=st.booleans(),
            issuer_is_published=st.booleans(),
            not_before=st.datetimes(timezones=st.just(UTC)),
            not_after=st.datetimes(timezones=st.just(UTC)),
        ),
        max_size=3,
    ).map(tuple),
    client_certificate_required=st.booleans(),
)


@given(
    met=st.lists(handshakes, max_size=5), held=st.none() | st.sets(st.sampled_from(["203.0.113.7", "203.0.113.8"]))
)
def test_a_pass_means_that_an_ipv4_address_was_met_and_none_that_counts_failed(
    met: list[Handshake], held: set[str] | None
) -> None:
    finding = judge_tls(met, HOST, NOW.timestamp(), DAY, "roots", held=held)

    four = [handshake for handshake in met if ":" not in handshake.address]
    counted = [handshake for handshake in four if held is None or handshake.address in held]
    if finding.passed:
        assert any(handshake.trouble is None for handshake in four)
        assert all(handshake.trouble is None for handshake in counted)
        assert all(handshake.chain[0].not_after - NOW >= timedelta(days=1) for handshake in counted)
    assert bool(finding.fix) is not finding.passed
