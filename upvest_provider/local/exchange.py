"""One HTTP exchange as plain data, so that everything between reading and answering is a function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Call:
    """A request as it arrived.

    Attributes:
        method: In upper case.
        path: Still percent-encoded.
        query: Without the question mark; empty where there is none.
        headers: By lower-case name; the values of a repeated header are joined with a comma and a space.
        body: Empty where there is none.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        """Path and query, as in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True)
class Answer:
    """What goes back.

    Attributes:
        status: The HTTP status.
        document: The JSON body; `None` for no body.
        headers: Besides those of every answer.
        later: Makes the document where that takes long; it is run outside of the event loop.
        detail: A problem's cause, for the request log.
        afterwards: Is run when all of it is sent, outside of the event loop.
    """

    status: int
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    later: Callable[[], object] | None = None
    detail: str = ""
    afterwards: Callable[[], object] | None = None
