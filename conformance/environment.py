"""Which API is asked, and as whom. The live one never is."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from upvest_provider.environments import ENVIRONMENTS, LOCAL, canonical
from upvest_provider.errors import SettingsError
from upvest_provider.local import LocalUpvest
from upvest_provider.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from upvest_provider.api import Credentials

IDENTITY = {"upvest:clientId": "UPVEST_CLIENT_ID", "upvest:keyId": "UPVEST_KEY_ID"}
"""What stands in a stack's file elsewhere; there is no stack here."""


@contextmanager
def environment(api: str, environ: Mapping[str, str]) -> Iterator[tuple[str, Credentials]]:
    """The name of an environment, and what is needed to ask it.

    Args:
        api: `sandbox`, a URL, `local` for the local API that runs, or nothing for one of the run's own.
        environ: The environment.

    Raises:
        SettingsError: It is the live one, or something is missing.
    """
    _refuse_live(api)
    if not api:
        with tempfile.TemporaryDirectory(prefix="upvest-conformance-") as state, LocalUpvest(Path(state)):
            own = Settings({"upvest:api": LOCAL}.get, {"UPVEST_LOCAL_STATE": state})
            yield LOCAL, own.credentials()
    elif api == LOCAL:
        yield LOCAL, Settings({"upvest:api": LOCAL}.get, environ).credentials()
    else:
        yield canonical(api), Settings({"upvest:api": api, **_identity(environ)}.get, environ).credentials()


def _refuse_live(api: str) -> None:
    live = urlsplit(ENVIRONMENTS["live"]).hostname
    name = api.strip().lower()
    if name == "live" or (urlsplit(name if "//" in name else f"//{name}").hostname or "").rstrip(".") == live:
        raise SettingsError(
            "the live API is never asked: the questions make webhooks, and enable some",
            fix="Name Upvest's sandbox, as `--api sandbox`.",
        )


def _identity(environ: Mapping[str, str]) -> dict[str, str]:
    missing = [variable for variable in IDENTITY.values() if not environ.get(variable)]
    if missing:
        raise SettingsError(f"{' and '.join(missing)} not set", fix="Set them to the ids that Upvest gave to you.")
    return {key: environ[variable] for key, variable in IDENTITY.items()}
