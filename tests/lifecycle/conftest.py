from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.lifecycle.life import Life

if TYPE_CHECKING:
    from pathlib import Path

    from upvest_provider.local import LocalUpvest


@pytest.fixture(params=["rehearsal", "cli"])
def life(request: pytest.FixtureRequest, tmp_path: Path, upvest: LocalUpvest) -> Life:
    if request.param == "cli" and not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    folder = tmp_path / "stack"
    folder.mkdir()
    return Life(request.param, folder, upvest)
