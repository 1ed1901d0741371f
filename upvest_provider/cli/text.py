"""What people wrote elsewhere, as text that does no harm on a terminal."""

from __future__ import annotations

from upvest_provider.overlap import origin


def printable(text: str) -> str:
    """The text with every character escaped that a terminal would act on, or that does not show."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown_url(url: str) -> str:
    """Scheme and host of a URL; the rest may be a secret."""
    try:
        return printable(origin(url))
    except ValueError:  # an account may hold from former days what is no URL any more
        return "(unreadable)"
