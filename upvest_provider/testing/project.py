"""A Pulumi project's files, as far as running its program needs them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Project:
    """The project in a directory that holds a `Pulumi.yaml`.

    Attributes:
        root: The directory.
        settings: What `Pulumi.yaml` says.
    """

    root: Path
    settings: Mapping[str, object]

    @classmethod
    def read(cls, root: Path) -> Project:
        """Reads the project's `Pulumi.yaml`.

        Raises:
            FileNotFoundError: There is none.
        """
        file = root.resolve() / "Pulumi.yaml"
        if not file.is_file():
            missing = file if root.is_dir() else root.resolve()
            raise FileNotFoundError(f"{missing} does not exist\nName the directory that holds the Pulumi.yaml.")
        return cls(root.resolve(), _mapping(yaml.safe_load(file.read_text())))

    @property
    def name(self) -> str:
        """The project's name."""
        return str(self.settings["name"])

    @property
    def main(self) -> Path:
        """The program: a directory with a `__main__.py`, or one file."""
        return self.root / str(self.settings.get("main", "."))

    @property
    def directory(self) -> Path:
        """Where program and provider run (pkg/engine/project.go `getPwdMain`)."""
        return self.main if self.main.is_dir() else self.main.parent

    def stack_file(self, stack: str) -> Path:
        """Gives the file with the stack's settings, which need not be there."""
        return self.root / str(self.settings.get("stackConfigDir", ".")) / f"Pulumi.{stack}.yaml"

    def stack_settings(self, stack: str) -> dict[str, object]:
        """Reads the stack's file; empty where there is none."""
        file = self.stack_file(stack)
        return _mapping(yaml.safe_load(file.read_text())) if file.exists() else {}

    def config(self, stack: str, given: Mapping[str, str]) -> dict[str, str]:
        """Gives a stack's configuration as a program gets it.

        Args:
            stack: The stack's name.
            given: Values that stand above those of the files; keys without a namespace are the project's.

        Raises:
            ValueError: A value is encrypted.
        """
        values = {**self.values(stack), **{self.key(key): value for key, value in given.items()}}
        return {key: _text(key, value) for key, value in values.items() if value is not None}

    def values(self, stack: str) -> dict[str, object]:
        """Gives a stack's configuration as it stands in the files; what is encrypted stays so."""
        declared = {
            key: value.get("value", value.get("default")) if isinstance(value, dict) else value
            for key, value in _mapping(self.settings.get("config")).items()
        }
        values = {**declared, **_mapping(self.stack_settings(stack).get("config"))}
        return {self.key(key): value for key, value in values.items()}

    def key(self, key: str) -> str:
        """Gives a configuration key with its namespace."""
        return key if ":" in key else f"{self.name}:{key}"


def _mapping(document: object) -> dict[str, object]:
    return document if isinstance(document, dict) else {}


def _text(key: str, value: object) -> str:
    if isinstance(value, dict) and "secure" in value:
        raise ValueError(
            f"{key} is encrypted, and a rehearsal cannot decrypt it\n"
            f'give the plain value for the rehearsal: Rehearsal(..., config={{"{key}": "..."}})'
        )
    return value if isinstance(value, str) else json.dumps(value)
