"""Variables of the environment that are unusable end a call before anything is sent, and are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from upvest_provider.api.signature import Request
from upvest_provider.api.transport import OF_PROXIES, OF_TLS, Transport
from upvest_provider.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.scripted import Upstream

NOWHERE = "https://192.0.2.1"

UNUSABLE = {
    "ALL_PROXY": (
        "socks5://me:canary@127.0.0.1:1",
        "the environment's ALL_PROXY cannot be used: SOCKS needs the package socksio, which is not installed",
    ),
    "all_proxy": (
        "socks5h://me:canary@127.0.0.1:1",
        "the environment's all_proxy cannot be used: SOCKS needs the package socksio, which is not installed",
    ),
    "HTTPS_PROXY": (
        "canary://me:canary@127.0.0.1:1",
        "the environment's HTTPS_PROXY cannot be used: its form is not understood; a proxy is http://HOST:PORT",
    ),
    "https_proxy": (
        "http://me:127.0.0.1:canary",
        "the environment's https_proxy cannot be used: its form is not understood; a proxy is http://HOST:PORT",
    ),
    "NO_PROXY": (
        "host:canary",
        "the environment's NO_PROXY cannot be used: its form is not understood; a proxy is http://HOST:PORT",
    ),
}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OF_TLS | OF_PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def refusal() -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        Transport(NOWHERE)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize("variable", UNUSABLE)
def test_a_proxy_that_cannot_be_used_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    value, summary = UNUSABLE[variable]
    monkeypatch.setenv(variable, value)
    error = refusal()
    assert (error.summary, error.fix) == (summary, f"Correct {variable}, or unset it.")
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    ("variable", "file", "reason"),
    [
        ("SSL_CERT_FILE", "missing/canary.pem", "No such file or directory"),
        ("SSL_CERT_FILE", "canary.pem", "no certificate or crl found"),
        ("SSLKEYLOGFILE", "missing/canary", "No such file or directory"),
    ],
)
def test_certificates_that_cannot_be_read_are_named_by_their_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, file: str, reason: str
) -> None:
    (tmp_path / "canary.pem").write_text("nothing")
    monkeypatch.setenv(variable, str(tmp_path / file))
    error = refusal()
    assert error.summary.startswith(f"the environment's {variable} cannot be used: ")
    assert reason in error.summary
    assert error.fix == f"Correct {variable}, or unset it."
    assert "canary" not in str(error)


def test_all_variables_that_may_be_meant_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "ftp://127.0.0.1:1")
    assert set(refusal().fix.removeprefix("Correct ").removesuffix(", or unset it.").split(" or ")) == {
        "ALL_PROXY",
        "HTTPS_PROXY",
    }


def test_loopback_needs_none_of_them(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/missing")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    transport = Transport(upstream.url)
    assert transport.send(Request("GET", "/webhooks"), {}, timeout=5).status == 200
    transport.close()
