"""The world around the local API: DNS, a certificate authority, a receiver, and the deliveries to it."""

from __future__ import annotations

import secrets
from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Self

from .authority import Authority
from .credentials import Surroundings
from .database import Database
from .deliveries import Deliveries
from .delivery_signature import DeliverySigner
from .dns_server import DnsServer
from .dns_zones import RESOLVER
from .event_queue import EventQueue
from .inbox import Inbox
from .operations import verify_keys
from .receiver import Receiver
from .sender import Sender
from .store import Store
from .things import Things

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class World:
    """All of it, for as long as the `with` block runs.

    Args:
        state: The state directory, which exists; its database holds the key that deliveries are signed with.
        clock: Seconds since 1970.
        time_scale: What a documented second lasts for deliveries.
        dns_port: Of the DNS servers; 0 for that of the last run, or else any free one.

    Attributes:
        clock: As given.
        things: Zones, records, certificates and listeners.
        dns: The DNS servers.
        authority: The certificate authority.
        inbox: What the receiver took and refused.
        receiver: The receiver.
        sender: Posts as Upvest does.
        queue: Events that wait for their delivery.
        deliveries: Takes events.
        surroundings: How all this is reached.

    Raises:
        SettingsError: On entering; a port or an address cannot be used.
    """

    things: Things
    dns: DnsServer
    authority: Authority
    inbox: Inbox
    receiver: Receiver
    sender: Sender
    queue: EventQueue
    deliveries: Deliveries
    surroundings: Surroundings

    def __init__(
        self, state: Path, *, clock: Callable[[], float], time_scale: float = 1.0, dns_port: int = 0
    ) -> None:
        self.clock = clock
        self._state = state
        self._time_scale = time_scale
        self._dns_port = dns_port
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as exits:
            database = exits.enter_context(closing(Database(self._state)))
            store = exits.enter_context(closing(Store(self._state)))
            self.things, self.inbox = Things(database), Inbox(database)
            self.authority = Authority(self._state)
            dns = DnsServer(self.things, database, clock=self.clock, port=self._dns_port)
            self.dns = exits.enter_context(dns)
            receiver = Receiver(
                self._state,
                things=self.things,
                inbox=self.inbox,
                authority=self.authority,
                verify_keys=partial(verify_keys, store),
                clock=self.clock,
            )
            self.receiver = exits.enter_context(receiver)
            signer = DeliverySigner(*next(iter(store.verify_keys().items())))
            self.sender = Sender((RESOLVER, self.dns.port), self.authority.ca_file, signer, self.clock)
            self.queue = EventQueue(database)
            deliveries = Deliveries(self.queue, store, self.sender, clock=self.clock, time_scale=self._time_scale)
            self.deliveries = exits.enter_context(deliveries)
            self.surroundings = Surroundings(
                resolver=self.dns.resolver,
                ca_file=str(self.authority.ca_file),
                control_token=secrets.token_urlsafe(32),
            )
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()
