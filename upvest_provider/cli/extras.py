"""What an installation may lack."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from upvest_provider.errors import UpvestError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def extra(name: str, what: str) -> Iterator[None]:
    """Import what one of the package's extras brings.

    Raises:
        UpvestError: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        lacking = (error.name or "").partition(".")[0]
        raise UpvestError(
            f"{what} needs {lacking}, which is not installed",
            fix=f"Run `pip install 'upvest-provider[{name}]'`.",
        ) from None
