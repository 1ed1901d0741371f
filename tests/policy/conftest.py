from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def policy_python() -> Path:
    """The interpreter of the policies' own environment."""
    python = Path(__file__).resolve().parents[2] / "policy" / ".venv" / "bin" / "python"
    if not python.exists():
        pytest.skip("the policies' environment is not there: run `make policy/.venv/installed`")
    return python
