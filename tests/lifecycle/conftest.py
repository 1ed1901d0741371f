from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lifecycle.life import Life, life_on

if TYPE_CHECKING:
    from pathlib import Path

    from upvest_provider.local import LocalUpvest


@pytest.fixture(params=["rehearsal", "cli"])
def life(request: pytest.FixtureRequest, tmp_path: Path, upvest: LocalUpvest) -> Life:
    return life_on(request.param, tmp_path, upvest)
