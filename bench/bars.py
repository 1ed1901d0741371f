"""What is good enough, and whether it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import gate_latency
from bench.contenders import BARE, FLOOR, OURS
from bench.figures import Figure
from bench.lives import CHANGE, DESTROY, PREVIEW, REFRESH, SAME, UP
from bench.rounds import asked, of, ratios
from bench.table import counted, interval
from upvest_provider import limits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bench.gate_latency import Run
    from bench.rounds import Sample

TIMES = {
    (PREVIEW, 100): 1.05,
    (SAME, 100): 1.05,
    (UP, 100): 1.15,
    (REFRESH, 1000): 1.1,
    (DESTROY, 100): 1.15,
}
"""How many times the floor an operation may take, by operation and webhooks: for the upper end of the interval."""

SIGNING = 1.3
"""Times the bare cryptographic operation."""

MEMORY = 40.0
"""MB above the process that does nothing."""

FLAT = 5.0
"""MB that the provider's share may grow from 100 to 1,000 webhooks."""


@dataclass(frozen=True)
class Verdict:
    """One bar, what was seen, and whether it is met."""

    what: str
    bar: str
    seen: str
    met: bool


def requests(samples: Collection[Sample]) -> list[Verdict]:
    """Whether each operation of ours sent exactly what it needs, at every size that was measured."""
    verdicts = []
    for size, operation in dict.fromkeys((sample.size, sample.operation) for sample in samples):
        needed = needed_requests(operation, size)
        seen = asked(samples, size, operation, OURS)
        seconds = [sample.seconds for sample in of(samples, size, operation, OURS)]
        exact = all(
            {kind: count for kind, count in each.items() if kind not in ("list", "connections")} == needed
            for each in seen
        )
        lists = all(
            each["list"] <= most_lists(operation, size, took) for each, took in zip(seen, seconds, strict=True)
        )
        verdicts.append(
            Verdict(
                f"{operation}, {size}: requests",
                counted(needed) + (", lists: 1 per 10 s" if operation == UP else ""),
                " / ".join(dict.fromkeys(counted(each) for each in seen)),
                exact and lists,
            )
        )
    return verdicts


def needed_requests(operation: str, size: int) -> dict[str, int]:
    """What an operation has to send, lists apart."""
    return {
        UP: {"token": 1, "POST": size, "PATCH": size},
        REFRESH: {"token": 1},
        CHANGE: {"token": 1, "PATCH": 1},
        DESTROY: {"token": 1, "DELETE": size},
    }.get(operation, {})


def most_lists(operation: str, size: int, seconds: float) -> int:
    """How many pages of the account's list an operation may ask for; it takes so many seconds."""
    pages = -(-size // limits.PAGE)
    return {REFRESH: pages, UP: pages * (1 + int(seconds / limits.LIST_AGE))}.get(operation, 0)


def times(samples: Collection[Sample]) -> list[Verdict]:
    """Whether ours is near enough to the floor; for the CLI's seconds."""
    verdicts = []
    for (operation, size), bar in TIMES.items():
        if not of(samples, size, operation, FLOOR):
            continue
        figure = Figure.of(ratios(samples, size, operation))
        seen = f"{interval(figure)}, {figure.count} pairs"
        verdicts.append(
            Verdict(f"{operation}, {size}: time", f"at most {bar:g} x the floor", seen, figure.high <= bar)
        )
    return verdicts


def signing(pairs: Mapping[str, Sequence[tuple[float, float]]]) -> list[Verdict]:
    """Whether a signed request costs little more than its signature."""
    verdicts = []
    for key, measured in pairs.items():
        figure = Figure.of([whole / bare for whole, bare in measured])
        bare = Figure.of([bare for _, bare in measured])
        seen = f"{interval(figure)}; bare {bare.median * 1e6:.0f} us"
        verdicts.append(Verdict(f"signing, {key}", f"at most {SIGNING:g} x bare", seen, figure.high <= SIGNING))
    return verdicts


def memory(peaks: Mapping[str, Mapping[int, float]]) -> list[Verdict]:
    """Whether the provider process is small, and does not grow with its webhooks."""
    over = {size: peak - peaks[BARE][size] for size, peak in peaks[OURS].items()}
    verdicts = [
        Verdict(
            f"memory, {size}",
            f"at most {MEMORY:g} MB over nothing",
            f"{peaks[OURS][size]:.1f} - {peaks[BARE][size]:.1f} = {more:.1f} MB",
            more <= MEMORY,
        )
        for size, more in over.items()
    ]
    grown = over[max(over)] - over[min(over)]
    return [*verdicts, Verdict("memory, growth", f"at most {FLAT:g} MB", f"{grown:+.1f} MB", grown <= FLAT)]


def gate(runs: Sequence[Run], costs: Sequence[float]) -> list[Verdict]:
    """Whether a gate opens soon after its receiver is ready."""
    over = [run.enabled - run.interval for run in runs]
    within = sum(run.enabled <= run.bar for run in runs)
    return [
        Verdict(
            "ready to enabled",
            f"at most the interval + {gate_latency.GRACE:g} s",
            f"{within} of {len(runs)}; interval {Figure.of(over).median:+.2f} s, at most {max(over):+.2f} s",
            within == len(runs),
        ),
        Verdict(
            "a gate that is open at once",
            f"at most {gate_latency.MOST_COST:g} s",
            f"{Figure.of(costs).median:.2f} s, at most {max(costs):.2f} s",
            max(costs) <= gate_latency.MOST_COST,
        ),
    ]
