"""Upvest's webhook API and a receiver's world on loopback, in one process, kept in SQLite.

Real tokens, real signatures and the documented errors; real DNS, certificates and deliveries around them. It is
made from the public documentation only. Where that is silent, the choice made here is marked as `Undocumented`
beside the code.
"""

from __future__ import annotations

from .control_client import ControlClient, make_events
from .credentials import Credentials, Surroundings
from .dns_log import DnsQuery, dns_queries
from .inbox import ReceivedEvent, RefusedDelivery, received_events, refused_deliveries
from .request_log import LoggedRequest, requests
from .server import LocalUpvest, serve

__all__ = [
    "ControlClient",
    "Credentials",
    "DnsQuery",
    "LocalUpvest",
    "LoggedRequest",
    "ReceivedEvent",
    "RefusedDelivery",
    "Surroundings",
    "dns_queries",
    "make_events",
    "received_events",
    "refused_deliveries",
    "requests",
    "serve",
]
