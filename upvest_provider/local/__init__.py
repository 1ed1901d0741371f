"""Upvest's webhook API and a receiver's world on loopback, in one process, kept in SQLite.

Real tokens, real signatures and the documented errors; real DNS, certificates and deliveries around them. It is
made from the public documentation only. Where that is silent about the API, `behaviour.json` says what it does;
where it is silent about deliveries, the choice made here is marked as `Undocumented` beside the code.
"""

from __future__ import annotations

from .behaviour import Behaviour, load_behaviour
from .control_client import ControlClient, break_with, make_events, mend
from .credentials import Credentials, Surroundings
from .dns_log import DnsQuery, dns_queries
from .faults import Fault, FaultKind, Met
from .inbox import ReceivedEvent, RefusedDelivery, received_events, refused_deliveries
from .request_log import LoggedRequest, requests
from .server import LocalUpvest, serve

__all__ = [
    "Behaviour",
    "ControlClient",
    "Credentials",
    "DnsQuery",
    "Fault",
    "FaultKind",
    "LocalUpvest",
    "LoggedRequest",
    "Met",
    "ReceivedEvent",
    "RefusedDelivery",
    "Surroundings",
    "break_with",
    "dns_queries",
    "load_behaviour",
    "make_events",
    "mend",
    "received_events",
    "refused_deliveries",
    "requests",
    "serve",
]
