"""The contenders side by side: the same operation of each, one right after the other, in changing order."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.contenders import BARE, FLOOR, NAIVE, OURS
from bench.lives import OPERATIONS, REFRESH, OnCli, OnServicer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from bench.api import Api
    from bench.lives import Life

PAIRS = 10
"""Rounds in which ours and the floor are compared: enough for an interval of 97.9 %."""

NAIVE_ROUNDS = 3
"""The naive provider is far from every bar, and slow."""

THOUSAND = 1000


@dataclass(frozen=True)
class Sample:
    """One operation of one contender."""

    size: int
    """Webhooks of the stack."""
    operation: str
    contender: str
    round: int
    seconds: float
    asked: Mapping[str, int]
    """What came in at the API, by kind (see `Api.asked`)."""
    load: float
    """Of the machine when it began: processes that run or wait for the disk, over one minute."""


@dataclass(frozen=True)
class Plan:
    """How often a stack of one size lives, and which operations are repeated within one life."""

    size: int
    lives: int
    refreshes: int = 1


def plans(sizes: Collection[int], pairs: int) -> list[Plan]:
    """A thousand webhooks live once, for the file backend needs minutes; what they are refreshed is repeated."""
    return [Plan(size, 1, pairs) if size >= THOUSAND else Plan(size, pairs) for size in sizes]


def has_cli() -> bool:
    """Whether `pulumi` is on PATH."""
    return shutil.which("pulumi") is not None


def run(plan: Plan, api: Api, folder: Path, say: Callable[[Sample], None]) -> list[Sample]:
    """All samples of one plan.

    Args:
        plan: What is done.
        api: Which all contenders call.
        folder: For the stacks.
        say: Told of each sample.
    """
    life = OnCli if has_cli() else OnServicer
    lives = {
        name: life(name, plan.size, folder / f"{name}-{plan.size}", api.environment(name))
        for name in (OURS, FLOOR, BARE, NAIVE)
    }
    samples = []
    for round_ in range(plan.lives):
        for operation in OPERATIONS:
            for again in range(plan.refreshes if operation == REFRESH else 1):
                for sample in _side_by_side(plan.size, operation, round_ + again, lives, api):
                    say(sample)
                    samples.append(sample)
    return samples


def _side_by_side(size: int, operation: str, number: int, lives: Mapping[str, Life], api: Api) -> Iterator[Sample]:
    taking_part = [name for name in lives if name != NAIVE or number < NAIVE_ROUNDS]
    order = taking_part if number % 2 == 0 else reversed(taking_part)
    for name in order:
        api.asked()
        load = os.getloadavg()[0]
        seconds = lives[name].seconds(operation)
        yield Sample(size, operation, name, number, seconds, dict(+api.asked()), load)


def of(samples: Collection[Sample], size: int, operation: str, contender: str) -> list[Sample]:
    """The samples of one contender's operation, in the order of their rounds."""
    return [
        sample
        for sample in samples
        if (sample.size, sample.operation, sample.contender) == (size, operation, contender)
    ]


def ratios(samples: Collection[Sample], size: int, operation: str, base: str = FLOOR) -> list[float]:
    """Ours over the floor, or over another contender, pair by pair."""
    others = {sample.round: sample.seconds for sample in of(samples, size, operation, base)}
    pairs = [(sample.seconds, others.get(sample.round)) for sample in of(samples, size, operation, OURS)]
    return [ours / other for ours, other in pairs if other is not None]


def asked(samples: Collection[Sample], size: int, operation: str, contender: str) -> list[Counter[str]]:
    """What the API was asked, round by round."""
    return [Counter(sample.asked) for sample in of(samples, size, operation, contender)]
