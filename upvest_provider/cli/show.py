"""`upvest-webhooks show`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from upvest_provider.claims import is_claim

from .described import UNFINISHED, categories, minute, resource_of
from .held import read_export
from .one import WebhookId, webhook_of
from .options import AccountName, AsJson, ExportFile, StackName  # noqa: TC001 - typer reads the annotations
from .stack import Stack
from .table import print_fields
from .text import shown_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upvest_provider.api import Webhook

BEGUN = "the next `pulumi up` of the stack that began it removes it"


def show(
    webhook_id: WebhookId,
    *,
    stack: StackName,
    account: AccountName = None,
    state: ExportFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one webhook.

    Of its URL it shows scheme and host only, for the rest may be a secret. Its claim is what marks it as
    unfinished: the title under which a `pulumi up` made it.
    """
    held = None if state is None else read_export(state)
    client, owner = Stack.here(stack).connect(account)
    with client:
        webhook = webhook_of(client, webhook_id, owner, stack)
    if as_json:
        print(json.dumps(_entry(webhook, held), indent=2))  # noqa: T201 - the answer
    else:
        print_fields(_fields(webhook, held))
    if is_claim(webhook.title):
        print(f"{UNFINISHED}: {BEGUN}", file=sys.stderr)  # noqa: T201 - beside the answer


def _entry(webhook: Webhook, held: Mapping[str, str] | None) -> dict[str, Any]:
    """All fields under the API's names, but `origin` for `url`."""
    return {
        **webhook.model_dump(exclude={"url"}),
        "origin": shown_url(webhook.url),
        "claim": webhook.title if is_claim(webhook.title) else None,
        **({} if held is None else {"resource": held.get(webhook.id)}),
    }


def _fields(webhook: Webhook, held: Mapping[str, str] | None) -> dict[str, str]:
    config = webhook.config.model_dump(exclude_none=True)
    return {
        "id": webhook.id,
        "title": webhook.title,
        "claim": webhook.title if is_claim(webhook.title) else "none",
        "enabled": "yes" if webhook.enabled else "no",
        "categories": categories(webhook),
        "origin": shown_url(webhook.url),
        "config": ", ".join(f"{member} {value}" for member, value in config.items()) or "none",
        "created (UTC)": minute(webhook.created_at),
        "updated (UTC)": minute(webhook.updated_at),
        **({} if held is None else {"resource": resource_of(webhook, held)}),
    }
