"""Reviews as Markdown for a comment at GitHub.

Every value that others wrote stands in a code span: nothing in one is a mark, a link, a mention or a tag.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .review_preview import Hidden
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .review_changes import Line, Review

LIMIT = 59_000
"""Bytes of a whole text; GitHub takes 65536 characters, and the workflow puts some before it."""

VALUE_LIMIT = 600
"""Characters of one value."""

CUT = "*The rest is cut off, for a comment holds no more. `upvest-webhooks review` with fewer stages tells it.*"

_HEADINGS = {
    "risks": "Look at first",
    "policies": "Policies",
    "webhooks": "Webhooks",
    "deliveries": "Categories",
    "gates": "Gates",
    "messages": "Errors and warnings",
    "others": "Other resources",
}

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*:/)(?P<host>/[a-z0-9._-]+(?::[0-9]{1,5})?)?(?P<rest>\S+)?", re.IGNORECASE
)
_REFUSED = re.compile(r"value \{.*\} has a problem", re.DOTALL)
"""How Pulumi repeats an input that a provider refused."""


def markdown(reviews: Mapping[str, Review]) -> str:
    """The reviews of all stages, by name; what is too long ends with a line that says so."""
    return _cut("\n".join(_stage(name, review) for name, review in reviews.items()))


def _stage(name: str, review: Review) -> str:
    sections = [
        f"**{heading}**\n\n" + "".join(f"- {_line(line)}\n" for line in lines)
        for part, heading in _HEADINGS.items()
        if (lines := getattr(review, part))
    ]
    if not sections:
        return f"{code(name)}: no change.\n"
    return "\n".join([f"### Webhooks at {code(name)}\n", *sections])


def _line(line: Line) -> str:
    return line.text.format(*(f"({v.value})" if isinstance(v, Hidden) else code(v) for v in line.values))


def code(value: str) -> str:
    """A value in one code span on one line, without the paths of URLs."""
    text = printable(" / ".join(line.strip() for line in _without_paths(value).splitlines() if line.strip()))
    if not text:
        return "(empty)"
    if len(text) > VALUE_LIMIT:
        text = text[:VALUE_LIMIT] + "…"
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _without_paths(text: str) -> str:
    return _URL.sub(_origin, _REFUSED.sub("value {…} has a problem", text))


def _origin(url: re.Match[str]) -> str:
    """Scheme and host; what stands before an `@` is no host."""
    rest = url["rest"] or ""
    if not url["host"] and rest in {"", "/"}:
        return url[0]
    return f"{url['scheme']}{url['host']}" if url["host"] and "@" not in rest else "(a URL)"


def _cut(text: str) -> str:
    """Whole lines, for each is complete by itself."""
    if len(text.encode()) <= LIMIT:
        return text
    kept, size = [], len(CUT.encode()) + 2
    for line in text.splitlines():
        size += len(line.encode()) + 1
        if size > LIMIT:
            break
        kept.append(line)
    return "\n".join([*kept, "", CUT, ""])
