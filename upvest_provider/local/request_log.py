"""What was asked of the local API, readable while it runs and afterwards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .database import read

if TYPE_CHECKING:
    from pathlib import Path

    from .exchange import Call


@dataclass(frozen=True)
class LoggedRequest:
    """One request; nothing in it is secret, for headers and token requests' bodies are not kept.

    Attributes:
        number: Counts up from 1.
        method: In upper case.
        path: As sent.
        query: Without the question mark; empty where there was none.
        status: Of the answer.
        detail: Why it was refused; empty where it was not.
        request_id: The answer's `upvest-request-id`.
        client_id: As the caller named it in `upvest-client-id`; empty where it did not.
        body: The JSON object sent to `/webhooks`; `None` for everything else.
    """

    number: int
    method: str
    path: str
    query: str
    status: int
    detail: str
    request_id: str
    client_id: str
    body: dict[str, Any] | None


def requests(state: Path, after: int = 0) -> list[LoggedRequest]:
    """The requests to the local API of a state directory, oldest first; at most the newest 100,000 are kept.

    Args:
        state: The directory given to `serve` or `LocalUpvest`, which may be running or not.
        after: Only those with a higher `number`.

    Raises:
        SettingsError: No local API ever ran there.
    """
    rows = read(state, "SELECT * FROM requests WHERE number > ? ORDER BY number", after)
    return [LoggedRequest(**{**row, "body": json.loads(row["body"])}) for row in rows]


def loggable_body(call: Call) -> dict[str, Any] | None:
    """The JSON object that was sent to `/webhooks`; never a token request's form."""
    if not call.path.startswith("/webhooks"):
        return None
    try:
        document = json.loads(call.body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
