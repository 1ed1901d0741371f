"""Records the states of this version: `python -m tests.golden.record`, with `pulumi` on PATH."""

from __future__ import annotations

import sys
import tempfile
from importlib import metadata
from pathlib import Path

from tests.golden.states import FOLDER, record
from tests.lifecycle.life import life_on
from upvest_provider.local import LocalUpvest


def main() -> int:
    """Writes `tests/golden/<version>`, which must not be there."""
    for engine in ("rehearsal", "cli"):
        with (
            tempfile.TemporaryDirectory() as folder,
            LocalUpvest(Path(folder) / "upvest") as upvest,
        ):
            record(life_on(engine, Path(folder), upvest), FOLDER / metadata.version("upvest-provider") / engine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
