"""What provider and program can see of Pulumi's engine: an address that answers as long as the engine lives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The limit the engine and the SDK set (`_MAX_RPC_MESSAGE_SIZE` in pulumi/runtime/_grpc_settings.py)."""

_MAX_WAITING = 128
"""Registrations wait for their turn in a thread each, so this many resources may be on their way at a time."""


class LivingEngine:
    """A gRPC server on loopback; without services it answers every call with 'unimplemented'.

    Args:
        services: Each adds one service to the server.

    Attributes:
        address: Where it listens, as `host:port`.
    """

    def __init__(self, *services: Callable[[grpc.Server], None]) -> None:
        self._server = grpc.server(
            ThreadPoolExecutor(_MAX_WAITING),
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES)],
        )
        for add_to in services:
            add_to(self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def die(self) -> None:
        """Cuts what is connected and refuses connections, as after a `kill -9`; may be called twice."""
        self._server.stop(None).wait()
