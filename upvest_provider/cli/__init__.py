"""The command line: `upvest-webhooks`, or `python -m upvest_provider`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from upvest_provider.errors import UpvestError
from upvest_provider.settings import LOCAL_STATE

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command; exits with 1 where it fails, 2 where it is not called rightly."""
    arguments = _parser().parse_args(argv)
    try:
        _serve(arguments.state, arguments.port)
    except UpvestError as error:
        sys.exit(f"upvest-webhooks: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="upvest-webhooks", description="Upvest webhook subscriptions.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    local = commands.add_parser(
        "local",
        help="run Upvest's webhook API on this machine",
        description="Run Upvest's webhook API on this machine, for `upvest:api: local`. Ends on Ctrl-C.",
    )
    local.add_argument(
        "--state",
        type=Path,
        default=Path(LOCAL_STATE),
        metavar="DIR",
        help=f"where webhooks and credentials are kept (default: {LOCAL_STATE}/)",
    )
    local.add_argument(
        "--port", type=int, default=0, metavar="N", help="port on 127.0.0.1 (default: 0, a free one)"
    )
    return parser


def _serve(state: Path, port: int) -> None:
    try:
        from upvest_provider.local import serve  # noqa: PLC0415 - in an extra of its own
    except ModuleNotFoundError as error:
        raise UpvestError(
            f"the local API needs {error.name}, which is not installed",
            fix="Run `pip install 'upvest-provider[local]'`.",
        ) from None
    sys.exit(serve(state, port))
