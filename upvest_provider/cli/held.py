"""What a stack holds: the webhooks in its exported state, each by its id the name of its resource."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from upvest_provider.errors import UpvestError
from upvest_provider.testing.urn import name_of

if TYPE_CHECKING:
    from pathlib import Path

WEBHOOK = "pulumi-python:dynamic/upvest:Webhook"
"""The type of `UpvestWebhook` in a state."""


def held_by(document: str, source: str) -> dict[str, str]:
    """The webhooks of an exported stack.

    Args:
        document: What `pulumi stack export` wrote.
        source: Where it comes from, for messages.

    Raises:
        UpvestError: It is no exported stack.
    """
    try:
        resources: list[dict[str, Any]] = json.loads(document)["deployment"].get("resources") or []
        return {each["id"]: name_of(each["urn"]) for each in resources if each["type"] == WEBHOOK}
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UpvestError(
            f"{source} is no exported stack", fix="Write one with `pulumi stack export --stack NAME --file FILE`."
        ) from None


def read_export(file: Path) -> dict[str, str]:
    """The webhooks of the exported stack in a file.

    Raises:
        UpvestError: The file cannot be read, or is no exported stack.
    """
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UpvestError(
            f"{file} cannot be read: {type(error).__name__}",
            fix=f"Write it with `pulumi stack export --stack NAME --file {file}`.",
        ) from None
    return held_by(text, str(file))


def export(stack: str) -> dict[str, str]:
    """The webhooks that a stack holds, asked of the Pulumi CLI.

    Raises:
        UpvestError: There is no CLI, or it fails.
    """
    command = ["pulumi", "stack", "export", "--stack", stack, "--non-interactive", "--color", "never"]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    except FileNotFoundError:
        raise UpvestError(
            "pulumi is not on PATH, so what the stack holds is not known",
            fix=f"Run `pulumi stack export --stack {stack} --file FILE` elsewhere, then say --state FILE.",
        ) from None
    if run.returncode:
        raise UpvestError(
            f"`pulumi stack export --stack {stack}` failed",
            *run.stderr.strip().splitlines(),
            fix="Make it work, or say --state FILE.",
        )
    return held_by(run.stdout, "what `pulumi stack export` wrote")
