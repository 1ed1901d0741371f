"""One webhook of an account, by its id."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated

import typer

from upvest_provider.errors import NotFound, UpvestError

if TYPE_CHECKING:
    from upvest_provider.api import UpvestClient, Webhook
    from upvest_provider.settings import Account


def _canonical(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise typer.BadParameter("Upvest's ids are UUIDs; `upvest-webhooks list` shows them") from None


WebhookId = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id.", parser=_canonical)]


def webhook_of(client: UpvestClient, webhook_id: str, owner: Account, stack: str) -> Webhook:
    """The webhook with an id.

    Raises:
        UpvestError: The account has none, or Upvest cannot be asked.
    """
    try:
        return client.get_webhook(webhook_id)
    except NotFound:
        raise UpvestError(
            f"{owner} has no webhook {webhook_id}",
            fix=f"`upvest-webhooks list --stack {stack}` shows which it has.",
        ) from None
