"""Faults on demand: which request meets which of them, and when what waits goes on."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import PydanticCustomError

from .behaviour import load_behaviour
from .store import PAST_KEPT
from .validation import wrong_members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .exchange import Call


class FaultKind(StrEnum):
    """What goes wrong. 'Done' means that the request was handled, and what it changes is committed."""

    RESET_BEFORE = "reset_before"
    """Nothing done; the connection is reset."""
    RESET_AFTER = "reset_after"
    """Done; the connection is reset."""
    LOST = "lost"
    """Done; the connection is closed in order, without an answer."""
    CUT = "cut"
    """Done; the connection is closed in the middle of the answer's body (without a body: before the answer)."""
    MALFORMED = "malformed"
    """Done; the answer's body is the first half of its JSON, correctly framed."""
    SLOW = "slow"
    """Done; the answer comes after `seconds`."""
    TIMEOUT_BEFORE = "timeout_before"
    """Nothing done; no answer until the client goes away."""
    TIMEOUT_AFTER = "timeout_after"
    """Done; no answer until the client goes away."""
    HOLD_BEFORE = "hold_before"
    """Nothing done until `Faults.release`; handled then, even if the client has gone away."""
    HOLD_AFTER = "hold_after"
    """Done; the answer waits for `Faults.release`."""
    REVOKED = "revoked"
    """All access tokens are revoked first; then the request is handled, which answers 401."""
    STATUS = "status"
    """Nothing done; `status` in Upvest's words."""
    STATUS_AFTER = "status_after"
    """Done; `status` in Upvest's words."""
    PROXY = "proxy"
    """Nothing done; `status` as an HTTP proxy words it: a page without a request id."""
    PROXY_AFTER = "proxy_after"
    """Done; `status` as an HTTP proxy words it."""
    LAG = "lag"
    """Lists only: the account as it was `seconds` ago by the clock; for 0, before its newest write."""
    BEHAVIOUR = "behaviour"
    """Done with other answers to the open questions than usual, those of `behaviour`."""


HOLDS = {FaultKind.HOLD_BEFORE, FaultKind.HOLD_AFTER}

_ANSWERS = {FaultKind.STATUS, FaultKind.STATUS_AFTER, FaultKind.PROXY, FaultKind.PROXY_AFTER}


@pydantic_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Fault:
    """A fault, and the requests that meet it.

    Attributes:
        kind: What goes wrong.
        method: Of the requests; all where empty.
        path: How their target begins, the query included, as `/webhooks?` for lists; all where empty.
        skip: How many of these requests pass first.
        count: How many of those that follow are concerned.
        probability: With which each of these meets the fault.
        status: What to answer, for the kinds that do.
        seconds: How long, for `slow` and `lag`; at most 600.
        retry_after: Seconds for the header `Retry-After`, for the kinds that answer `status`.
        behaviour: Members of `Behaviour` with the answers that hold for the request, for `behaviour`.

    Raises:
        ValidationError: A member is out of its range; it is a `ValueError`.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    skip: NonNegativeInt = 0
    count: PositiveInt = 1
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    status: Annotated[int, Field(validate_default=True)] = 0
    seconds: Annotated[float, Field(ge=0, le=PAST_KEPT)] = 0.0
    retry_after: NonNegativeInt | None = None
    behaviour: dict[str, Any] = Field(default_factory=dict, validate_default=True)

    @field_validator("status")
    @classmethod
    def _can_end_an_exchange(cls, status: int, info: ValidationInfo) -> int:
        kind = info.data.get("kind")
        if kind in _ANSWERS and not 200 <= status <= 599:  # noqa: PLR2004 - final answers of HTTP
            raise PydanticCustomError("status", "must be from 200 to 599 for {kind}", {"kind": str(kind)})
        return status

    @field_validator("behaviour")
    @classmethod
    def _are_answers(cls, behaviour: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if not behaviour:
            if info.data.get("kind") == FaultKind.BEHAVIOUR:
                raise PydanticCustomError("behaviour", "must hold an answer at least")
            return behaviour
        try:
            replace(load_behaviour(), **behaviour)
        except ValidationError as error:
            raise PydanticCustomError("behaviour", "{wrong}", {"wrong": wrong_members(error)}) from None
        return behaviour

    def concerns(self, call: Call) -> bool:
        """Whether a request is one of those that this is about."""
        if self.kind == FaultKind.LAG and (call.method, call.path) != ("GET", "/webhooks"):
            return False
        return self.method in ("", call.method) and call.target.startswith(self.path)


@dataclass(frozen=True)
class Met:
    """A request that met a fault.

    Attributes:
        number: Counts up from 1.
        fault: The fault.
        method: Of the request.
        path: Its target, the query included.
    """

    number: int
    fault: Fault
    method: str
    path: str


class Gate:
    """What one request waits at, in the event loop that it is made in; any thread opens it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Lets the request go on."""
        self._loop.call_soon_threadsafe(self._opened.set)

    async def wait(self, seconds: float | None = None) -> None:
        """Waits until it is opened, or so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._opened.wait(), seconds)


class Faults:
    """The faults of a local API, for every thread.

    Each fault counts the requests that it concerns, whatever other faults do to them; where several fire,
    the one that was added first wins. Control calls meet none.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._gates: dict[Gate, Fault] = {}
        self._ended = False
        self._faults: list[Fault] = []
        self._seen: list[int] = []
        self._met: list[Met] = []
        self._random = random.Random(0)  # noqa: S311 - faults that can be repeated

    def add(self, fault: Fault) -> None:
        """Has requests that arrive from now on meet a fault."""
        with self._changed:
            self._faults.append(fault)
            self._seen.append(0)

    def clear(self, seed: int = 0) -> None:
        """Breaks nothing any more, and forgets what was met; what is held stays so.

        Args:
            seed: Of the probabilities' random numbers.
        """
        with self._changed:
            self._faults, self._seen, self._met = [], [], []
            self._random.seed(seed)

    def release(self) -> None:
        """Lets every request that is held go on."""
        with self._changed:
            for gate, fault in self._gates.items():
                if fault.kind in HOLDS:
                    gate.open()

    @property
    def added(self) -> list[Fault]:
        """The faults since the last `clear`, those included that have all been met."""
        with self._changed:
            return list(self._faults)

    @property
    def met(self) -> list[Met]:
        """Which fault met which request, oldest first, since the last `clear`.

        A fault after the work is met when the work is done.
        """
        with self._changed:
            return list(self._met)

    def wait_until_met(self, n: int, timeout: float = 10.0) -> Met:
        """Waits until so many requests met a fault since the last `clear`; gives the last of them.

        Args:
            n: How many.
            timeout: Seconds.

        Raises:
            TimeoutError: They did not in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._met) >= n, timeout):
                raise TimeoutError(f"{len(self._met)} of {n} requests met a fault within {timeout:g} s")
            return self._met[n - 1]

    def firing(self, call: Call) -> Fault | None:
        """The fault that a request is to meet; called once for each request."""
        if not self._faults or self._ended:
            return None
        with self._changed:
            fires = [fault for index, fault in enumerate(self._faults) if self._fires(index, call)]
        return fires[0] if fires else None

    @contextlib.contextmanager
    def meeting(self, fault: Fault, call: Call) -> Iterator[Gate]:
        """Says that a request meets a fault now; gives the gate that it may wait at inside."""
        gate = Gate()
        with self._changed:
            self._met.append(Met(len(self._met) + 1, fault, call.method, call.target))
            self._gates[gate] = fault
            if self._ended:
                gate.open()
            self._changed.notify_all()
        try:
            yield gate
        finally:
            with self._changed:
                del self._gates[gate]

    def end(self) -> None:
        """Breaks nothing any more, for good, and lets go on what waits."""
        with self._changed:
            self._ended = True
            for gate in self._gates:
                gate.open()

    def _fires(self, index: int, call: Call) -> bool:
        fault = self._faults[index]
        if not fault.concerns(call):
            return False
        seen = self._seen[index]
        self._seen[index] += 1
        return fault.skip <= seen < fault.skip + fault.count and self._random.random() < fault.probability
