"""`upvest-webhooks local-event`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from upvest_provider.settings import LOCAL_STATE

from .extras import extra
from .options import LocalState  # noqa: TC001 - typer reads the annotations


def local_event(
    category: Annotated[str, typer.Argument(metavar="CATEGORY", help="As USER.")],
    *,
    state: LocalState = Path(LOCAL_STATE),
    kind: Annotated[
        str,
        typer.Option(
            "--type", metavar="T", help="The events' type; default: CATEGORY.CREATED.", show_default=False
        ),
    ] = "",
    about: Annotated[str, typer.Option("--object", metavar="JSON", help="What they are about.")] = "{}",
    count: Annotated[int, typer.Option(metavar="N", help="How many.")] = 1,
) -> None:
    """Make events happen in the local API.

    It must run on this machine; it delivers them to the webhooks that subscribe to them.
    """
    with extra("local", "the local API"):
        from upvest_provider.local import make_events  # noqa: PLC0415 - in an extra of its own
    webhooks = make_events(state, category, kind, about, count)
    print(f"{count} {category} to {webhooks} enabled webhooks")  # noqa: T201 - the answer
