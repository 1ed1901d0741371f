from __future__ import annotations

import datetime as dt
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from upvest_provider.local.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_790_000_000.0
DAY = 86_400.0


def verified(authority: Authority, chain: str, name: str, when: float) -> list[x509.Certificate]:
    """By the rules of the web, as another implementation than OpenSSL reads them."""
    roots = Store([x509.load_pem_x509_certificate(authority.ca_file.read_bytes())])
    leaf, *intermediates = x509.load_pem_x509_certificates(chain.encode())
    moment = dt.datetime.fromtimestamp(when, dt.UTC)
    policy = PolicyBuilder().store(roots).time(moment).build_server_verifier(x509.DNSName(name))
    return policy.verify(leaf, intermediates)


def test_a_certificate_is_valid_for_its_name_and_time_through_the_intermediate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    issued = authority.issue("hooks.tenant.tld", now=NOW, not_after=NOW + DAY)
    assert len(verified(authority, issued.chain, "hooks.tenant.tld", NOW)) == 3
    for name, when in (("other.tenant.tld", NOW), ("hooks.tenant.tld", NOW + DAY + 1)):
        with pytest.raises(VerificationError):
            verified(authority, issued.chain, name, when)


def test_the_root_alone_does_not_make_up_for_a_missing_intermediate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    leaf, _, _ = authority.issue("hooks.tenant.tld", now=NOW, not_after=NOW + DAY).chain.partition(
        "-----END CERTIFICATE-----\n"
    )
    with pytest.raises(VerificationError):
        verified(authority, f"{leaf}-----END CERTIFICATE-----\n", "hooks.tenant.tld", NOW)


def test_a_certificate_may_have_expired_before_its_issue(tmp_path: Path) -> None:
    issued = Authority(tmp_path).issue("hooks.tenant.tld", now=NOW, not_after=NOW - DAY)
    assert issued.not_before < issued.not_after == NOW - DAY


def test_each_issue_has_an_id_of_its_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ids = {authority.issue("a.tld", now=NOW, not_after=NOW + DAY).certificate_id for _ in range(3)}
    assert len(ids) == 3


def test_the_authority_outlives_a_restart(tmp_path: Path) -> None:
    issued = Authority(tmp_path).issue("hooks.tenant.tld", now=NOW, not_after=NOW + DAY)
    again = Authority(tmp_path)
    assert verified(again, issued.chain, "hooks.tenant.tld", NOW)
    anew = again.issue("hooks.tenant.tld", now=NOW, not_after=NOW + DAY)
    assert verified(again, anew.chain, "hooks.tenant.tld", NOW)


def test_its_key_is_for_its_owner_only_and_not_in_the_file_to_trust(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    assert stat.S_IMODE((tmp_path / "authority.pem").stat().st_mode) == 0o600
    assert "PRIVATE KEY" not in authority.ca_file.read_text()
