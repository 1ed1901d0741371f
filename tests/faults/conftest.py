from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.faults.around import Clock
from tests.faults.site import Site, Wire
from upvest_provider.local import LocalUpvest, load_behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    """Where all tests are collected, this is called late; tests/conftest.py names the plugin for that case."""
    config.pluginmanager.import_plugin("tests.faults.tally")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One local Upvest for all tests of a worker; each takes an account of its own."""
    state, clock, wire = tmp_path_factory.mktemp("upvest"), Clock(), Wire()
    with pytest.MonkeyPatch.context() as patch, LocalUpvest(state, clock=clock) as upvest:
        patch.setattr("upvest_provider.api.transport.httpx.Client", wire.client)
        site = Site(upvest, state, clock, wire)
        patch.setattr(upvest.world, "sender", site.receiver)
        yield site


LOGGERS = ("upvest_provider", "pulumi", "httpx", "httpcore", "asyncio")
"""Of all that runs in a provider's process."""


@pytest.fixture(autouse=True)
def _all_that_is_logged(site: Site) -> Iterator[None]:
    """Whatever the provider's process logs, at any level; pytest would keep it all."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    kept = [(logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(site.records)
    yield
    for logger, (level, propagates) in zip(loggers, kept, strict=True):
        logger.setLevel(level)
        logger.propagate = propagates
        logger.removeHandler(site.records)
    site.records.taken()


@pytest.fixture(autouse=True)
def _nothing_broken(site: Site) -> Iterator[None]:
    yield
    site.mend()
    site.receiver.status = 200
    site.upvest.behaviour = load_behaviour()
