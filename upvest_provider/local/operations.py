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
    from collections.abc import Callable

    from .exchange import Call
    from .sender import Sender
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
        store: The state.
        now: Seconds since 1970.
        account: Whose webhooks.
        webhook_id: From the path; empty where it has none.
        sender: Posts test deliveries.
    """

    call: Call
    store: Store
    now: float
    account: str
    webhook_id: str
    sender: Sender

    def webhook(self) -> Document:
        """The webhook that the path names.

        Raises:
            Problem: 404.
        """
        document = self.store.webhook(self.webhook_id, self.account)
        if document is None:
            raise Problem(404, f"There is no webhook {self.webhook_id}.")
        return document


def list_webhooks(task: Task) -> Answer:
    """Answers `GET /webhooks`."""
    query = dict(parse_qsl(task.call.query, keep_blank_values=True))
    sort = _one_of(query, "sort", _SORTS)
    order = _one_of(query, "order", _ORDERS)
    offset, limit = _integer(query, "offset"), _integer(query, "limit")
    everything = task.store.webhooks(task.account)
    everything.sort(key=lambda document: str(document[sort]), reverse=order == "DESC")
    data = everything[offset : offset + limit]
    meta: dict[str, object] = {"offset": offset, "limit": limit, "sort": sort, "order": order}
    meta |= {"count": len(data), "total_count": len(everything)}
    return Answer(200, {"meta": meta, "data": data})


def create_webhook(task: Task) -> Answer:
    """Answers `POST /webhooks`."""
    document = webhooks.created(_json_object(task.call), task.now)
    task.store.save_webhook(document, task.account)
    return Answer(201, document)


def read_webhook(task: Task) -> Answer:
    """Answers `GET /webhooks/{webhook_id}`."""
    return Answer(200, task.webhook())


def update_webhook(task: Task) -> Answer:
    """Answers `PATCH /webhooks/{webhook_id}`."""
    document = webhooks.patched(task.webhook(), _json_object(task.call), task.now)
    task.store.save_webhook(document, task.account)
    return Answer(200, document)


def delete_webhook(task: Task) -> Answer:
    """Answers `DELETE /webhooks/{webhook_id}`."""
    task.store.delete_webhook(task.webhook()["id"], task.account)
    return Answer(204)


def test_webhook(task: Task) -> Answer:
    """Answers `POST /webhooks/{webhook_id}/test`; undocumented: it works on a disabled webhook too."""
    document = task.webhook()
    return Answer(200, later=partial(deliver_test, document["id"], document["url"], task.now, task.sender))


def list_verify_keys(task: Task) -> Answer:
    """Answers `GET /auth/verify_keys` with the keys that deliveries are signed with."""
    return Answer(200, verify_keys(task.store))


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
