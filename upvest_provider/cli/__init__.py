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
        status = arguments.run(arguments)
    except UpvestError as error:
        sys.exit(f"upvest-webhooks: {error}")
    except ModuleNotFoundError as error:
        sys.exit(
            f"upvest-webhooks: the local API needs {error.name}, which is not installed\n"
            "Run `pip install 'upvest-provider[local]'`."
        )
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="upvest-webhooks", description="Upvest webhook subscriptions.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    state = argparse.ArgumentParser(add_help=False)
    state.add_argument(
        "--state",
        type=Path,
        default=Path(LOCAL_STATE),
        metavar="DIR",
        help=f"where the local API keeps everything (default: {LOCAL_STATE}/)",
    )
    local = commands.add_parser(
        "local",
        parents=[state],
        help="run Upvest's webhook API, and a receiver's world, on this machine",
        description="Run Upvest's webhook API, and a receiver's world, on this machine, for `upvest:api: local`. "
        "Ends on Ctrl-C.",
    )
    local.add_argument("--port", type=int, default=0, metavar="N", help="of 127.0.0.1 (default: 0, a free one)")
    local.set_defaults(run=_local)
    event = commands.add_parser(
        "local-event",
        parents=[state],
        help="make events happen in the local API",
        description="Make events happen in the local API that runs on this machine; it delivers them.",
    )
    event.add_argument("category", help="as USER")
    event.add_argument("--type", default="", metavar="T", help="the events' type (default: CATEGORY.CREATED)")
    event.add_argument("--object", default="{}", metavar="JSON", help="what they are about (default: {})")
    event.add_argument("--count", type=int, default=1, metavar="N", help="how many (default: 1)")
    event.set_defaults(run=_local_event)
    return parser


def _local(arguments: argparse.Namespace) -> int:
    from upvest_provider.local import serve  # noqa: PLC0415 - in an extra of its own

    return serve(arguments.state, arguments.port)


def _local_event(arguments: argparse.Namespace) -> int:
    from upvest_provider.local import make_events  # noqa: PLC0415 - as above

    webhooks = make_events(arguments.state, arguments.category, arguments.type, arguments.object, arguments.count)
    print(f"{arguments.count} {arguments.category} to {webhooks} enabled webhooks")  # noqa: T201 - the answer
    return 0
