from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crashes.processes import Family
from tests.crashes.providers import Providers
from tests.lifecycle.life import Life, life_on
from upvest_provider.local import ControlClient, LocalUpvest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def shared_upvest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalUpvest]:
    with LocalUpvest(tmp_path_factory.mktemp("upvest")) as local:
        yield local


@pytest.fixture
def upvest(shared_upvest: LocalUpvest) -> Iterator[LocalUpvest]:
    """One account a module, empty at the start of each test."""
    yield shared_upvest
    shared_upvest.faults.clear()
    shared_upvest.faults.release()
    for webhook in shared_upvest.store.webhooks():
        shared_upvest.store.delete_webhook(webhook["id"])


@pytest.fixture
def receiver(upvest: LocalUpvest) -> str:
    """The URL of a receiver that takes everything."""
    host, control = "hooks.tenant.tld", ControlClient(upvest.state)
    control.put("dns", host, "A", values=["127.0.0.1"])
    control.put("listeners", host)
    control.put("certificates", host)
    return f"https://{host}:{upvest.world.receiver.port}/users"


@pytest.fixture
def providers(upvest: LocalUpvest, tmp_path: Path) -> Providers:
    return Providers(upvest, tmp_path)


@pytest.fixture
def life(request: pytest.FixtureRequest, tmp_path: Path, upvest: LocalUpvest) -> Life:
    """A stack on the engine that the test says, or on each of the two."""
    return life_on(getattr(request, "param", "cli"), tmp_path, upvest)


@pytest.fixture
def family(life: Life) -> Iterator[Family]:
    """All processes of the stack's operations; none is left behind."""
    family = Family(life.upvest.state)
    yield family
    family.end()
