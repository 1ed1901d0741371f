"""Who you are, and where secrets come from.

Who you are stands in the reviewed stack file (`upvest:api`, `upvest:clientId`, `upvest:keyId`, or several such
accounts by name in `upvest:accounts`); the environment brings secrets only. Before the first request, only what
tells one account from another is read.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .environments import LOCAL, base_url, canonical, shown
from .errors import SettingsError
from .private_key import is_pem, pem_of, read_key_file, signing_key
from .terminal import say as say_on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .api import Credentials

ACCOUNTS = "upvest:accounts"
ACCOUNT_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Lower case with hyphens, so that each name has one form in the variables of the environment."""
ACCOUNT_MEMBERS = (
    "api",
    "clientId",
    "keyId",
    "formerClientIds",
    "clientSecret",
    "privateKey",
    "privateKeyPassphrase",
)

LOCAL_STATE = ".upvest-local"
"""Where the embedded API keeps its state, below the directory that it is started in."""

CREDENTIALS_FILE = "credentials.json"
CREDENTIALS_MEMBERS = (
    "api",
    "client_id",
    "client_secret",
    "key_id",
    "private_key_file",
    "private_key_passphrase",
)


@dataclass(frozen=True, slots=True)
class Account:
    """One client of one Upvest environment: what a webhook belongs to."""

    api: str
    """`local`, `sandbox`, `live`, or the URL of another environment."""
    client_id: str

    def __str__(self) -> str:
        return f"client {self.client_id} of {self.api}"


class Settings:
    """The settings of a Pulumi stack: of its only account, or of the one of them that is named.

    They are those of one process: what was read once from the stack's configuration and files is not read again.

    Args:
        config: Looks up a key of the stack's configuration, as `upvest:api`; secrets come decrypted.
        environ: The environment.
        name: Which of `upvest:accounts`; empty for the account that stands in the stack's own keys.
        say: Takes warnings.
    """

    def __init__(
        self,
        config: Callable[[str], str | None],
        environ: Mapping[str, str] = os.environ,
        *,
        name: str = "",
        say: Callable[[str], None] = say_on_terminal,
    ) -> None:
        self._config = config
        self._environ = environ
        self._say = say
        self._of: dict[str, Settings] = {}
        self.name = name

    def names(self) -> list[str]:
        """The names of `upvest:accounts`; none where the stack has but one account, in keys of its own.

        Raises:
            SettingsError: `upvest:accounts` cannot be read.
        """
        return list(self._accounts)

    def of(self, name: str | None) -> Settings:
        """The settings of the account that a webhook names; of the only one where it names none.

        Raises:
            SettingsError: There is no such account, or several and none is named.
        """
        names = self.names()
        listed = ", ".join(names)
        if name is None and len(names) > 1:
            raise SettingsError(
                f"no account is named, and the stack has several: {listed}",
                fix=f'Name one, as account="{names[0]}".',
            )
        if name is not None and name not in names:
            raise SettingsError(
                f"{ACCOUNTS} has no {name!r}; it has {listed}" if names else f"{ACCOUNTS} is not set",
                fix=f"Set it with `pulumi config set --path '{ACCOUNTS}.{name}.clientId' UUID`, or name another.",
            )
        chosen = name or (names[0] if names else "")
        if chosen not in self._of:  # of four threads that may ask at once all get the same
            self._of.setdefault(chosen, Settings(self._config, self._environ, name=chosen, say=self._say))
        return self._of[chosen]

    def of_owner(self, owner: Account) -> Settings | None:
        """The settings that speak for an account, whatever its name is by now; None where none do.

        Raises:
            SettingsError: `upvest:accounts` cannot be read.
        """
        names = self.names()
        each = [self.of(name) for name in names] if names else [self]
        return next((settings for settings in each if settings.speaks_for(owner)), None)

    def speaks_for(self, owner: Account) -> bool:
        """Whether an account is the one that these settings name, as far as it can be told offline.

        Raises:
            SettingsError: `formerClientIds` is no list.
        """
        known = self.known_account()
        return known is not None and known.api == owner.api and owner.client_id in self._client_ids

    def known_account(self) -> Account | None:
        """Whose webhooks these settings speak of, as far as it can be told offline and without secrets."""
        try:
            return self._stated_account
        except SettingsError:
            return None

    @cached_property
    def _stated_account(self) -> Account:
        """As the stack has it, whatever the environment says."""
        api = self._stated_api()
        if api == LOCAL:
            return Account(LOCAL, self._local["client_id"])
        return Account(canonical(api), self._identifier("clientId"))

    @cached_property
    def _client_ids(self) -> frozenset[str]:
        """The client's, and those that it had before they were reissued."""
        return self.former_client_ids() | {self._stated_account.client_id}

    def former_client_ids(self) -> frozenset[str]:
        """Client ids that were reissued: their webhooks belong to today's client.

        Raises:
            SettingsError: `formerClientIds` is no list.
        """
        ids = self._said("formerClientIds")
        if ids is None or isinstance(ids, str):
            try:
                ids = json.loads(ids or "[]")
            except json.JSONDecodeError:
                ids = None
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            key = self._key("formerClientIds")
            raise SettingsError(
                f"{key} is no list of client ids",
                fix=f"Set it with `pulumi config set --path '{key}[0]' ID`.",
            )
        return frozenset(_canonical_id(item) for item in ids)

    def account(self) -> Account:
        """Whose webhooks these settings speak of.

        Raises:
            SettingsError: A setting is missing, unusable, or contradicted by the environment.
        """
        self._api()
        account = self._stated_account
        self._refuse_contradiction(
            self._variable("CLIENT_ID"), "clientId", account.client_id, _canonical_id, _shown_id
        )
        return account

    def credentials(self) -> Credentials:
        """All that a client needs, secrets included.

        Raises:
            SettingsError: A setting is missing, unusable, or contradicted by the environment.
        """
        account = self.account()
        return self._local_credentials() if self._api() == LOCAL else self._remote_credentials(account)

    def _remote_credentials(self, account: Account) -> Credentials:
        from .api import Credentials  # noqa: PLC0415 - cryptography is loaded with the first request

        name, pem = self._private_key()
        passphrase = self._secret_if_any("PRIVATE_KEY_PASSPHRASE", "privateKeyPassphrase")
        return Credentials(
            base_url=base_url(self._api(), self._key("api"), self._path_of("api")),
            client_id=account.client_id,
            client_secret=self._client_secret(),
            key_id=self._identifier("keyId"),
            signing_key=signing_key(name, pem, passphrase, self._variable("PRIVATE_KEY_PASSPHRASE")),
        )

    def _local_credentials(self) -> Credentials:
        from .api import Credentials  # noqa: PLC0415 - as above

        local = self._local
        file = Path(local["private_key_file"])
        try:
            pem = read_key_file(str(self._local_file()), file, self._say)
            key = signing_key(str(file), pem, local["private_key_passphrase"], str(self._local_file()))
        except SettingsError as error:
            raise SettingsError(error.summary, fix=self._local_anew()) from None
        return Credentials(
            base_url=local["api"],
            client_id=local["client_id"],
            client_secret=local["client_secret"],
            key_id=local["key_id"],
            signing_key=key,
        )

    @cached_property
    def _accounts(self) -> dict[str, dict[str, Any]]:
        """The accounts by name, in the order of the stack's file."""
        text = self._config(ACCOUNTS)
        if not text:
            return {}
        try:
            accounts = json.loads(text)
        except json.JSONDecodeError:
            accounts = None
        if not isinstance(accounts, dict) or not all(isinstance(entry, dict) for entry in accounts.values()):
            raise SettingsError(
                f"{ACCOUNTS} is no mapping of names to accounts",
                fix=f"Set it with `pulumi config set --path '{ACCOUNTS}.NAME.clientId' UUID`.",
            )
        for name, members in accounts.items():
            _check_account(name, members)
        _refuse_one_client_twice(accounts)
        for key in ("upvest:clientId", "upvest:keyId"):
            if accounts and self._config(key):
                raise SettingsError(
                    f"{key} and {ACCOUNTS} are both set, so whose webhooks are meant is not known",
                    fix=f"Remove it with `pulumi config rm {key}`: each account has its own.",
                )
        return accounts

    def _said(self, member: str) -> Any:  # noqa: ANN401 - whatever stands in the stack's file
        """A setting of this account; which environment it is of may stand once for all accounts."""
        if not self.name:
            return self._config(f"upvest:{member}")
        said = self._accounts[self.name].get(member)
        return self._config("upvest:api") if said is None and member == "api" else said

    def _value(self, member: str) -> str | None:
        said = self._said(member)
        if said is not None and not isinstance(said, str):
            raise SettingsError(
                f"{self._key(member)} is no text",
                fix=f"Set it with `pulumi config set {self._path_of(member)} TEXT`.",
            )
        return said

    def _key(self, member: str) -> str:
        """Where a setting of this account stands in the stack's file."""
        return f"{ACCOUNTS}.{self.name}.{member}" if self.name else f"upvest:{member}"

    def _path_of(self, member: str) -> str:
        """The key, as `pulumi config` takes it."""
        return f"--path '{self._key(member)}'" if self.name else self._key(member)

    def _variable(self, what: str) -> str:
        """The variable of the environment for this account: `UPVEST_CLIENT_SECRET`, `UPVEST_TOL_CLIENT_SECRET`."""
        return "_".join(["UPVEST", *([self.name.upper().replace("-", "_")] if self.name else []), what])

    def _api(self) -> str:
        api = self._stated_api()
        for variable in dict.fromkeys(["UPVEST_API", self._variable("API")]):
            self._refuse_contradiction(variable, "api", api, canonical, shown)
        return api

    def _stated_api(self) -> str:
        api = (self._value("api") or "").strip()
        if not api:
            raise SettingsError(
                "upvest:api is not set: which Upvest environment holds the webhooks is not known",
                fix="Set it with `pulumi config set upvest:api sandbox` (or `live`, or `local`).",
            )
        if api != LOCAL:
            base_url(api, self._key("api"), self._path_of("api"))
        return api

    def _refuse_contradiction(
        self,
        variable: str,
        member: str,
        value: str,
        canonical_form: Callable[[str], str],
        shown_form: Callable[[str], str],
    ) -> None:
        other = self._environ.get(variable, "").strip()
        if other and canonical_form(other) != canonical_form(value):
            raise SettingsError(
                f"{variable} in the environment ({shown_form(other)}) contradicts "
                f"{self._key(member)} of the stack ({shown_form(value)})",
                fix=f"Unset {variable}: the stack's file decides.",
            )

    def _identifier(self, member: str) -> str:
        key, text = self._key(member), (self._value(member) or "").strip()
        if not text:
            raise SettingsError(
                f"{key} is not set",
                fix=f"Set it with `pulumi config set {self._path_of(member)} UUID`, as Upvest gave it to you.",
            )
        found = _uuid_in(text)
        if found is None:  # not quoted: it may be a secret in the wrong place
            raise SettingsError(
                f"{key} is no UUID, and Upvest's ids are UUIDs", fix=f"Correct {key} in the stack's file."
            )
        return found

    def _client_secret(self) -> str:
        value = self._secret_if_any("CLIENT_SECRET", "clientSecret")
        if not value:
            variable = self._variable("CLIENT_SECRET")
            raise SettingsError(
                f"{variable} is not set, nor is {self._key('clientSecret')} in the stack's configuration",
                fix=f"Set {variable} in the environment, "
                f"or run `pulumi config set --secret {self._path_of('clientSecret')}`.",
            )
        if value.encode(errors="replace").decode() != value:
            variable = self._variable("CLIENT_SECRET")
            raise SettingsError(
                f"{variable} is no text in UTF-8", fix=f"Set {variable} to the secret as Upvest gave it to you."
            )
        return value

    def _secret_if_any(self, what: str, member: str) -> str | None:
        return self._environ.get(self._variable(what)) or self._value(member)

    def _private_key(self) -> tuple[str, bytes]:
        """The name of the setting that brings the key, and the key."""
        in_text, in_file = self._variable("PRIVATE_KEY"), self._variable("PRIVATE_KEY_FILE")
        text, file = self._environ.get(in_text), self._environ.get(in_file)
        if text and file:
            raise SettingsError(f"{in_text} and {in_file} are both set", fix="Unset one of them.")
        if file:
            if is_pem(file):  # as a path it would stand in the message
                raise SettingsError(
                    f"{in_file} holds the key itself, not the name of its file",
                    fix=f"Set {in_text} to it instead, and unset {in_file}.",
                )
            return in_file, read_key_file(in_file, Path(file), self._say)
        if text:
            return in_text, pem_of(in_text, text)
        configured = self._value("privateKey")
        if configured:
            return self._key("privateKey"), pem_of(self._key("privateKey"), configured)
        raise SettingsError(
            f"no private key: neither {in_text} nor {in_file} is set, nor {self._key('privateKey')}",
            fix=f"Set {in_file} to the PEM file whose public half Upvest holds.",
        )

    @cached_property
    def _local(self) -> dict[str, str]:
        """The credentials that the embedded API wrote when it was started."""
        file = self._local_file()
        for member in ("clientId", "keyId"):
            if self._value(member):
                key = self._key(member)
                raise SettingsError(
                    f"{key} is set, but {self._key('api')} is `local`, which has its own",
                    fix=f"Remove it with `pulumi config rm {self._path_of(member)}`, "
                    f"or set {self._key('api')} to another environment.",
                )
        try:
            credentials = json.loads(file.read_text())
        except FileNotFoundError:
            raise SettingsError(
                f"upvest:api is `local`, but {file} is not there",
                fix=f"Start the local API with `upvest-webhooks local --state {file.parent}`.",
            ) from None
        except (OSError, ValueError) as error:
            raise SettingsError(f"{file} cannot be read: {type(error).__name__}", fix=self._local_anew()) from None
        return self._local_account(credentials if isinstance(credentials, dict) else {})

    def _local_account(self, credentials: dict[str, Any]) -> dict[str, str]:
        if self.name:
            accounts = credentials.get("accounts")
            if not isinstance(accounts, dict) or not isinstance(accounts.get(self.name), dict):
                raise SettingsError(
                    f"the local API has no account {self.name!r}",
                    fix=f"Start it with `upvest-webhooks local --account {self.name}`.",
                )
            credentials = {"api": credentials.get("api"), **accounts[self.name]}
        lacking = [name for name in CREDENTIALS_MEMBERS if not isinstance(credentials.get(name), str)]
        if lacking:
            file = self._local_file()
            raise SettingsError(f"{file} is damaged: it lacks {', '.join(lacking)}", fix=self._local_anew())
        return credentials

    def _local_file(self) -> Path:
        return Path(self._environ.get("UPVEST_LOCAL_STATE") or LOCAL_STATE) / CREDENTIALS_FILE

    def _local_anew(self) -> str:
        return f"Remove {self._local_file().parent} and start the local API anew."


def check_account_name(name: str) -> None:
    """See that an account can have this name.

    Raises:
        SettingsError: It cannot.
    """
    if not ACCOUNT_NAME.fullmatch(name):
        raise SettingsError(
            f"an account is called {name!r}, and their names are of lower-case letters, digits and single hyphens",
            fix=f"Rename it, in {ACCOUNTS} too.",
        )


def _check_account(name: str, members: Mapping[str, object]) -> None:
    check_account_name(name)
    unknown = [member for member in members if member not in ACCOUNT_MEMBERS]
    if unknown:
        raise SettingsError(
            f"{ACCOUNTS}.{name} has {unknown[0]!r}, and an account has {', '.join(ACCOUNT_MEMBERS)}",
            fix=f"Correct {ACCOUNTS}.{name} in the stack's file.",
        )


def _refuse_one_client_twice(accounts: Mapping[str, Mapping[str, object]]) -> None:
    """Two names for one client would hide webhooks that deliver the same events twice."""
    names: dict[str, str] = {}
    for name, members in accounts.items():
        client_id = members.get("clientId")
        if not isinstance(client_id, str):
            continue
        other = names.setdefault(_canonical_id(client_id), name)
        if other != name:
            raise SettingsError(
                f"{ACCOUNTS} has one client twice: {other} and {name} both are {_shown_id(client_id)}",
                fix=f"Remove {name} from {ACCOUNTS}, and use account={other!r}.",
            )


@cache
def _uuid_in(text: str) -> str | None:
    """The one form of a UUID."""
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        return None


def _canonical_id(text: str) -> str:
    """The one form of a UUID; what is none stays, in lower case."""
    return _uuid_in(text) or text.strip().lower()


def _shown_id(text: str) -> str:
    """An id as messages show it; what is none may be a secret in the wrong place."""
    return text if _uuid_in(text) else "no UUID"
