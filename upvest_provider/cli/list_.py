"""`upvest-webhooks list`."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from upvest_provider.claims import is_claim
from upvest_provider.timestamps import rfc3339, unix_seconds

from .held import read_export
from .options import AccountName, ExportFile, StackName  # noqa: TC001 - typer reads the annotations
from .stack import Stack
from .text import printable, shown_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from upvest_provider.api import Webhook

UNFINISHED = "unfinished"
NOT_HELD = "-"


def list_webhooks(
    *,
    stack: StackName,
    account: AccountName = None,
    state: ExportFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the account's webhooks.

    Of a URL it shows scheme and host only, for the rest may be a secret. With --state it shows the resource that
    holds each webhook; one that none holds can be taken over with `import`.
    """
    held = None if state is None else read_export(state)
    client, owner = Stack.here(stack).connect(account)
    with client:
        webhooks = client.list_webhooks()
    if as_json:
        print(json.dumps([_entry(webhook, held) for webhook in webhooks], indent=2))  # noqa: T201 - the answer
    elif webhooks:
        _print([_row(webhook, held) for webhook in webhooks])
    print(_summary(str(owner), webhooks), file=sys.stderr)  # noqa: T201 - beside the answer


def _entry(webhook: Webhook, held: Mapping[str, str] | None) -> dict[str, Any]:
    """A webhook as JSON; `resource` is there where it is known what the stack holds."""
    return {
        "id": webhook.id,
        "title": webhook.title,
        "enabled": webhook.enabled,
        "type": webhook.type,
        "exclude_type": webhook.exclude_type,
        "origin": shown_url(webhook.url),
        "created_at": webhook.created_at,
        "unfinished": is_claim(webhook.title),
        **({} if held is None else {"resource": held.get(webhook.id)}),
    }


def _row(webhook: Webhook, held: Mapping[str, str] | None) -> dict[str, str]:
    """A webhook as a person reads it, by column."""
    row = {
        "id": webhook.id,
        "title": webhook.title,
        "enabled": "yes" if webhook.enabled else "no",
        "categories": " ".join(webhook.type)
        + (f" without {' '.join(webhook.exclude_type)}" if webhook.exclude_type else ""),
        "origin": shown_url(webhook.url),
        "created (UTC)": rfc3339(unix_seconds(webhook.created_at))[:16].replace("T", " "),
    }
    if held is not None:
        row["resource"] = UNFINISHED if is_claim(webhook.title) else held.get(webhook.id, NOT_HELD)
    return {name: printable(value) for name, value in row.items()}


def _print(rows: Sequence[Mapping[str, str]]) -> None:
    """A table where it fits, else a paragraph for each webhook: nothing is ever cut off."""
    from rich.cells import cell_len  # noqa: PLC0415 - loaded where something is printed
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console(highlight=False, soft_wrap=True)
    is_limited = sys.stdout.isatty() or "COLUMNS" in os.environ  # a pipe takes lines of any length
    header, *lines = _table(rows)
    if not is_limited or max(map(cell_len, [header, *lines])) <= console.width:
        console.print(Text("\n").join([Text(header, style="bold"), *map(Text, lines)]))
        return
    paragraphs = [
        Text("\n").join(Text.assemble((f"{name:<14}", "bold"), value) for name, value in row.items())
        for row in rows
    ]
    console.print(Text("\n\n").join(paragraphs))


def _table(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """A header, and a line for each row."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - as above

    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(set_cell_size, line, widths)).rstrip() for line in lines]


def _summary(owner: str, webhooks: Sequence[Webhook]) -> str:
    unfinished = sum(is_claim(webhook.title) for webhook in webhooks)
    told = (
        f", {unfinished} unfinished: the next `pulumi up` of the stack that began removes it" if unfinished else ""
    )
    return f"{owner}: {len(webhooks)} webhook{'' if len(webhooks) == 1 else 's'}{told}"
