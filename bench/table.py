"""What was measured, as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.contenders import BARE, FLOOR, NAIVE, OURS
from bench.figures import Figure
from bench.rounds import asked, of, ratios

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from bench.bars import Verdict
    from bench.rounds import Sample


def of_samples(samples: Collection[Sample], unit: str) -> str:
    """Time and requests by size, operation and contender.

    Args:
        samples: What was measured.
        unit: `s` for an operation's seconds, or `ms` for milliseconds per resource.
    """
    rows = [
        [
            "webhooks",
            "operation",
            f"ours [{unit}]",
            f"floor [{unit}]",
            f"bare [{unit}]",
            f"naive [{unit}]",
            "ours / floor (95 %)",
            "ours / bare (95 %)",
            "ours asked",
            "naive asked",
        ]
    ]
    for size, operation in dict.fromkeys((sample.size, sample.operation) for sample in samples):
        factor = 1.0 if unit == "s" else 1000 / size
        times = [_spread(of(samples, size, operation, name), factor) for name in (OURS, FLOOR, BARE, NAIVE)]
        compared = [_ratio(ratios(samples, size, operation, base)) for base in (FLOOR, BARE)]
        asked_of = [_most(asked(samples, size, operation, name)) for name in (OURS, NAIVE)]
        rows.append([str(size), operation, *times, *compared, *asked_of])
    return aligned(rows)


def of_verdicts(verdicts: Iterable[Verdict]) -> str:
    """Every bar and whether it is met."""
    rows = [["bar", "asked for", "seen", ""]]
    rows += [[each.what, each.bar, each.seen, "met" if each.met else "NOT MET"] for each in verdicts]
    return aligned(rows)


def of_imports(imports: Mapping[str, Sequence[float]]) -> str:
    """How long each import takes above those before it."""
    rows = [["import", "median [ms]", "95 % [ms]"]]
    for what, seconds in imports.items():
        figure = Figure.of([1000 * each for each in seconds])
        rows.append([what, f"{figure.median:.1f}", f"{figure.low:.1f} to {figure.high:.1f}"])
    return aligned(rows)


def interval(figure: Figure) -> str:
    """A median with its interval, where there is one."""
    if math.isnan(figure.low):
        return f"{figure.median:.2f}"
    return f"{figure.median:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two spaces apart."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _spread(samples: Sequence[Sample], factor: float) -> str:
    seconds = [sample.seconds * factor for sample in samples]
    if not seconds:
        return "-"
    median = Figure.of(seconds).median
    return f"{median:.2f} [{min(seconds):.2f}..{max(seconds):.2f}]" if len(seconds) > 1 else f"{median:.2f}"


def _ratio(pairs: Sequence[float]) -> str:
    return interval(Figure.of(pairs)) if pairs else "-"


def counted(counts: Mapping[str, int]) -> str:
    """What was asked of the API, by kind."""
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "none"


def _most(rounds: Sequence[Mapping[str, int]]) -> str:
    """The most that was asked in any round; of each kind apart."""
    kinds = {kind for each in rounds for kind in each}
    return counted({kind: max(each.get(kind, 0) for each in rounds) for kind in kinds}) if rounds else "-"
