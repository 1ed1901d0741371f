"""The webhooks that every contender declares."""

from __future__ import annotations

from typing import Any


def name_of(number: int) -> str:
    """The resource's name of one webhook."""
    return f"w{number}"


def fields_of(number: int, *, renamed: bool = False) -> dict[str, Any]:
    """What is declared of one webhook, as the API names it."""
    return {
        "title": f"Webhook {number} renamed" if renamed else f"Webhook {number}",
        "url": f"https://hooks.tenant.tld/webhooks/{number}",
        "type": ["USER"],
        "config": {"delay": "2s", "max_package_size": 51200},
    }


def declared(count: int, *, first_renamed: bool) -> dict[str, dict[str, Any]]:
    """What is declared of all webhooks, by the resource's name."""
    return {name_of(number): fields_of(number, renamed=first_renamed and number == 0) for number in range(count)}
