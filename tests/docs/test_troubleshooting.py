"""The page on troubleshooting lists every message of the package, and none that it does not have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.messages import COMPOSED, OF_PYTHON, PACKAGE, collected, exceptions
from tests.docs.pages import parsed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.md"

NOT_FOR_PERSONS = {
    "Failed": "carries the words of a failed rehearsal",
    "Problem": "the local API's answer",
    "ProviderError": "carries the words of a provider to a test",
    "UpvestError": "the base of the others",
}
"""Exceptions whose class nobody has to know."""

WHOLLY_OPEN = {"upvest: {}"}
"""Templates without words of their own; what stands in them is collected where it comes from."""


class Entry(NamedTuple):
    message: str
    explanation: str


def entries() -> list[Entry]:
    """The items of the page's lists that begin with a message."""
    found = []
    for token in parsed(PAGE):
        children = token.children or []
        if token.type == "inline" and token.level == 3 and children[0].type == "text" and not children[0].content:
            children = children[1:]
        if token.type == "inline" and token.level == 3 and children[0].type == "code_inline":
            rest = "".join(child.content for child in children[1:])
            found.append(Entry(children[0].content.strip(), rest))
    return found


ENTRIES = entries()


def pattern(template: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in template.split("{}")), re.DOTALL)


def is_listed(template: str) -> bool:
    return any(pattern(template).fullmatch(entry.message) for entry in ENTRIES)


def test_the_source_has_messages() -> None:
    assert len(collected()) > 200
    assert len(ENTRIES) > 200


@pytest.mark.parametrize(("template", "module"), COMPOSED.items())
def test_a_composed_message_is_still_composed(template: str, module: str) -> None:
    words = re.findall(r"[A-Za-z]{4,}", template)
    source = (PACKAGE / module).read_text()
    assert [word for word in words if word not in source] == []


def test_each_message_is_on_the_page() -> None:
    found = {template: places for template, places in collected().items() if template not in WHOLLY_OPEN}
    assert {template: places for template, places in found.items() if not is_listed(template)} == {}


def test_each_entry_is_a_message_of_the_package() -> None:
    patterns = [pattern(template) for template in [*collected(), *COMPOSED] if template not in WHOLLY_OPEN]
    strangers = [entry.message for entry in ENTRIES if not any(p.fullmatch(entry.message) for p in patterns)]
    assert strangers == []


def test_each_entry_says_what_it_means() -> None:
    assert [entry.message for entry in ENTRIES if len(entry.explanation.strip(": .")) < 5] == []


def test_no_message_stands_there_twice() -> None:
    messages = [entry.message for entry in ENTRIES]
    assert sorted({message for message in messages if messages.count(message) > 1}) == []


def test_each_class_of_error_is_in_the_table() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE.read_text().partition("\n## An operation")[0]))
    assert exceptions() - OF_PYTHON - set(NOT_FOR_PERSONS) - told == set()
    assert set(NOT_FOR_PERSONS) <= exceptions()
