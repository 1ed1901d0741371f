"""`upvest-webhooks local-fault`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from upvest_provider.settings import LOCAL_STATE

from .extras import extra
from .options import LocalState  # noqa: TC001 - typer reads the annotations

KINDS = (
    "lost, cut, malformed, slow, lag, revoked, behaviour, reset_before, reset_after, timeout_before, "
    "timeout_after, hold_before, hold_after, status, status_after, proxy, proxy_after; refuse shuts the port."
)


def local_fault(
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help=KINDS)] = None,
    *,
    state: LocalState = Path(LOCAL_STATE),
    method: Annotated[str | None, typer.Option(metavar="M", help="Of the requests; default: all.")] = None,
    path: Annotated[
        str | None, typer.Option(metavar="P", help="How their path and query begin; default: all.")
    ] = None,
    skip: Annotated[int | None, typer.Option(metavar="N", help="How many of them pass first; default: 0.")] = None,
    count: Annotated[int | None, typer.Option(metavar="N", help="How many meet it then; default: 1.")] = None,
    probability: Annotated[
        float | None, typer.Option(metavar="F", help="With which each of these does; default: 1.")
    ] = None,
    status: Annotated[int | None, typer.Option(metavar="N", help="For status… and proxy….")] = None,
    seconds: Annotated[float | None, typer.Option(metavar="S", help="For slow, lag and refuse.")] = None,
    retry_after: Annotated[int | None, typer.Option(metavar="S", help="For status… and proxy….")] = None,
    behaviour: Annotated[
        dict[str, Any] | None,
        typer.Option(metavar="JSON", parser=json.loads, help='For behaviour, as {"url_host": "lowered"}.'),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Break nothing any more.")] = False,
) -> None:
    """Have requests to the local API go wrong. Done all the same: lost, cut, malformed, slow, all of _after."""
    with extra("local", "the local API"):
        from upvest_provider.local import break_with, mend  # noqa: PLC0415 - in an extra of its own
    if (kind is None) != clear:
        raise typer.BadParameter("needs a KIND, or --clear without one")
    if kind is None:
        mend(state)
        return
    members = {
        "method": method,
        "path": path,
        "skip": skip,
        "count": count,
        "probability": probability,
        "status": status,
        "seconds": seconds,
        "retry_after": retry_after,
        "behaviour": behaviour,
    }
    fault = break_with(state, kind, **{name: value for name, value in members.items() if value is not None})
    print(json.dumps(fault))  # noqa: T201 - the answer
