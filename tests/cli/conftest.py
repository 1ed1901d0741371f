from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests import piped

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from upvest_provider.local import LocalUpvest


@dataclass
class Shell:
    """A terminal in the directory of a Pulumi project, whose stack `dev` is on the local API."""

    folder: Path
    upvest: LocalUpvest

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `upvest-webhooks` in a pipe."""
        return piped.run(*arguments, folder=self.folder, environment=self.environment(**variables))

    def environment(self, **variables: str) -> dict[str, str]:
        state = str(self.upvest.state)
        kept = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        return {**kept, "UPVEST_LOCAL_STATE": state, **variables}

    def settle(self, stack: str, text: str) -> None:
        """Write a stack's settings."""
        file = self.folder / "stacks" / f"Pulumi.{stack}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def file(self, name: str, text: str) -> str:
        """Write a file into the project's directory."""
        (self.folder / name).write_text(text)
        return name

    def export(self, **webhooks: str) -> str:
        """Write the export of a stack that holds webhooks, given by their names."""
        type_ = "pulumi-python:dynamic/upvest:Webhook"
        resources = [
            {"urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "type": "pulumi:pulumi:Stack"},
            *(
                {"urn": f"urn:pulumi:dev::shop::{type_}::{name}", "id": id_, "type": type_, "custom": True}
                for name, id_ in webhooks.items()
            ),
        ]
        return self.file("state.json", json.dumps({"version": 3, "deployment": {"resources": resources}}))

    def hold(self, number: int, **fields: Any) -> str:  # noqa: ANN401 - the API's fields
        """Have the account hold one more webhook; gives its id."""
        id_ = f"00000000-0000-4000-8000-{number:012}"
        self.upvest.store.save_webhook(
            {
                "id": id_,
                "created_at": f"2026-01-{number:02}T12:00:00.00Z",
                "updated_at": f"2026-01-{number:02}T12:00:00.00Z",
                "title": f"Webhook {number}",
                "url": f"https://tenant.tld/secret-{number}",
                "enabled": True,
                "type": ["USER"],
                "config": {"delay": "1s", "max_package_size": 51200},
                **fields,
            }
        )
        return id_


@pytest.fixture
def shell(tmp_path: Path, upvest: LocalUpvest) -> Shell:
    folder = tmp_path / "project"
    folder.mkdir()
    shell = Shell(folder, upvest)
    shell.file("Pulumi.yaml", "name: shop\nruntime: python\nstackConfigDir: stacks\n")
    shell.settle("dev", "config:\n  upvest:api: local\n")
    return shell
