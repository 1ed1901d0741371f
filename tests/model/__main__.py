"""`python -m tests.model [WORD …]`: the same cases as the tests have, within larger bounds."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from tests.model.scenarios import CASES
from tests.model.world import explored


def main(words: list[str]) -> int:
    """Soak the cases whose names hold one of the words, by default all; 1 where a rule breaks or there is no such case."""
    chosen = {name: case for name, case in CASES.items() if not words or any(word in name for word in words)}
    holds = bool(chosen)
    for name, case in chosen.items():
        begun = time.process_time()
        found = explored(replace(case.scenario, bounds=case.soak))
        seconds = time.process_time() - begun
        print(f"{name}: {found}, {seconds:.0f} s of CPU ({case.soak})", flush=True)  # noqa: T201 - a command prints
        for violation in found.violations.values():
            print(violation)  # noqa: T201 - the same
            holds = False
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
