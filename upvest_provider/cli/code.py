"""Python source text that declares webhooks, laid out as the usual formatters would."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 100
"""Columns of a line."""

INDENT = " " * 4

PREAMBLE = "from upvest_provider import UpvestWebhook\n"


def declaration_of(variable: str, name: str, arguments: Mapping[str, object], remark: str = "") -> str:
    """The statement that declares a webhook.

    Args:
        variable: Takes it.
        name: The resource's name.
        arguments: By name: texts, lists of texts, numbers and the like.
        remark: A line above it.
    """
    lines = [
        *([f"# {remark}"] if remark else []),
        f"{variable} = UpvestWebhook(",
        f"{INDENT}{_literal(name)},",
        *(INDENT + line for argument, value in arguments.items() for line in _argument(argument, value)),
        ")",
    ]
    return "\n".join(lines) + "\n"


def _argument(name: str, value: object) -> list[str]:
    """An argument on one line where it fits, else on several."""
    flat = f"{name}={_literal(value)},"
    room = WIDTH - len(INDENT)
    if len(flat) <= room:
        return [flat]
    match value:
        case str():
            return [f"{name}=(", *(INDENT + piece for piece in _pieces(value, room - len(INDENT))), "),"]
        case list():
            return [f"{name}=[", *(f"{INDENT}{_literal(item)}," for item in value), "],"]
        case _:
            return [flat]


def _literal(value: object) -> str:
    match value:
        case str():
            return _string(value)
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case dict():
            return f"{{{', '.join(f'{_literal(key)}: {_literal(item)}' for key, item in value.items())}}}"
        case _:
            return repr(value)


def _string(text: str) -> str:
    """In double quotes where that needs no more escapes than single ones; what would not show is escaped."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = "".join(char if char in "'\"" else repr(char)[1:-1] for char in text)
    return quote + escaped.replace(quote, f"\\{quote}") + quote


def _pieces(text: str, room: int) -> list[str]:
    """A long text as literals that Python joins."""
    pieces = [""]
    for char in text:
        if len(_literal(pieces[-1] + char)) > room:
            pieces.append("")
        pieces[-1] += char
    return [_literal(piece) for piece in pieces]
