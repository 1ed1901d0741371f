"""What can break at one request: the faults of the local API, the network before it, and the ends of processes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.faults import behaviours
from tests.faults.around import End, Ends
from tests.faults.site import PATIENCE
from upvest_provider import limits
from upvest_provider.errors import TOO_MANY_REQUESTS
from upvest_provider.local import Fault, FaultKind

if TYPE_CHECKING:
    from tests.faults.behaviours import Answers
    from tests.faults.site import Site
    from tests.faults.stack import Outcome

ENDS = frozenset(End)
ONCE, FOR_EVER = 1, 10**6

REFUSED = "refused"
"""The kind of break that leaves nobody to connect to."""

SILENT = frozenset(
    {
        FaultKind.SLOW,
        FaultKind.TIMEOUT_BEFORE,
        FaultKind.TIMEOUT_AFTER,
        FaultKind.HOLD_BEFORE,
        FaultKind.HOLD_AFTER,
    }
)
"""The kinds that cost the provider's patience, in real seconds."""

WITH_STATUS = {
    FaultKind.STATUS: (400, 401, 403, 404, 409, 429, 500, 502, 503, 504),
    FaultKind.STATUS_AFTER: (500, 502, 503, 504),
    FaultKind.PROXY: (200, 302, 403, 404, 407, 429, 500, 502, 503, 504),
    FaultKind.PROXY_AFTER: (200, 404, 502, 503, 504),
}
"""Which statuses are tried. After any other than these a client may rely on it that nothing was done; a proxy
may answer anything at any time."""

RETRY_AFTER = {429: (None, 7, 3600), 503: (None, 7)}
"""What answers with these statuses ask for: nothing, some seconds, and more than anybody waits."""

LAGS = (0.0, 90.0)
"""Seconds that lists lie behind; 0 is before the newest write."""


@dataclass(frozen=True)
class Break:
    """One thing that goes wrong.

    Attributes:
        kind: A kind of fault of the API, `refused` for connections, or how a process ends.
        status: Of the answer, for the kinds that have one.
        count: At how many of the requests in a row.
        retry_after: After how many seconds the answer asks to be asked again.
        lag: How many seconds a list lies behind, where it does.
        answers: What the API does otherwise than usual.
    """

    kind: str
    status: int = 0
    count: int = ONCE
    retry_after: int | None = None
    lag: float = 0.0
    answers: Answers = field(default_factory=dict)

    def __str__(self) -> str:
        told = [self.kind]
        told += [str(self.status)] if self.status else []
        told += [f"retry after {self.retry_after}"] if self.retry_after is not None else []
        told += [f"by {self.lag:g} s"] if self.lag else []
        told += [behaviours.told(self.answers)] if self.answers else []
        told += {ONCE: [], FOR_EVER: ["for ever"]}.get(self.count, [f"{self.count} times"])
        return " ".join(told)

    @property
    def is_end(self) -> bool:
        return self.kind in ENDS

    @property
    def is_silent(self) -> bool:
        return self.kind in SILENT

    def concerns(self, request: str) -> bool:
        """Whether a kind of request (see `lives`) can meet it: only lists lag, and only a webhook is answered otherwise."""
        match self.kind:
            case FaultKind.LAG:
                return request == "list"
            case FaultKind.BEHAVIOUR:
                return request != "token"
        return True

    @property
    def is_long(self) -> bool:
        """Whether the provider waits for several time-outs."""
        return self.is_silent and self.count != ONCE

    def was_met(self, site: Site, outcome: Outcome) -> bool:
        """Whether it happened in an operation."""
        if self.is_end:
            return outcome.is_over
        return self.kind == REFUSED or bool(site.upvest.faults.met)

    def waits(self, met: int) -> list[float]:
        """What a provider waits that meets this so often, and nothing else: it is never asked in vain.

        Whoever is throttled repeats any request, but after its last attempt nothing is waited for.
        """
        if self.status != TOO_MANY_REQUESTS or self.retry_after is None:
            return []
        return [min(self.retry_after, limits.RETRY_AFTER_CEILING)] * (met - met // limits.ATTEMPTS)


def all_breaks() -> list[Break]:
    """Every one."""
    of_the_api = [
        Break(kind, status, count, retry_after, lag)
        for kind in FaultKind
        for status in WITH_STATUS.get(kind, (0,))
        for retry_after in RETRY_AFTER.get(status, (None,))
        for lag in (LAGS if kind == FaultKind.LAG else (0.0,))
        for count in (ONCE, FOR_EVER)
        if kind != FaultKind.BEHAVIOUR
    ]
    otherwise = [Break(FaultKind.BEHAVIOUR, answers=answers) for answers in behaviours.UNUSUAL]
    return [*of_the_api, *otherwise, Break(REFUSED), Break(REFUSED, count=FOR_EVER), *(Break(end) for end in End)]


@dataclass
class Broken:
    """A site on which something is to break in one operation: what that operation is to be given.

    Args:
        site: Where.
        broken: What.
        target: Method and beginning of the target of the requests, and how many of them pass.
        position: Of the request among all of the operation, counted from 1.
    """

    site: Site
    broken: Break
    target: tuple[str, str, int]
    position: int
    _doors: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> dict[str, object]:
        if self.broken.is_end:
            return {"ends": Ends(End(self.broken.kind), self.position)}
        if self.broken.kind == REFUSED:
            return {"before_request": self._refuse}
        add = self.site.silence if self.broken.is_silent else self.site.upvest.faults.add
        add(self._fault())
        return {}

    def __exit__(self, *_: object) -> None:
        self._doors.close()

    def _fault(self) -> Fault:
        broken, (method, path, skip) = self.broken, self.target
        kind = FaultKind(broken.kind)
        seconds = 10 * PATIENCE if kind == FaultKind.SLOW else broken.lag
        return Fault(
            kind,
            method,
            path,
            skip,
            broken.count,
            status=broken.status,
            seconds=seconds,
            retry_after=broken.retry_after,
            behaviour=dict(broken.answers),
        )

    def _refuse(self, number: int) -> None:
        """Connections from the position on; one attempt of one, or all."""
        if number == self.position:
            self._doors.enter_context(self.site.upvest.down())
        elif number == self.position + self.broken.count:
            self._doors.close()
