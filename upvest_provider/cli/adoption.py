"""Webhooks that exist already, as a stack would hold them had it made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import Config, ConfigureRequest
from pulumi.dynamic.dynamic import serialize_provider

from upvest_provider import rules
from upvest_provider.claims import is_claim
from upvest_provider.differences import CONFIG, history
from upvest_provider.errors import UpvestError
from upvest_provider.memory import remembered
from upvest_provider.outside import Outside
from upvest_provider.subscription import fields_of
from upvest_provider.testing.wire import to_file
from upvest_provider.webhook import CLAIM, NAME, WebhookProvider

from .held import WEBHOOK
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from upvest_provider.api import Webhook
    from upvest_provider.settings import Account

State = dict[str, Any]


class NotAdoptable(UpvestError):
    """A program cannot hold the webhook as it is."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A webhook as a resource of a stack."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    """What the program has to say of it."""
    unsaid: Mapping[str, Any]
    """The members of `config` that no program can say; they stay as they are."""
    inputs: State
    outputs: State

    def entry(self) -> State:
        """The resource in a file for `pulumi import`."""
        provider = {"__provider": serialize_provider(WebhookProvider())}
        return {
            "type": WEBHOOK,
            "name": self.name,
            "id": self.id,
            "inputs": self.inputs | provider,
            "outputs": to_file(self.outputs | provider),
        }


class Adoption:
    """Takes webhooks of one account into one stack, offline.

    Args:
        config: The stack's configuration.
        owner: Whose webhooks they are.
        account: What the program is to say as `account`; None where it need not.
        claim: Gives the claim of the resource with a name.
    """

    def __init__(
        self, config: dict[str, str], owner: Account, account: str | None, claim: Callable[[str], str]
    ) -> None:
        self._owner = owner
        self._named = {} if account is None else {"account": account}
        self._claim = claim
        self._provider = WebhookProvider(Outside(say=lambda _: None))
        self._provider.configure(ConfigureRequest(Config(config, "")))

    def note(self, name: str, webhook: Webhook) -> None:
        """Remember a webhook that the stack holds, so that none that delivers the same joins it."""
        # Resources of different components may share a name, and no two a webhook.
        self._provider.check({}, self._inputs(name, _declarable(webhook)[0]) | {CLAIM: self._claim(webhook.id)})

    def adopt(self, name: str, webhook: Webhook) -> Adopted:
        """A webhook as the resource of this name.

        Raises:
            NotAdoptable: A program cannot hold it.
        """
        what = f"webhook {webhook.id} ({printable(webhook.title)})"
        if is_claim(webhook.title):
            raise NotAdoptable(
                f"{what} is unfinished",
                fix="The next `pulumi up` of the stack that began it removes it; if none does, delete it.",
            )
        declared, unsaid = _declarable(webhook)
        checked = self._provider.check({}, self._inputs(name, declared))
        if checked.failures:
            reasons = "; ".join(failure.reason for failure in checked.failures)
            raise NotAdoptable(f"{what}: {reasons}", fix="Change it at Upvest first, or leave it as it is.")
        observed = fields_of(webhook)
        written = history(declared, observed, declared, None)
        outputs = {  # as creating it so would have left
            **checked.inputs,
            **observed,
            "created_at": webhook.created_at,
            "updated_at": webhook.updated_at,
            "api": self._owner.api,
            "client_id": self._owner.client_id,
            **remembered(written, observed),
        }
        return Adopted(webhook.id, name, declared | self._named, unsaid, checked.inputs, outputs)

    def _inputs(self, name: str, declared: Mapping[str, Any]) -> State:
        return {**declared, **self._named, CLAIM: self._claim(name), NAME: name}


def _declarable(webhook: Webhook) -> tuple[State, State]:
    """What a program can say of a webhook, and what of its `config` it cannot."""
    held = fields_of(webhook)
    config = held.pop(CONFIG)
    if not held["exclude_type"]:
        del held["exclude_type"]
    said = {member: value for member, value in config.items() if _can_be_said(member, value)}
    rest = {member: value for member, value in config.items() if member not in said}
    return held | ({CONFIG: said} if said else {}), rest


def _can_be_said(member: str, value: object) -> bool:
    """Older webhooks hold minutes as their `delay`, and the API may add members."""
    faults = rules.faults({CONFIG: {member: value}}, lambda _: False)
    return all(fault.property != CONFIG for fault in faults)
