"""Look-ups: what an account holds, asked while the program runs.

They are the one thing here that talks to Upvest in a preview, and they need credentials there. Whatever a program
does not have to know before it declares its resources is better an output of `UpvestWebhook`.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, TypeVar

import pulumi
from pulumi.runtime import get_config

from .errors import UpvestError
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from .api import UpvestClient, Webhook
    from .api.seldom import VerificationKey

Answer = TypeVar("Answer")

_lock = threading.Lock()


class LookUpFailed(UpvestError, pulumi.RunError):
    """A look-up failed, and the program with it; Pulumi shows a `RunError` without a traceback."""


def get_webhooks(account: str | None = None) -> list[Webhook]:
    """All webhooks of an account, in the order of their creation, those of other stacks included.

    One that was begun and not finished has a title of `pulumi-` and 16 hexadecimal digits.

    Args:
        account: Which of the stack's `upvest:accounts`. Default: the only one.

    Returns:
        Plain values, not outputs; `model_dump()` of one can go into a resource or an export. URLs may be secrets.

    Raises:
        LookUpFailed: The settings are missing or unusable, or Upvest cannot be asked.
    """
    return _asked("get_webhooks", account, lambda client: client.list_webhooks())


def get_verification_keys(account: str | None = None) -> list[VerificationKey]:
    """The public keys with which Upvest signs deliveries now; they rotate, so a receiver has to ask anew.

    Args:
        account: Which of the stack's `upvest:accounts`. Default: the only one.

    Returns:
        Plain values, not outputs; `model_dump()` of one is a JSON Web Key.

    Raises:
        LookUpFailed: The settings are missing or unusable, or Upvest cannot be asked.
    """
    return _asked("get_verification_keys", account, lambda client: client.get_verification_keys())


def _asked(name: str, account: str | None, ask: Callable[[UpvestClient], Answer]) -> Answer:
    try:
        settings = Settings(get_config).of(account)
        with _lock:
            client = _client(settings.name)
        return ask(client)
    except UpvestError as error:
        raise LookUpFailed(f"{name} failed: {error.summary}", *error.details, fix=error.fix) from None


@functools.cache
def _client(account: str) -> UpvestClient:
    """One for each account of this process, and so one access token."""
    from .api import UpvestClient  # noqa: PLC0415 - loads what only requests need

    return UpvestClient(Settings(get_config, name=account).credentials())
