"""One operation of a rehearsal as a process of its own, which a test can kill as it kills the CLI.

Arguments: the operation, the project, the state file, and the configuration as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from upvest_provider.testing import Rehearsal


def main(operation: str, project: str, state: str, config: str) -> int:
    """Runs the operation of the stack `dev`; 1 if it failed, which stderr then tells."""
    stack = Rehearsal(Path(project), stack="dev", state=Path(state), config=json.loads(config))
    outcome = {"up": stack.up, "refresh": stack.refresh, "destroy": stack.destroy}[operation]()
    sys.stderr.write(outcome.error or "")
    return 0 if outcome.ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
