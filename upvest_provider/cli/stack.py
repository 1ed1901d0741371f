"""A stack of the Pulumi project in the directory that a command runs in, as far as the files there tell."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import yaml

from upvest_provider.errors import SettingsError
from upvest_provider.settings import Settings
from upvest_provider.testing.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from upvest_provider.api import UpvestClient, Write
    from upvest_provider.settings import Account

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Stack:
    """A stack's settings; what stands encrypted in its file is left out, for Pulumi alone can decrypt it."""

    name: str
    project: Project
    environ: Mapping[str, str]

    @classmethod
    def here(cls, name: str, directory: Path = Path(), environ: Mapping[str, str] = os.environ) -> Stack:
        """A stack of the project in a directory.

        Raises:
            SettingsError: There is no such project, or it has no settings for the stack.
        """
        if not (directory / "Pulumi.yaml").exists():
            raise SettingsError(
                "there is no Pulumi.yaml in this directory",
                fix="Run the command in the Pulumi project's directory.",
            )
        project = _parsed(Path("Pulumi.yaml"), lambda: Project.read(directory))
        file = project.stack_file(name)
        if not file.exists():
            known = sorted(each.stem.removeprefix("Pulumi.") for each in file.parent.glob("Pulumi.*.yaml"))
            listed = f" ({', '.join(known)})" if known else ""
            raise SettingsError(
                f"the project has no settings for the stack {name!r}",
                fix=f"Name another with --stack{listed}, or write {file}.",
            )
        _parsed(file, lambda: project.values(name))
        return cls(name, project, environ)

    def config(self) -> dict[str, str]:
        """The values of `upvest:…` in plain text, structured ones as JSON."""
        plain = {key: _without_encrypted(value) for key, value in self._values().items()}
        return {
            key: value if isinstance(value, str) else json.dumps(value, default=str)
            for key, value in plain.items()
            if value is not None
        }

    def settings(self, account: str | None) -> Settings:
        """The settings of one of the stack's accounts.

        Raises:
            SettingsError: There is no such account, or several and none is named.
        """
        settings = Settings(self.config().get, self.environ)
        names = settings.names()
        if account is None and len(names) > 1:
            raise SettingsError(
                f"the stack {self.name!r} has several accounts: {', '.join(names)}",
                fix=f"Name one, as --account {names[0]}.",
            )
        return settings.of(account)

    def connect(
        self, account: str | None, *, on_write: Callable[[Write], None] = lambda _: None
    ) -> tuple[UpvestClient, Account]:
        """A client of one of the stack's accounts, and which account that is.

        Args:
            account: Its name; None for the only one.
            on_write: Told of each write that succeeded.

        Raises:
            SettingsError: The settings are missing, contradicting or unusable.
        """
        from upvest_provider.api import UpvestClient  # noqa: PLC0415 - loads what only requests need

        settings = self.settings(account)
        try:
            return UpvestClient(settings.credentials(), on_write=on_write), settings.account()
        except SettingsError as error:
            encrypted = [path for key, value in self._values().items() for path in _encrypted(key, value)]
            if not encrypted:
                raise
            file = self.project.stack_file(self.name).name
            told = f"Only Pulumi can decrypt what stands encrypted in {file}: {', '.join(encrypted)}."
            raise SettingsError(error.summary, *error.details, told, fix=error.fix) from None

    def _values(self) -> dict[str, object]:
        return {key: value for key, value in self.project.values(self.name).items() if key.startswith("upvest:")}


def _parsed(file: Path, parse: Callable[[], Parsed]) -> Parsed:
    try:
        return parse()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark else ""
        raise SettingsError(f"{file} is no YAML{place}", fix="Correct it there.") from None


def _is_encrypted(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"}


def _without_encrypted(value: object) -> object:
    if _is_encrypted(value):
        return None
    if isinstance(value, dict):
        return {key: _without_encrypted(item) for key, item in value.items() if not _is_encrypted(item)}
    return value


def _encrypted(path: str, value: object) -> list[str]:
    if _is_encrypted(value):
        return [path]
    members = value.items() if isinstance(value, dict) else ()
    return [found for key, item in members for found in _encrypted(f"{path}.{key}", item)]
