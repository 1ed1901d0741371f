"""Webhooks that would deliver the same events to the same place: found, and told to the person at the terminal."""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus
from typing import TYPE_CHECKING

from .categories import ALL
from .errors import AlreadySubscribed, ApiError, UpvestError
from .overlap import normalised, shared_categories

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from .api import Webhook
    from .differences import Fields

CLEARS_PENDING = "`pulumi refresh --yes --clear-pending-creates`"
"""What a killed `up` leaves in the state is cleared by nothing else (seen on Pulumi's engine 3.260)."""

IF_RENAMED = (
    "If the resource was renamed, tell Pulumi its old name: "
    'opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="OLD")]).'
)


def twins_of(fields: Fields, others: Iterable[Webhook]) -> Iterator[tuple[Webhook, frozenset[str]]]:
    """Those of the others that deliver to the same URL what these fields say, each with the categories."""
    url, types, excluded = normalised(fields["url"]), fields["type"], fields.get("exclude_type") or ()
    for other in others:
        if normalised(other.url) != url:
            continue
        shared = shared_categories(types, excluded, other.type, other.exclude_type)
        if shared:
            yield other, shared


def new_twins(
    held: Fields, after: Fields, others: Collection[Webhook]
) -> Iterator[tuple[Webhook, frozenset[str]]]:
    """Those of the others that deliver what a change adds, each with the categories."""
    before = {other.id: shared for other, shared in twins_of(held, others)} if held.get("enabled") else {}
    for other, shared in twins_of(after, others):
        known = before.get(other.id, frozenset())
        added = frozenset() if ALL in known else shared - known
        if added:
            yield other, added


def doubled(webhooks: Iterable[Webhook]) -> Iterator[tuple[Webhook, Webhook, frozenset[str]]]:
    """Enabled webhooks that deliver the same events to the same place now, in pairs, with the categories.

    Each of them is in a pair, though not with every other: a thousand equal ones make 999 pairs.
    """
    at_one_place: defaultdict[str, list[Webhook]] = defaultdict(list)
    for webhook in webhooks:
        if webhook.enabled:
            at_one_place[normalised(webhook.url)].append(webhook)
    for place in at_one_place.values():
        for number, webhook in enumerate(place):
            told: set[str] = set()
            for earlier, shared in twins_of(_fields(webhook), place[:number]):
                if not shared <= told:
                    told |= shared
                    yield earlier, webhook, shared


def refusal(other: Webhook, shared: Iterable[str], holder: str | None) -> AlreadySubscribed:
    """Why a webhook is not created; one of the same program is not to be adopted.

    Args:
        other: What stands in the way.
        shared: The categories that both would deliver.
        holder: The name of the resource of the program that has it, where one does.
    """
    events = listed(shared)
    delivers = (
        f"delivers {events} to this URL"
        if other.enabled
        else f"is subscribed to {events} at this URL, though disabled"
    )
    if holder is not None:
        return AlreadySubscribed(
            f"webhook {other.id}, which is {holder!r} of this program, still {delivers}",
            "Nothing was created: each event would arrive twice.",
            f"If {holder!r} is to move away in this very `up`, it must do so first.",
            fix=f"Let this webhook depend on {holder!r} (depends_on), or run `pulumi up` again.",
        )
    return AlreadySubscribed(
        f"webhook {other.id} ({other.title!r}) already {delivers}",
        "Nothing was created: each event would arrive twice.",
        IF_RENAMED,
        "If it is a webhook of this program that moves away, let this one depend on it (depends_on).",
        "If it is another stack's, subscribe to other categories or delete one of the two.",
        f"If Pulumi warns of a pending operation, an earlier run made it; {CLEARS_PENDING} clears that.",
        f"`upvest-webhooks import {other.id} --stack STACK` writes a file for `pulumi import`.",
        fix=_taking_over(other),
    )


def in_the_way(error: UpvestError, declared: Fields, others: Iterable[Webhook]) -> list[Webhook]:
    """What Upvest refuses to make a webhook beside: what its 409 names, or what has the same title or URL."""
    if not isinstance(error, ApiError) or error.status != HTTPStatus.CONFLICT:
        return []
    url = normalised(declared["url"])
    return [
        other
        for other in others
        if other.id in error.detail or other.title == declared["title"] or normalised(other.url) == url
    ]


def refusal_of_upvest(error: UpvestError, other: Webhook) -> UpvestError:
    """Why Upvest makes no webhook beside another, with the ways out."""
    return UpvestError(
        error.summary,
        *error.details,
        f"Webhook {other.id} ({other.title!r}) is in its way, and is not deleted in this run.",
        IF_RENAMED,
        _taking_over(other),
        fix="To make another, declare what Upvest takes beside it: another title, or another URL.",
    )


def refusal_of_change(webhook_id: str, other: Webhook, shared: Iterable[str]) -> AlreadySubscribed:
    """Why a webhook is not enabled, moved or subscribed to more."""
    return AlreadySubscribed(
        f"webhook {other.id} ({other.title!r}) already delivers {listed(shared)} to this URL",
        f"Webhook {webhook_id} was not changed: each event would arrive twice.",
        "If it is a webhook of this stack that is to change or go as well, `pulumi up --refresh` knows it.",
        "If an earlier run of this stack left it, or nobody needs it, delete or disable it "
        "(`upvest-webhooks list --stack STACK` tells whose it is).",
        fix=f"Subscribe to other categories, or delete or disable webhook {other.id}, then run `pulumi up` again.",
    )


def awaited(webhook_id: str, name: str) -> UpvestError:
    """Why a webhook is not deleted: what is to take its place has not."""
    return UpvestError(
        f"{name!r} is to take its place and has not",
        f"Nothing was deleted: the events of webhook {webhook_id} would be missed.",
        fix=f"Mend what {name!r} says, or take it out of the program, then run `pulumi up` again.",
    )


def listed(categories: Iterable[str]) -> str:
    """Categories as a message names them."""
    first, *more = sorted(categories)
    return f"{first} and {len(more)} more categories" if len(more) > 1 else " and ".join([first, *more])


def _taking_over(webhook: Webhook) -> str:
    return f'To take the webhook over as it is, add adopt_id="{webhook.id}".'


def _fields(webhook: Webhook) -> Fields:
    return {"url": webhook.url, "type": webhook.type, "exclude_type": webhook.exclude_type}
