"""`upvest-webhooks test`."""

from __future__ import annotations

import json
import shlex
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import typer

from upvest_provider.errors import ApiError, UpvestError

from .one import WebhookId, webhook_of
from .options import AccountName, AsJson, StackName  # noqa: TC001 - typer reads the annotations
from .stack import Stack
from .table import print_fields
from .text import printable, shown_url

if TYPE_CHECKING:
    from upvest_provider.api import UpvestClient, Webhook, Write
    from upvest_provider.api.seldom import WebhookTest

BODY = 200
"""Characters of the receiver's answer that are shown."""

ABOUT_ITS_STATE = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
"""How Upvest may refuse to test a disabled webhook: which of them it takes is not documented."""


def send_test(
    webhook_id: WebhookId, *, stack: StackName, account: AccountName = None, as_json: AsJson = False
) -> None:
    """Have Upvest send a test delivery to a webhook's receiver.

    It really arrives there. Prints what the receiver answered, its body up to 200 characters.
    Exit codes: 0 the receiver answered 2xx, 1 it did not or nothing is known, 2 called wrongly.
    """
    client, owner = Stack.here(stack).connect(account, on_write=_tell_of)
    with client:
        webhook = webhook_of(client, webhook_id, owner, stack)
        _tell(f"Upvest sends a test delivery to {shown_url(webhook.url)} now; it really arrives there.")
        test = _tested(client, webhook)
    answer = _answer(webhook, test)
    if as_json:
        print(json.dumps(answer, indent=2))  # noqa: T201 - the answer
    else:
        told = answer | {"enabled": "yes" if webhook.enabled else "no"}
        print_fields({name: str(value) for name, value in told.items() if value is not None})
    why = _failure(test, webhook, stack)
    if why:
        _tell(why)
        raise typer.Exit(1)


def _tested(client: UpvestClient, webhook: Webhook) -> WebhookTest | None:
    try:
        return client.test_webhook(webhook.id)
    except ApiError as error:
        if webhook.enabled or error.status not in ABOUT_ITS_STATE:
            raise
        raise UpvestError(
            f"webhook {webhook.id} is disabled, and Upvest did not test it: {error.detail}",
            *error.details,
            fix='Enable it first; in the program, verify="after_enable" tests it as soon as it is.',
        ) from None


def _answer(webhook: Webhook, test: WebhookTest | None) -> dict[str, Any]:
    """What is known of the receiver's answer; its headers are left out, for they may hold a secret."""
    response = test.response if test else None
    return {
        "id": webhook.id,
        "origin": shown_url(webhook.url),
        "enabled": webhook.enabled,
        "status": response.status or None if response else None,  # 0 where there was no answer
        "error": response.error if response else None,
        "body": _beginning(response.body) if response and response.body else None,
    }


def _beginning(body: str) -> str:
    return body if len(body) <= BODY else f"{body[:BODY]}…"


def _failure(test: WebhookTest | None, webhook: Webhook, stack: str) -> str:
    """Why the test proves nothing; empty where the receiver answered with success."""
    if test is None:
        return (
            "Upvest took the order (202), and does not tell what the receiver answered.\nRead the receiver's log."
        )
    response = test.response
    if response.error:
        mend = f"Run `upvest-webhooks probe {shown_url(webhook.url)} --stack {shlex.quote(stack)}`."
        return f"Upvest could not reach the receiver: {printable(response.error)}\n{mend}"
    if response.status is None:
        return "Upvest does not tell what the receiver answered.\nRead the receiver's log."
    if not 200 <= response.status < 300:  # noqa: PLR2004 - the class of success
        return f"The receiver answered {response.status}, and deliveries need 2xx.\nRead the receiver's log."
    return ""


def _tell_of(write: Write) -> None:
    _tell(f"{write.action} webhook {write.webhook_id} (upvest-request-id {write.request_id})")


def _tell(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - beside the answer
