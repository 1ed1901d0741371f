"""The command line: `upvest-webhooks`, or `python -m upvest_provider`.

Exit codes: 0 it is done, 1 it failed and stderr says why, 2 it was not called rightly.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from upvest_provider.errors import UpvestError

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "upvest-webhooks"


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and exit."""
    try:
        from .app import run  # noqa: PLC0415 - typer is in an extra of its own
    except ModuleNotFoundError as error:
        if error.name != "typer":
            raise
        sys.exit(
            f"{PROGRAM}: the command line needs typer, which is not installed\n"
            "Run `pip install 'upvest-provider[cli]'`."
        )
    try:
        run(argv)
    except UpvestError as error:
        sys.exit(f"{PROGRAM}: {error}")
