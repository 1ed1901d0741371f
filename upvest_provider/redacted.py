"""Texts of others, fit to be shown and kept: one line of bounded length, without what a URL may keep secret."""

from __future__ import annotations

import re
import textwrap

from .environments import shown

LENGTH = 300
"""Characters: several rules of a form that was refused fit in."""

READ = 10 * LENGTH
"""Characters that are looked at; what stands behind them is not shown anyway."""

_URL = re.compile(
    r"""
    (?<!\w)
    ( [a-z][a-z0-9+.-]*:/              # a scheme,
    | [\w-]+ (\.[\w-]+)+ (:[0-9]+)? )?  # or a host alone, or neither
    /\S*?
    (?=["'`<>()\[\]{}.,:;]*(\s|$))      # what closes a quotation or a sentence is none of it
    """,
    re.VERBOSE | re.IGNORECASE,
)


def redacted(text: str) -> str:
    """The text on one line, of each URL scheme and host only: its path may be a secret.

    Go, for one, words an error of a request as `Post "https://host/path": no such host`.
    """
    begun = text[:READ].replace(r"\/", "/")  # as JSON may write it
    line = _URL.sub(lambda url: shown(url[0]), begun)
    visible = "".join(char if char.isprintable() else " " for char in line)
    return textwrap.shorten(visible, LENGTH, placeholder=" …")
