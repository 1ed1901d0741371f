"""The Upvest accounts of one stack: which of them a webhook is of, and the subscriptions of each."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from .environments import LOCAL
from .errors import WrongAccount
from .rules import Fault
from .settings import ACCOUNTS, Account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .api import Write
    from .declared import Declarations
    from .outside import Outside
    from .settings import Settings
    from .subscription import Subscriptions


class Accounts:
    """The accounts that a stack's settings name; safe for threads.

    Args:
        settings: The stack's.
        outside: What is around the provider.
        declarations: What the program declares.
    """

    def __init__(self, settings: Settings, outside: Outside, declarations: Declarations) -> None:
        self._settings = settings
        self._outside = outside
        self._declarations = declarations
        self._lock = threading.Lock()
        self._connections: dict[str, tuple[Subscriptions, Account]] = {}

    def faults(self, name: str | None) -> list[Fault]:
        """Offline: why a webhook cannot be of the account that it names.

        Raises:
            SettingsError: `upvest:accounts` cannot be read.
        """
        names = self._settings.names()
        listed = ", ".join(names)
        if name is None:
            return [Fault("account", f"must be one of {listed}")] if len(names) > 1 else []
        if not names:
            return [Fault("account", f"must not be given: the stack has no {ACCOUNTS}")]
        return [] if name in names else [Fault("account", f"must be one of {listed} ({ACCOUNTS} of the stack)")]

    def name(self, name: str | None) -> str:
        """The account that is meant, empty where a stack has but one without a name."""
        return self._settings.of(name).name

    def named(self, name: str | None) -> tuple[Subscriptions, Account]:
        """The subscriptions of the account that a webhook names, and which account that is.

        Raises:
            SettingsError: There is no such account, or its settings are missing or unusable.
        """
        return self._connected(self._settings.of(name))

    def holding(self, webhook_id: str, state: Mapping[str, Any]) -> tuple[Subscriptions, Account]:
        """The subscriptions of the account that a webhook belongs to, whatever the stack calls it by now.

        Raises:
            WrongAccount: No settings of the stack speak for it.
            SettingsError: They are missing or unusable.
        """
        owner = _owner(state)
        if owner is None:
            return self.named(state.get("account"))
        settings = self._settings.of_owner(owner)
        if settings is None:
            raise self._other_account(webhook_id, owner)
        return self._connected(settings)

    def refuse_other(self, webhook_id: str, state: Mapping[str, Any], name: str | None) -> None:
        """Offline: see that a webhook is declared for the account that it belongs to, as far as that is known.

        Raises:
            WrongAccount: It is not.
            SettingsError: There is no such account.
        """
        owner, declared = _owner(state), self._settings.of(name)
        known = declared.known_account()
        if owner is None or known is None or declared.speaks_for(owner):
            return
        if self._settings.of_owner(owner) is None:
            raise self._other_account(webhook_id, owner)
        raise WrongAccount(
            f"webhook {webhook_id} belongs to {owner}, and account={name!r} is {known}",
            "Nothing was sent: a webhook cannot move from one account to another.",
            fix="Give it another resource name: then it is created there, and deleted here.",
        )

    def _connected(self, settings: Settings) -> tuple[Subscriptions, Account]:
        """Made with the first request of an account, and then the same for all."""
        with self._lock:
            if settings.name not in self._connections:
                self._connections[settings.name] = self._subscriptions(settings), settings.account()
            return self._connections[settings.name]

    def _subscriptions(self, settings: Settings) -> Subscriptions:
        from .api import UpvestClient  # noqa: PLC0415 - loads what only requests need
        from .subscription import Subscriptions  # noqa: PLC0415 - as above

        outside = self._outside
        client = UpvestClient(
            settings.credentials(),
            before_request=outside.alive,
            on_write=self._say_write,
            clock=outside.clock,
            sleep=outside.sleep,
        )
        return Subscriptions(
            client,
            say=outside.say,
            is_declared=self._declarations.has_claim,
            holder=self._declarations.holder,
            clock=outside.clock,
            monotonic=outside.monotonic,
        )

    def _say_write(self, write: Write) -> None:
        self._outside.say(f"{write.action} webhook {write.webhook_id} (upvest-request-id {write.request_id})")

    def _other_account(self, webhook_id: str, owner: Account) -> WrongAccount:
        """The wrong credentials would see a 404 for every webhook, and empty the state."""
        names = self._settings.names()
        if not names:
            told, api, client_id = str(self._settings.account()), "upvest:api", "upvest:clientId"
            former = "`upvest:formerClientIds`"
        else:
            accounts = {name: self._settings.of(name).known_account() for name in names}
            told = ", ".join(f"{name}: {account or 'incomplete'}" for name, account in accounts.items())
            api, client_id, former = f"the api of one of {ACCOUNTS}", "its clientId", "its `formerClientIds`"
        summary = f"webhook {webhook_id} belongs to {owner}, and the settings name {told}"
        untouched = "Nothing was sent: under another account the webhook would look deleted."
        if owner.api == LOCAL:
            return WrongAccount(
                summary,
                untouched,
                "A local API keeps its clients in its state: it ran on another one then, or that was removed.",
                fix=f"Set {api} to local and UPVEST_LOCAL_STATE to the state that has this client; "
                "if that is gone, run `pulumi state delete URN`.",
            )
        return WrongAccount(
            summary,
            untouched,
            f"If Upvest gave the same account a new client id, list the old one in {former} "
            "(a refresh needs --run-program then).",
            fix=f"Set {api} to {owner.api} and {client_id} to {owner.client_id} in this stack.",
        )


def _owner(state: Mapping[str, Any]) -> Account | None:
    """The account that the state remembers; a look-up by id brings none."""
    return Account(state["api"], state["client_id"]) if "api" in state and "client_id" in state else None
