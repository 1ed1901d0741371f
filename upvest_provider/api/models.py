"""What the API answers. Unknown members are ignored: the API adds some within v1.

What only few calls answer stands in `seldom`: a model takes pydantic a millisecond and more to prepare.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from upvest_provider.errors import MalformedAnswer

M = TypeVar("M", bound=BaseModel)


def parse(model: type[M], body: bytes, what: str) -> M:
    """The body as a model.

    Raises:
        MalformedAnswer: It is none; the body is not quoted, for it may hold a token.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole body"
        raise MalformedAnswer(
            f"the answer to {what} cannot be read: {place}: {first['msg']}",
            fix="Make sure that `upvest:api` names Upvest's API, or look for a newer upvest_provider.",
        ) from None


class Model(BaseModel):
    """An answer, or a part of one."""

    # An error that is replaced by another stays reachable beneath it, so it must not quote the body either.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Kept(Model):
    """An answer that is kept, a thousand at once."""

    def model_post_init(self, _: object, /) -> None:
        """Take all fields as set: to know which ones an answer had takes 0.9 of the 2.1 KB of a webhook."""
        object.__setattr__(self, "__pydantic_fields_set__", _fields(type(self)))


@cache
def _fields(kind: type[BaseModel]) -> set[str]:
    return {*kind.model_fields}


class WebhookConfig(Kept):
    """How events are batched: whichever limit is reached first sends the package."""

    model_config = ConfigDict(frozen=True, extra="allow")

    delay: str | None = None
    """How long events are gathered, as `2s`; older webhooks may hold minutes, as `1m`."""
    max_package_size: int | None = None
    """Bytes."""


class Webhook(Kept):
    """A subscription as the API holds it (specification of July 2026)."""

    id: str = Field(min_length=1)
    title: str
    url: str
    enabled: bool
    type: list[str]
    exclude_type: Annotated[list[str], BeforeValidator(lambda value: value or [])] = Field(default_factory=list)
    config: Annotated[WebhookConfig, BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default_factory=WebhookConfig
    )
    created_at: str
    updated_at: str


class WebhookPage(Model):
    """A page of webhooks and how many there are in all."""

    class Meta(Model):
        """Position and sizes; `sort` is not read, for Upvest's own example breaks its rule."""

        count: int
        total_count: int

    meta: Meta
    data: list[Webhook]


class AccessToken(Model):
    """An OAuth access token."""

    access_token: str = Field(pattern=r"^[\x21-\x7e]+$", repr=False)
    """Visible ASCII: what can stand in a header; an HTTP client that refuses a header quotes it."""
    expires_in: float
    """Seconds."""
