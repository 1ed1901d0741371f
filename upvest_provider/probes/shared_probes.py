"""Probes that several gates share, and that nobody has to wait for in vain."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, NamedTuple

from upvest_provider.single_flight import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from .finding import Check, Finding
    from .gate import Probe

LOOK_UP = 1.0
"""Seconds between questions whether anybody still waits for a probe's outcome."""


class _Shared(NamedTuple):
    finding: Finding
    ended: float


class SharedProbes:
    """Findings that gates on one origin share: whoever asks first probes, the others take what it found.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._probes: dict[Hashable, Probe] = {}
        self._flights: dict[tuple[Hashable, Check], SingleFlight[_Shared]] = {}

    def of(self, key: Hashable, probe: Probe, max_age: float) -> Probe:
        """One gate's view of the probes of a key.

        No gate gets a finding twice, so its passes in a row are as many observations.

        Args:
            key: The origin, and whatever else the findings hang on.
            probe: Used for all gates of the key, if this one is the first to ask: what one check learns, as dns
                the addresses, it may keep for the next.
            max_age: Seconds; older findings of others do not serve.
        """
        had: dict[Check, float] = {}

        def ask(check: Check) -> Finding:
            shared = self._flight(key, check, probe).get(
                usable=lambda shared: (
                    shared.ended > had.get(check, float("-inf")) and self._clock() - shared.ended <= max_age
                )
            )
            had[check] = shared.ended
            return shared.finding

        return ask

    def _flight(self, key: Hashable, check: Check, probe: Probe) -> SingleFlight[_Shared]:
        with self._lock:
            asks = self._probes.setdefault(key, probe)
            return self._flights.setdefault(
                (key, check),
                SingleFlight(lambda: _Shared(asks(check), self._clock()), clock=self._clock),
            )


def attended(probe: Probe, alive: Callable[[], None], *, look_up: float = LOOK_UP) -> Probe:
    """The probe, left alone when nobody waits for its outcome any more; it ends by its own time-outs then.

    Args:
        probe: Runs on a thread of its own.
        alive: Raises when nobody waits any more.
        look_up: Seconds between questions to `alive`.
    """

    def ask(check: Check) -> Finding:
        outcome: Future[Finding] = Future()
        threading.Thread(target=_settle, args=(outcome, probe, check), name=f"probe-{check}", daemon=True).start()
        while not wait([outcome], look_up).done:
            alive()
        return outcome.result()

    return ask


def _settle(outcome: Future[Finding], probe: Probe, check: Check) -> None:
    try:
        outcome.set_result(probe(check))
    except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
        outcome.set_exception(error)
