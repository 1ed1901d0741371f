"""`upvest-webhooks local`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from upvest_provider.settings import LOCAL_STATE

from .extras import extra
from .options import LocalState  # noqa: TC001 - typer reads the annotations


def local(
    *,
    state: LocalState = Path(LOCAL_STATE),
    port: Annotated[int, typer.Option(metavar="N", help="Of 127.0.0.1; 0 is a free one.")] = 0,
    accounts: Annotated[
        list[str] | None,
        typer.Option("--account", metavar="NAME", help="One more account, as in `upvest:accounts`; repeatable."),
    ] = None,
) -> None:
    """Run Upvest's webhook API on this machine.

    It serves stacks with `upvest:api: local`, and a receiver's world besides: DNS, certificates, what answers
    HTTPS. Ends on Ctrl-C.
    """
    with extra("local", "the local API"):
        from upvest_provider.local import serve  # noqa: PLC0415 - in an extra of its own
    raise typer.Exit(serve(state, port, accounts or ()))
