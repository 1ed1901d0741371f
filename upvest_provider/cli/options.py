"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StackName = Annotated[
    str,
    typer.Option("--stack", metavar="NAME", help="The Pulumi stack: its settings say whose webhooks."),
]
AccountName = Annotated[
    str | None,
    typer.Option("--account", metavar="NAME", help="One of its `upvest:accounts`; default: the only one."),
]
ExportFile = Annotated[
    Path | None,
    typer.Option("--state", metavar="FILE", help="What the stack holds, written by `pulumi stack export`."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LocalState = Annotated[
    Path,
    typer.Option("--state", metavar="DIR", help="Where the local API keeps all."),
]
