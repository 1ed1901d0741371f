from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upvest_provider.redacted import LENGTH, redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            'Post "https://tenant.tld/canary": dial tcp: lookup tenant.tld: no such host',
            'Post "https://tenant.tld…": dial tcp: lookup tenant.tld: no such host',
        ),
        ("url: 'https://tenant.tld/canary' is not allowed", "url: 'https://tenant.tld…' is not allowed"),
        ("HTTPS://tenant.tld:8443/canary?canary#canary.", "HTTPS://tenant.tld:8443…."),
        ("(https://a.tld/canary), <http://b.tld/?canary>", "(https://a.tld…), <http://b.tld…>"),
        ("https://a.tld/canary,https://b.tld/canary", "https://a.tld…"),
        ("https://me:canary@tenant.tld refused", "https://… refused"),
        ("https://tenant.tld?canary", "https://tenant.tld…"),
        ("tenant.tld/canary and tenant.tld:443/canary", "tenant.tld… and tenant.tld:443…"),
        ("the path /canary of it, //tenant.tld/canary", "the path … of it, …"),
        ("url=https://tenant.tld/canary", "url=https://tenant.tld…"),
        (r'{"url":"https:\/\/tenant.tld\/canary"}', '{"url":"https://tenant.tld…"}'),
        ("https://tenant.tld/canary)canary'canary end", "https://tenant.tld… end"),
        ("https://tenant.tld/, https://tenant.tld", "https://tenant.tld, https://tenant.tld"),
        ("unexpected Content-Type application/json; charset=utf-8", None),
        ("dial tcp 203.0.113.7:443: connect: connection refused", None),
        ("either/or, TCP/IP", None),
        ("", None),
    ],
)
def test_of_a_url_scheme_and_host_stay_and_other_words_as_they_are(text: str, shown: str | None) -> None:
    assert redacted(text) == (text if shown is None else shown)


@given(before=st.text(max_size=20), after=st.text(max_size=20), path=st.text("aA1-_.~!$&'()*+,;=:@%\"/?#[]<>"))
def test_no_path_of_a_url_is_shown_whatever_stands_around_it(before: str, after: str, path: str) -> None:
    assert "canary" not in redacted(f"{before}https://tenant.tld/{path}canary {after}")
    assert "canary" not in redacted(json.dumps({before: f"https://tenant.tld/{path}canary", "after": after}))


@given(st.text() | st.text(min_size=LENGTH))
def test_any_text_becomes_a_line_of_bounded_length(text: str) -> None:
    line = redacted(text)
    assert len(line) <= LENGTH
    assert line == "" or line.isprintable()


def test_a_text_without_an_end_is_shown_by_its_beginning() -> None:
    line = redacted("word " * 1_000_000)
    assert line.startswith("word word ")
    assert line.endswith("word …")
