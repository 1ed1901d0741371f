"""`upvest-webhooks list`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from upvest_provider.claims import is_claim

from .described import categories, minute, resource_of
from .held import read_export
from .options import AccountName, AsJson, ExportFile, StackName  # noqa: TC001 - typer reads the annotations
from .stack import Stack
from .table import print_rows
from .text import shown_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from upvest_provider.api import Webhook


def list_webhooks(
    *,
    stack: StackName,
    account: AccountName = None,
    state: ExportFile = None,
    as_json: AsJson = False,
) -> None:
    """List the account's webhooks.

    Of a URL it shows scheme and host only, for the rest may be a secret. With --state it shows the resource that
    holds each webhook; one that none holds (-) can be taken over with `import`.
    """
    held = None if state is None else read_export(state)
    client, owner = Stack.here(stack).connect(account)
    with client:
        webhooks = client.list_webhooks()
    if as_json:
        print(json.dumps([_entry(webhook, held) for webhook in webhooks], indent=2))  # noqa: T201 - the answer
    elif webhooks:
        print_rows([_row(webhook, held) for webhook in webhooks])
    print(_summary(str(owner), webhooks), file=sys.stderr)  # noqa: T201 - beside the answer
    known = {webhook.id for webhook in webhooks}
    for id_, name in (held or {}).items():
        if id_ not in known:
            print(f"the stack holds {name}, webhook {id_}, and this account does not", file=sys.stderr)  # noqa: T201 - as above


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
        "categories": categories(webhook),
        "origin": shown_url(webhook.url),
        "created (UTC)": minute(webhook.created_at),
    }
    if held is not None:
        row["resource"] = resource_of(webhook, held)
    return row


def _summary(owner: str, webhooks: Sequence[Webhook]) -> str:
    unfinished = sum(is_claim(webhook.title) for webhook in webhooks)
    told = (
        f", {unfinished} unfinished: the next `pulumi up` of the stack that began removes it" if unfinished else ""
    )
    return f"{owner}: {len(webhooks)} webhook{'' if len(webhooks) == 1 else 's'}{told}"
