"""The seven operations of the API that concern webhooks (API reference of 2026)."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from . import webhooks
from .authentication import ADMIN, READ
from .delivery import deliver_test
from .exchange import Answer
from .problems import Problem, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .exchange import Call
    from .service import Service
    from .store import Store
    from .webhooks import Document

_SORTS = ("created_at", "updated_at", "title", "url", "enabled")
_ORDERS = ("ASC", "DESC")
_INTEGERS = {"offset": (0, 0, 2**63 - 1), "limit": (100, 1, 1000)}
"""Default, lowest and highest value."""


@dataclass(frozen=True)
class Task:
    """An authorised call and what it is about.

    Attributes:
        call: The request.
        service: What it is answered from.
        now: Seconds since 1970.
        account: Whose webhooks.
        webhook_id: From the path; empty where it has none.
        lag: Seconds that a list lies behind, as a fault wants it: 0 for before the newest write; none for no such
            fault.
    """

    call: Call
    service: Service
    now: float
    account: str
    webhook_id: str
    lag: float | None = None

    def webhook(self, lag: float = 0.0) -> Document:
        """The webhook that the path names, as it was so many seconds ago.

        Raises:
            Problem: 404.
        """
        store = self.service.store
        if lag:
            past = store.past_webhooks(self.account, self.now - lag)
            document = next((each for each in past if each["id"] == self.webhook_id), None)
        else:
            document = store.webhook(self.webhook_id, self.account)
        if document is None:
            raise Problem(404, f"There is no webhook {self.webhook_id}.")
        return document

    def webhooks(self) -> list[Document]:
        """The account's webhooks, oldest first, as a list shows them."""
        store, lag = self.service.store, self.service.behaviour.list_lag
        if self.lag is not None:
            return store.past_webhooks(self.account, self.now - self.lag if self.lag else None)
        return store.past_webhooks(self.account, self.now - lag) if lag else store.webhooks(self.account)

    def save(self, document: Document, written: Iterable[str]) -> Document:
        """Keeps a webhook, new or not, of which some fields were written; gives it as answers show it.

        Raises:
            Problem: 409.
        """
        store, behaviour = self.service.store, self.service.behaviour
        webhooks.refuse_duplicates(document, written, partial(store.webhooks, self.account), behaviour)
        store.save_webhook(document, self.account)
        return webhooks.shown(document, behaviour)


def list_webhooks(task: Task) -> Answer:
    """Answers `GET /webhooks`."""
    query = dict(parse_qsl(task.call.query, keep_blank_values=True))
    sort = _one_of(query, "sort", _SORTS)
    order = _one_of(query, "order", _ORDERS)
    offset, limit = _integer(query, "offset"), _integer(query, "limit")
    everything = task.webhooks()
    everything.sort(key=lambda document: str(document[sort]), reverse=order == "DESC")
    data = [webhooks.shown(document, task.service.behaviour) for document in everything[offset : offset + limit]]
    meta: dict[str, object] = {"offset": offset, "limit": limit, "sort": sort, "order": order}
    meta |= {"count": len(data), "total_count": len(everything)}
    if task.service.behaviour.unknown_fields == "added":
        meta |= webhooks.UNKNOWN
    return Answer(200, {"meta": meta, "data": data})


def create_webhook(task: Task) -> Answer:
    """Answers `POST /webhooks`."""
    fields = _json_object(task.call)
    return Answer(201, task.save(webhooks.created(fields, task.now, task.service.behaviour), fields))


def read_webhook(task: Task) -> Answer:
    """Answers `GET /webhooks/{webhook_id}`."""
    behaviour = task.service.behaviour
    return Answer(200, webhooks.shown(task.webhook(behaviour.get_lag), behaviour))


def update_webhook(task: Task) -> Answer:
    """Answers `PATCH /webhooks/{webhook_id}`."""
    before, fields = task.webhook(), _json_object(task.call)
    return Answer(200, task.save(webhooks.patched(before, fields, task.now, task.service.behaviour), fields))


def delete_webhook(task: Task) -> Answer:
    """Answers `DELETE /webhooks/{webhook_id}`."""
    task.service.store.delete_webhook(task.webhook()["id"], task.account)
    return Answer(204)


def test_webhook(task: Task) -> Answer:
    """Answers `POST /webhooks/{webhook_id}/test`."""
    document, behaviour = task.webhook(), task.service.behaviour
    if not document["enabled"] and behaviour.disabled_webhook_test == "refused":
        raise Problem(409, f"Webhook {document['id']} is disabled.")
    deliver = partial(deliver_test, document["id"], document["url"], task.now, task.service.world.sender)
    return Answer(200, later=deliver) if behaviour.test_answer == 200 else Answer(202, afterwards=deliver)  # noqa: PLR2004 - the status


def list_verify_keys(task: Task) -> Answer:
    """Answers `GET /auth/verify_keys` with the keys that deliveries are signed with."""
    return Answer(200, verify_keys(task.service.store))


def verify_keys(store: Store) -> dict[str, list[dict[str, str]]]:
    """The keys that deliveries are signed with, as JSON web keys."""
    keys = []
    for kid, private_key in store.verify_keys().items():
        point = private_key.public_key().public_numbers()
        coordinates = {"x": _base64url(point.x), "y": _base64url(point.y)}
        keys.append({"kid": kid, "kty": "EC", "crv": "P-521", **coordinates})
    return {"keys": keys}


def _base64url(coordinate: int) -> str:
    """66 bytes hold a coordinate of P-521 (RFC 7518, 6.2.1.2)."""
    return base64.urlsafe_b64encode(coordinate.to_bytes(66)).rstrip(b"=").decode()


def _one_of(query: dict[str, str], name: str, values: tuple[str, ...]) -> str:
    value = query.get(name, values[0])
    if value not in values:
        raise invalid(f"{name}: must be one of {', '.join(values)}")
    return value


def _integer(query: dict[str, str], name: str) -> int:
    default, lowest, highest = _INTEGERS[name]
    text = query.get(name, str(default))
    if not re.fullmatch("[0-9]{1,19}", text) or not lowest <= int(text) <= highest:
        raise invalid(f"{name}: must be an integer from {lowest} to {highest}")
    return int(text)


def _json_object(call: Call) -> Document:
    if call.headers.get("content-type") != "application/json":
        raise invalid("Unexpected request content-type: must be application/json, without parameters.")
    try:
        document = json.loads(call.body)
        # Lone surrogates are JSON, but no answer could hold them.
        json.dumps(document, ensure_ascii=False).encode()
    except ValueError as error:
        raise invalid(f"The body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise invalid("The body must be a JSON object.")
    return document


OPERATIONS: dict[str, dict[str, tuple[str, Callable[[Task], Answer]]]] = {
    "/webhooks": {"GET": (READ, list_webhooks), "POST": (ADMIN, create_webhook)},
    "/webhooks/([^/]+)": {
        "GET": (READ, read_webhook),
        "PATCH": (ADMIN, update_webhook),
        "DELETE": (ADMIN, delete_webhook),
    },
    "/webhooks/([^/]+)/test": {"POST": (ADMIN, test_webhook)},
    "/auth/verify_keys": {"GET": (READ, list_verify_keys)},
}
"""By path (a pattern; its group is the webhook's id) and method: the scope that is needed, and the answer."""
