"""The pages of the documentation, as their headings, links and code blocks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token

PROJECT = Path(__file__).resolve().parents[2]
PAGES = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    number: int
    """Counted from 1 on its page."""
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.number}:{self.language}"


def parsed(page: Path) -> list[Token]:
    """A page in its parts."""
    return MarkdownIt("commonmark").enable("table").parse(page.read_text())


def blocks() -> list[Block]:
    """The code blocks of all pages, indented ones included."""
    found = []
    for page in PAGES:
        fences = [token for token in parsed(page) if token.type in ("fence", "code_block")]
        found += [
            Block(page.name, number, token.info.strip(), token.content) for number, token in enumerate(fences, 1)
        ]
    return found


def anchors(page: Path) -> set[str]:
    """The names by which the headings of a page can be linked to, and those it gives by hand."""
    parts = parsed(page)
    headings = [parts[i + 1].content for i, token in enumerate(parts) if token.type == "heading_open"]
    return {_slug(heading) for heading in headings}


def links(page: Path) -> list[str]:
    """Where a page leads to."""
    inline = [child for token in parsed(page) for child in token.children or []]
    return [str(child.attrs["href"]) for child in inline if child.type == "link_open"]


def _slug(heading: str) -> str:
    # As Python-Markdown's `toc` makes them; GitHub's are the same for these headings.
    plain = re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower()
    return re.sub(r"[-\s]+", "-", plain)
