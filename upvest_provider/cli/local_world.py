"""How the gate's checks reach the world of the local API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from upvest_provider.errors import SettingsError
from upvest_provider.settings import CREDENTIALS_FILE, LOCAL_STATE

if TYPE_CHECKING:
    from collections.abc import Mapping


def local_world(environ: Mapping[str, str]) -> dict[str, Any]:
    """A gate's inputs, as the local receiver gives them to a program.

    Raises:
        SettingsError: No local API ever ran there.
    """
    file = Path(environ.get("UPVEST_LOCAL_STATE") or LOCAL_STATE) / CREDENTIALS_FILE
    try:
        surroundings = json.loads(file.read_text())
        return {
            "resolvers": [surroundings["resolver"]],
            "ca_file": surroundings["ca_file"],
            "allow_private": True,
        }
    except (OSError, ValueError, LookupError, TypeError):
        raise SettingsError(
            f"upvest:api is `local`, and {file} does not tell how to reach its DNS",
            fix="Start the local API with `make local` (`upvest-webhooks local`).",
        ) from None
