"""Nothing that others wrote becomes a part of a review's structure, and no path of a URL stands in it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from upvest_provider.cli.review_changes import review_of
from upvest_provider.cli.review_markdown import code, markdown
from upvest_provider.cli.review_preview import preview_of

TYPE = "pulumi-python:dynamic/upvest:Webhook"
MARKS = [
    "|",
    "`",
    "``",
    "<script>",
    "\n",
    "\r\n- ",
    "@upvest",
    "[a](https://b.tld/c)",
    "\\",
    "<!--",
    "# ",
    "~~~",
    "$`",
]

texts = st.one_of(st.text(), st.lists(st.sampled_from(MARKS) | st.text(max_size=3)).map("".join))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def structure(text: str) -> list[str]:
    """The kinds of all parts of a text, in order."""
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text)
    kinds = []
    for token in tokens:
        kinds += [token.type, *(child.type for child in token.children or [])]
    return kinds


def told(title: str, url: str, message: str, name: str, stage: str) -> str:
    urn = f"urn:pulumi:dev::shop::{TYPE}::{name}"
    fields = {"title": title, "url": url, "type": [title or "USER"], "enabled": True}
    events: list[dict[str, Any]] = [
        {"resourcePreEvent": {"metadata": {"op": "create", "urn": urn, "old": None, "new": {"inputs": fields}}}},
        {"policyEvent": {"message": message, "policyName": name, "enforcementLevel": title, "resourceUrn": urn}},
        {"diagnosticEvent": {"message": f"x{message}", "severity": "error"}},
        {"cancelEvent": {}},
    ]
    preview = preview_of("\n".join(map(json.dumps, events)))
    return markdown({stage: review_of(preview, is_prod=True)})


PLAIN = structure(told("a", "https://a.tld/b", "c", "d", "e"))


@given(title=texts, message=texts, name=texts, stage=texts)
@example(title="`", message="`` a", name="a`", stage=" ` ")
@example(title="x" * 599 + "`", message="\ud800", name=" ", stage="\u202e\u2028")
def test_no_value_breaks_out_of_its_place(title: str, message: str, name: str, stage: str) -> None:
    # An empty value is said so in words, so it is left out here.
    filled = (f"x{title}", "https://a.tld/b", f"x{message}", f"x{name}", f"x{stage}")
    text = told(*filled)
    assert structure(text) == PLAIN
    assert text.encode()


@given(texts)
def test_a_value_is_one_span_of_code_or_said_to_be_empty(value: str) -> None:
    text = code(value)
    assert structure(text) == [
        "paragraph_open",
        "inline",
        "code_inline" if text != "(empty)" else "text",
        "paragraph_close",
    ]


@given(
    before=st.sampled_from(["", "/", "?", "\\", "#", "/a b/", ":x@y.tld/", "@b.tld/"]),
    path=st.text(st.sampled_from("/?#@:\\ `'\"%ä.,")),
)
def test_no_path_of_a_receiver_is_told(before: str, path: str) -> None:
    assert "Hidden" not in told("a", f"https://tenant.tld{before}{path}Hidden", "c", "d", "e")


@given(
    prefix=st.text(st.characters(exclude_characters="/"), max_size=5),
    path=st.text(st.sampled_from("/?#@:\\`'\"%ä.,")),
)
def test_no_path_of_a_url_in_a_message_is_told(prefix: str, path: str) -> None:
    assert "Hidden" not in code(f"{prefix}https://tenant.tld/{path}Hidden and more")


@given(st.text(st.sampled_from("/?#@ \n`{}ä")))
@example(path="} has a problem: ")
def test_no_path_of_a_url_that_a_check_refused_is_told(path: str) -> None:
    told = code(f"property url value {{https://tenant.tld/{path}Hidden}} has a problem: must be other")
    assert told == "`property url value {…} has a problem: must be other`"


def test_a_user_in_a_url_is_not_told() -> None:
    assert code("at https://hidden@tenant.tld/ and https://hidden:pw@tenant.tld") == "`at (a URL) and (a URL)`"


@given(values, values)
def test_whatever_a_state_holds_can_be_told(one: object, other: object) -> None:
    step = {"op": "update", "urn": f"a::b::{TYPE}::c", "oldState": one, "newState": {"inputs": other}}
    fields = dict.fromkeys(("title", "url", "type", "exclude_type", "enabled", "config", "gate", "verify"), other)
    steps = [step, {**step, "oldState": {"inputs": one, "outputs": other}, "newState": {"inputs": fields}}]
    assert markdown({"dev": review_of(preview_of(json.dumps({"steps": steps})), is_prod=True)})


@given(values)
def test_whatever_a_file_holds_is_told_or_said_to_be_unreadable(value: object) -> None:
    assert markdown({"dev": review_of(preview_of(json.dumps(value)), is_prod=False)})
