from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.testing.toybox import Toys

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["rehearsal", "cli"])
def toys(request: pytest.FixtureRequest, tmp_path: Path) -> Toys:
    if request.param == "cli" and not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    return Toys(request.param, tmp_path)
