"""Calls the control side of a running local API, from any process that may read its state directory."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from upvest_provider.errors import SettingsError, UpvestError

from .credentials import FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TIMEOUT = 10.0
"""Seconds to wait for an answer."""

_NOT_FOUND = 404


class ControlClient:
    """Declares, reads and removes what stands around the local API.

    Args:
        state: The directory given to `serve` or `LocalUpvest`.

    Raises:
        SettingsError: No local API ever ran there.
    """

    def __init__(self, state: Path) -> None:
        try:
            document = json.loads((state / FILE).read_text())
            self._address = urlsplit(document["api"])
            self._token = document["control_token"]
        except (OSError, ValueError, KeyError):
            raise SettingsError(
                f"no local API runs on {state}", fix="Start it with `make local` (`upvest-webhooks local`)."
            ) from None

    def put(self, collection: str, *names: str, **body: object) -> dict[str, Any]:
        """Declares a thing; gives it as it will be.

        Args:
            collection: `zones`, `dns`, `certificates` or `listeners`.
            names: The name; for `dns` the type too.
            body: The thing's members, and `delay` in seconds until it takes effect.
        """
        found = self._call("PUT", _path(collection, names), body)
        return found or {}

    def get(self, collection: str, *names: str) -> dict[str, Any] | None:
        """A thing in its newest version, in effect or not; none if it is not there."""
        return self._call("GET", _path(collection, names))

    def delete(self, collection: str, *names: str) -> None:
        """Takes a thing away at once; nothing if it is not there."""
        self._call("DELETE", _path(collection, names))

    def answer_with(self, status: int) -> None:
        """Has the receiver answer every request with this status; 200 for what is right."""
        self._call("PUT", "/_local/receiver", {"status": status})

    def make_events(
        self,
        category: str,
        *,
        kind: str = "",
        about: Mapping[str, object] | None = None,
        count: int = 1,
        account: str = "",
    ) -> int:
        """Makes events happen; gives how many webhooks they go to.

        Args:
            category: As `USER`.
            kind: The events' `type`; `<category>.CREATED` where empty.
            about: The events' `object`.
            count: How many, at most 10,000.
            account: In whose account; empty for the one without a name.
        """
        body = {"category": category, "object": dict(about or {}), "count": count, "account": account}
        body |= {"type": kind} if kind else {}
        found = self._call("POST", "/_local/events", body)
        return int(found["webhooks"]) if found else 0

    def fail(self, kind: str, **members: object) -> dict[str, Any]:
        """Has requests meet a fault; gives it as it was taken.

        Args:
            kind: As `lost`, see `FaultKind`; or `refuse`, which shuts the port at once for `seconds`, and takes no
                other member.
            members: The others of `Fault`.
        """
        return self._call("POST", "/_local/faults", {"kind": kind, **members}) or {}

    def mend(self) -> None:
        """Breaks nothing any more, forgets what was met, and lets go on what is held."""
        self._call("DELETE", "/_local/faults")

    def faults_met(self) -> list[dict[str, Any]]:
        """The members of `Met`, for each request that met a fault, oldest first."""
        found = self._call("GET", "/_local/faults") or {}
        met: list[dict[str, Any]] = found["met"]
        return met

    def behaviour(self) -> dict[str, Any]:
        """What the API does where its documents are silent: the members of `Behaviour`."""
        return self._call("GET", "/_local/behaviour") or {}

    def behave(self, **answers: object) -> dict[str, Any]:
        """Changes some of these answers; gives all of them."""
        return self._call("PUT", "/_local/behaviour", answers) or {}

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any] | None:
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=TIMEOUT)
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise UpvestError(
                f"the local API does not answer: {type(error).__name__}",
                fix="Start it with `make local` (`upvest-webhooks local`).",
            ) from None
        finally:
            connection.close()
        if answer.status == _NOT_FOUND and method != "PUT":
            return None
        document: dict[str, Any] = json.loads(content) if content else {}
        if answer.status >= 400:  # noqa: PLR2004 - the class of errors begins there
            raise UpvestError(f"the local API refused: {document['detail']}", fix="Correct what it names.")
        return document


def make_events(state: Path, category: str, kind: str, about: str, count: int, *, account: str = "") -> int:
    """Makes events happen in a running local API, as a command line words it; gives how many webhooks they go to.

    Args:
        state: Its state directory.
        category: As `USER`.
        kind: The events' `type`; `<category>.CREATED` where empty.
        about: The events' `object`, as JSON.
        count: How many.
        account: In whose account; empty for the one without a name.

    Raises:
        UpvestError: It does not run, or refuses.
    """
    try:
        document = json.loads(about)
    except ValueError as error:
        raise UpvestError(f"the object is not JSON: {error}", fix='Give it as \'{"id": "1"}\'.') from None
    return ControlClient(state).make_events(category, kind=kind, about=document, count=count, account=account)


def break_with(state: Path, kind: str, **members: object) -> dict[str, Any]:
    """Has a running local API break requests; see `ControlClient.fail`.

    Args:
        state: Its state directory.
        kind: What goes wrong.
        members: Of the fault.

    Raises:
        UpvestError: It does not run, or refuses.
    """
    return ControlClient(state).fail(kind, **members)


def mend(state: Path) -> None:
    """Has a running local API break nothing any more; see `ControlClient.mend`.

    Raises:
        UpvestError: It does not run.
    """
    ControlClient(state).mend()


def _path(collection: str, names: tuple[str, ...]) -> str:
    return "/_local/" + "/".join([collection, *(quote(name, safe="") for name in names)])
