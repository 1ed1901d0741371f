"""Measures ours, the floor and a naive provider side by side. Run by `make bench`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import bars, chart, gate_latency, imports, memory, rounds, signing, table
from bench.api import Api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.bars import Verdict
    from bench.rounds import Sample

LATENCY = 0.05
"""Seconds that the API takes to answer."""

PARTS = ("signing", "imports", "memory", "lives", "gate")


class Report:
    """What one run has measured so far; each part is printed at once, and all of it is written at the end."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []
        self.samples: list[Sample] = []
        self.measured: dict[str, object] = {}

    def signing(self) -> None:
        """What a signature costs."""
        pairs = signing.measure()
        self._judge("signing", pairs, bars.signing(pairs))

    def imports(self) -> None:
        """What importing costs."""
        measured = imports.measure()
        self._judge("imports", measured, [])
        print(table.of_imports(measured), flush=True)

    def memory(self, folder: Path) -> None:
        """What the provider process holds."""
        with Api(folder / "api", 0) as api:
            peaks = memory.measure(api, folder / "memory")
        self._judge("memory", peaks, bars.memory(peaks))

    def lives(self, folder: Path, plans: Sequence[rounds.Plan]) -> None:
        """What every operation takes and asks."""
        with Api(folder / "api-with-latency", LATENCY) as api:
            for plan in plans:
                self.samples += rounds.run(plan, api, folder / "stacks", _say)
        cli = rounds.has_cli()
        print(table.of_samples(self.samples, "s" if cli else "ms"), flush=True)
        found = [*bars.requests(self.samples), *(bars.times(self.samples) if cli else [])]
        self._judge("samples", [asdict(sample) for sample in self.samples], found)

    def gate(self) -> None:
        """How long a gate keeps a receiver that is ready waiting."""
        runs, costs = gate_latency.measure()
        gate_latency.show(runs, costs)
        self._judge("gate", {"runs": [asdict(run) for run in runs], "costs": costs}, bars.gate(runs, costs))

    def _judge(self, part: str, measured: object, verdicts: list[Verdict]) -> None:
        self.measured[part] = measured
        self.verdicts += verdicts
        if verdicts:
            print(table.of_verdicts(verdicts), flush=True)

    def write(self, folder: Path, machine: dict[str, Any]) -> None:
        """As `results.json`, and `chart.svg` where operations were measured."""
        folder.mkdir(parents=True, exist_ok=True)
        document = {"machine": machine, **self.measured, "verdicts": [asdict(each) for each in self.verdicts]}
        (folder / "results.json").write_text(json.dumps(document, indent=1))
        if self.samples:
            title = (
                f"Seconds of an operation: median, and from least to most; {LATENCY * 1000:.0f} ms of API latency"
            )
            (folder / "chart.svg").write_text(chart.svg(self.samples, title))


def _say(sample: Sample) -> None:
    asked = table.counted(Counter(sample.asked))
    print(
        f"  {sample.size:4} {sample.operation:10} {sample.contender:5} {sample.seconds:7.2f} s  {asked}",
        file=sys.stderr,
        flush=True,
    )


def _machine() -> dict[str, Any]:
    return {
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "engine": "pulumi" if rounds.has_cli() else "the provider process alone",
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
        **{name: version(name) for name in ("pulumi", "httpx", "cryptography", "pydantic")},
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all where none is named")
    parser.add_argument(
        "--all", action="store_true", help="a thousand webhooks too; takes a quarter of an hour more"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 100], metavar="N", help="webhooks of a stack")
    parser.add_argument("--pairs", type=int, default=rounds.PAIRS, metavar="N", help="rounds that are compared")
    parser.add_argument("--output", type=Path, default=Path("bench/results"), metavar="FOLDER")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return arguments


def main() -> None:
    """Measure, print, and write."""
    arguments = _arguments()
    sizes = [*arguments.sizes, *[rounds.THOUSAND] * arguments.all]
    parts = arguments.parts or PARTS
    machine, report = _machine(), Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "signing" in parts:
            report.signing()
        if "imports" in parts:
            report.imports()
        if "memory" in parts:
            report.memory(folder)
        if "lives" in parts:
            report.lives(folder, rounds.plans(sizes, arguments.pairs))
        if "gate" in parts:
            report.gate()
    report.write(arguments.output, machine)
    print(f"written to {arguments.output}; see docs/performance.md for what the bars mean")


if __name__ == "__main__":
    main()
