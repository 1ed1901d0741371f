"""The style of public examples: a client and a token for each call, and a GET for each webhook of a refresh.

It speaks through this package's own client, for every request has to be signed; the style is in how it is used.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult
from pulumi.dynamic.dynamic import serialize_provider

from upvest_provider.api import UpvestClient, Webhook
from upvest_provider.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = ("title", "url", "type", "config")


class NaiveProvider(ResourceProvider):
    """Keeps nothing from one call to the next."""

    serialize_as_secret_always = False

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Whether a field is another."""
        return DiffResult(changes=any(olds.get(field) != news.get(field) for field in FIELDS))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """A token, a POST and the enabling PATCH."""
        with _client() as client:
            made = client.create_webhook(_body(props))
            made = client.update_webhook(made.id, {"type": props["type"], "enabled": True})
        return CreateResult(made.id, {**props, **_outputs(made)})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """A token and a GET."""
        with _client() as client:
            found = _outputs(client.get_webhook(id_))
        return ReadResult(id_, {**props, **found}, {field: found[field] for field in FIELDS})

    def update(self, id_: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """A token and a PATCH."""
        with _client() as client:
            return UpdateResult({**news, **_outputs(client.update_webhook(id_, _body(news)))})

    def delete(self, id_: str, _props: dict[str, Any]) -> None:
        """A token and a DELETE."""
        with _client() as client:
            client.delete_webhook(id_)


class Naive(Resource, module="bench", name="Naive"):
    """A webhook."""


def declare(name: str, fields: Mapping[str, Any]) -> Naive:
    """Declares a webhook in the program that runs."""
    return Naive(NaiveProvider(), name, dict(fields))


def sent(_name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine sends to the provider process for such a declaration."""
    return {"__provider": serialize_provider(NaiveProvider()), **fields}


def _client() -> UpvestClient:
    return UpvestClient(Settings({"upvest:api": "local"}.get, os.environ).credentials())


def _body(props: Mapping[str, Any]) -> dict[str, Any]:
    body = {field: props[field] for field in FIELDS}
    # Numbers cross Pulumi's wire as floats.
    return body | {"config": {**body["config"], "max_package_size": int(body["config"]["max_package_size"])}}


def _outputs(webhook: Webhook) -> dict[str, Any]:
    document = webhook.model_dump()
    return {field: document[field] for field in (*FIELDS, "enabled")}
