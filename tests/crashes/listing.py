"""What `upvest-webhooks list` shows of an account, beside what a stack's state holds."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from tests import piped

if TYPE_CHECKING:
    from pathlib import Path

    from upvest_provider.api import Webhook
    from upvest_provider.local import LocalUpvest

NOTHING: dict[str, Any] = {"version": 3, "deployment": {"resources": []}}
"""The export of a stack that holds nothing."""


def listed(upvest: LocalUpvest, folder: Path, export: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of `list --json`.

    Args:
        upvest: The account.
        folder: An empty one, for a project of its own.
        export: Of the stack.
    """
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: life\nruntime: python\nstackConfigDir: stacks\n")
    (folder / "stacks" / "Pulumi.dev.yaml").write_text("config:\n  upvest:api: local\n")
    (folder / "state.json").write_text(json.dumps(export))
    state = str(upvest.state)
    environment = {**os.environ, "UPVEST_LOCAL_STATE": state}
    arguments = ["list", "--stack", "dev", "--state", "state.json", "--json"]
    run = piped.run(*arguments, folder=folder, environment=environment)
    run.check_returncode()
    entries: list[dict[str, Any]] = json.loads(run.stdout)
    return entries


def shown_without_a_resource(webhook: Webhook) -> dict[str, Any]:
    """The entry of a finished webhook that no state knows."""
    return {
        "id": webhook.id,
        "title": webhook.title,
        "enabled": webhook.enabled,
        "type": webhook.type,
        "exclude_type": webhook.exclude_type,
        "origin": "https://tenant.tld",
        "created_at": webhook.created_at,
        "unfinished": False,
        "resource": None,
    }
