"""The provider's own reading of the settings, step by step, so that one fault does not hide the next."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from upvest_provider.environments import LOCAL
from upvest_provider.private_key import read_key_file
from upvest_provider.settings import ACCOUNTS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from .stack import Stack


@dataclass(frozen=True, slots=True)
class Key:
    """A private key as the settings bring it."""

    name: str
    """Of the setting that brings it."""
    pem: bytes = field(repr=False)
    file: Path | None
    """None where it stands in a variable or in the configuration."""
    passphrase: str | None = field(repr=False)
    passphrase_name: str


class Steps(Settings):
    """The settings of one account of a stack.

    Args:
        stack: The stack.
        name: Of the account; empty for the one that stands in the stack's own keys.
        say: Takes warnings.
    """

    def __init__(self, stack: Stack, name: str, say: Callable[[str], None]) -> None:
        super().__init__(stack.config().get, stack.environ, name=name, say=say)
        self._stack = stack

    @property
    def is_local(self) -> bool:
        """Whether the local API is asked, whose file brings all other settings."""
        api = self._said("api")
        return isinstance(api, str) and api.strip() == LOCAL

    @property
    def says_api(self) -> bool:
        """Whether anything says which environment is meant."""
        return bool(self._said("api"))

    def api(self) -> str:
        """Which environment; raises where it is missing, unusable or contradicted."""
        return self._api()

    def client_id(self) -> str:
        """The client's id, whatever the API is."""
        return self._local["client_id"] if self.is_local else self._identifier("clientId")

    def key_id(self) -> str:
        """The key's id."""
        return self._local["key_id"] if self.is_local else self._identifier("keyId")

    def client_secret(self) -> str:
        """The client's secret."""
        return self._local["client_secret"] if self.is_local else self._client_secret()

    def key(self) -> Key:
        """The private key, not opened yet."""
        if self.is_local:
            local, name = self._local, str(self.local_file)
            file = Path(local["private_key_file"])
            return Key(name, read_key_file(name, file, self._say), file, local["private_key_passphrase"], name)
        name, pem = self._private_key()
        return Key(
            name,
            pem,
            Path(self._environ[name]) if name == self.variable("PRIVATE_KEY_FILE") else None,
            self._secret_if_any("PRIVATE_KEY_PASSPHRASE", "privateKeyPassphrase"),
            self.variable("PRIVATE_KEY_PASSPHRASE"),
        )

    @property
    def local_file(self) -> Path:
        """What the local API wrote for its clients."""
        return self._local_file()

    def local_anew(self) -> str:
        """How the local API's file is mended."""
        return self._local_anew()

    def variable(self, what: str) -> str:
        """The environment's variable for this account."""
        return self._variable(what)

    def in_environment(self, what: str) -> str:
        """What a variable for this account holds; empty where it is not set."""
        return self._environ.get(self.variable(what), "")

    def path_of(self, member: str) -> str:
        """A setting, as `pulumi config` takes it."""
        return self._path_of(member)

    def source(self, member: str, what: str = "") -> str:
        """Where a setting stands.

        Args:
            member: Its name in the configuration.
            what: Its name in the environment, which comes first; empty where that cannot bring it.
        """
        if self.is_local and member != "api":
            return f"the local API's {os.path.relpath(self.local_file)}"
        if what and self.in_environment(what):
            return f"{self.variable(what)} in the environment"
        own = member != "api" or not self.name or member in self._accounts[self.name]
        return self._place(self._key(member) if own else f"upvest:{member}")

    def is_encrypted(self, member: str) -> bool:
        """Whether a setting stands in the stack's file in a form that Pulumi alone can decrypt."""
        values: object = self._stack.project.values(self._stack.name)
        for key in (ACCOUNTS, self.name, member) if self.name else (f"upvest:{member}",):
            values = values.get(key) if isinstance(values, dict) else None
        return isinstance(values, dict) and values.keys() == {"secure"}

    def _place(self, key: str) -> str:
        project, stack = self._stack.project, self._stack.name
        declared = project.stack_settings(stack).get("config")
        top = ACCOUNTS if key.startswith(ACCOUNTS) else key
        in_stack = isinstance(declared, dict) and top in map(project.key, declared)
        file = project.stack_file(stack) if in_stack else project.root / "Pulumi.yaml"
        return f"{key} in {file.relative_to(project.root)}"
