"""How long the program and the provider process import."""

from __future__ import annotations

import subprocess

from bench.contenders.bare import LIBRARIES
from bench.lives import PYTHON

RUNS = 10

STEPS = (
    ("Pulumi's own (`pulumi.dynamic`)", "import pulumi.dynamic"),
    ("the resources (`upvest_provider`)", "import upvest_provider"),
    ("the first request's libraries", LIBRARIES),
    (
        "the first request (`upvest_provider.subscription` and `.api`)",
        "import upvest_provider.subscription, upvest_provider.api",
    ),
)
"""What is loaded, one after another in one process."""


def measure() -> dict[str, list[float]]:
    """Seconds that each step takes above those before it, run by run."""
    runs = [_run() for _ in range(RUNS)]
    return {what: [run[index] for run in runs] for index, (what, _) in enumerate(STEPS)}


def _run() -> list[float]:
    lines = ["import time"]
    for _, loaded in STEPS:
        lines += ["began = time.perf_counter()", loaded, "print(time.perf_counter() - began)"]
    done = subprocess.run(  # noqa: S603 - our own lines
        [PYTHON, "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    return [float(line) for line in done.stdout.split()]
