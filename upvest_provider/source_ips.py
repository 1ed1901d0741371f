"""Where Upvest's deliveries come from, for whoever lets nobody else in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

UPVEST_SOURCE_IPS: Mapping[str, tuple[str, ...]] = {
    "sandbox": (
        "34.90.198.99",
        "34.91.134.98",
        "34.141.35.115",
        "34.147.108.129",
        "34.159.54.216",
        "35.198.99.106",
        "35.204.209.125",
        "35.246.238.18",
    ),
    "live": (
        "34.32.131.178",
        "34.89.219.22",
        "34.141.83.243",
        "34.141.214.141",
        "34.159.127.47",
        "34.159.198.202",
        "35.204.0.90",
        "35.234.163.52",
    ),
}
"""The IPv4 addresses that webhooks are delivered from, by `upvest:api`.

Source: https://docs.upvest.co/products/omnibus/getting_started/implementing_webhooks/webhooks_ip_addresses, read
on 2026-11-23. The page bears no date: compare before the first use, and whenever Upvest announces a change.
"""
