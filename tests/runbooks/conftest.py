from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lifecycle.life import Life, life_on
from upvest_provider.local import LocalUpvest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def upvest(tmp_path: Path) -> Iterator[LocalUpvest]:
    """An account whose deliveries wait a twentieth of what is documented."""
    with LocalUpvest(tmp_path / "upvest", time_scale=0.05, accounts=["byol-de", "tol"]) as local:
        yield local


@pytest.fixture(params=["rehearsal", "cli"])
def life(request: pytest.FixtureRequest, tmp_path: Path, upvest: LocalUpvest) -> Life:
    return life_on(request.param, tmp_path, upvest)
