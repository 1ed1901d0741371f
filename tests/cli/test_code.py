"""The code to paste: valid Python, laid out as the usual formatter would, with the very values that the API holds."""

from __future__ import annotations

import keyword
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from upvest_provider.cli.code import PREAMBLE, WIDTH, declaration_of
from upvest_provider.cli.names import LONGEST, TAKEN, identifier, name_for

if TYPE_CHECKING:
    from collections.abc import Mapping

RUFF = Path(sys.executable).with_name("ruff")

TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=300)
ARGUMENTS = some.fixed_dictionaries(
    {
        "title": TEXTS,
        "url": some.text("abc/-_'\"\\?=%", max_size=1000),
        "type": some.lists(TEXTS, max_size=40),
        "enabled": some.booleans(),
        "config": some.fixed_dictionaries(
            {"delay": some.just("2s"), "max_package_size": some.integers(100, 1048576)}
        ),
    }
)


def executed(code: str) -> tuple[tuple[object, ...], dict[str, Any]]:
    """What the code calls `UpvestWebhook` with."""
    calls = []
    exec(code, {"UpvestWebhook": lambda *values, **named: calls.append((values, named))})  # noqa: S102 - our own code
    (call,) = calls
    return call


@given(ARGUMENTS)
def test_the_code_says_what_the_api_holds_whatever_that_is(arguments: Mapping[str, object]) -> None:
    assert executed(declaration_of("hook", "hook", arguments)) == (("hook",), arguments)


@given(ARGUMENTS)
def test_no_character_stands_in_it_that_does_not_show(arguments: Mapping[str, object]) -> None:
    code = declaration_of("hook", "hook", arguments)
    assert all(line.isprintable() for line in code.removesuffix("\n").split("\n"))


@settings(max_examples=10)  # a process each
@given(some.lists(ARGUMENTS, min_size=1, max_size=5))
def test_the_usual_formatter_has_nothing_to_change(many: list[Mapping[str, object]]) -> None:
    code = "\n".join([PREAMBLE, *(declaration_of(f"hook_{n}", f"hook-{n}", each) for n, each in enumerate(many))])
    command = [str(RUFF), "format", "--isolated", "--line-length", str(WIDTH), "--quiet", "-"]
    formatted = subprocess.run(command, input=code, capture_output=True, text=True, check=True).stdout
    assert code == formatted


@pytest.mark.parametrize("length", [1, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 200, 1000])
def test_no_line_is_too_long(length: int) -> None:
    arguments = {"title": "x" * length, "type": ["x" * min(length, 60)] * 5}
    code = declaration_of("hook", "hook", arguments)
    assert max(map(len, code.splitlines())) <= WIDTH
    assert executed(code)[1] == arguments


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("User webhook", "user_webhook"),
        ("  Users & friends! ", "users_friends"),
        ("Überweisung", "uberweisung"),
        ("2nd", "webhook_2nd"),
        ("支付", "webhook"),
        ("", "webhook"),
        ("All", "webhook_all"),
        ("import", "webhook_import"),
        ("Pulumi", "webhook_pulumi"),
    ],
)
def test_a_title_makes_a_name_that_people_would_choose(title: str, name: str) -> None:
    assert identifier(title) == name


@given(TEXTS)
def test_every_title_makes_a_variable_that_hides_nothing(title: str) -> None:
    name = identifier(title)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert name not in TAKEN
    assert len(name) <= LONGEST + len("webhook_")


@given(some.lists(some.sampled_from(["a", "A", "a 2", "a_2", "b", ""]), max_size=12))
def test_names_are_unique(titles: list[str]) -> None:
    names: set[str] = set()
    for title in titles:
        name = name_for(title, names)
        assert name not in names
        names.add(name)
