from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from conformance.suite import run
from upvest_provider.local import LocalUpvest
from upvest_provider.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.question import Question
    from conformance.suite import Result
    from upvest_provider.api import Credentials


class Clock:
    """Time passes while somebody sleeps, and at no other time."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Asking(Protocol):
    """Asks questions of the local API; gives what came of each, by its name."""

    def __call__(self, *questions: Question) -> Mapping[str, Result]: ...


@pytest.fixture(scope="session")
def the_clock() -> Clock:
    return Clock()


@pytest.fixture
def clock(the_clock: Clock) -> Clock:
    """Of the local API and of who asks it."""
    return the_clock


@pytest.fixture(scope="session")
def the_upvest(tmp_path_factory: pytest.TempPathFactory, the_clock: Clock) -> Iterator[LocalUpvest]:
    """One for all tests, for it takes a while to start and to stop."""
    with LocalUpvest(tmp_path_factory.mktemp("upvest") / "state", clock=the_clock) as upvest:
        yield upvest


@pytest.fixture
def upvest(the_upvest: LocalUpvest) -> Iterator[LocalUpvest]:
    """The local API as it is by default, without any webhook."""
    usual = the_upvest.behaviour
    for webhook in the_upvest.store.webhooks():
        the_upvest.store.delete_webhook(webhook["id"])
    yield the_upvest
    the_upvest.behaviour = usual
    the_upvest.faults.clear()


@pytest.fixture(scope="session")
def the_credentials(the_upvest: LocalUpvest) -> Credentials:
    state = the_upvest.credentials.private_key_file.rpartition("/")[0]
    return Settings({"upvest:api": "local"}.get, {"UPVEST_LOCAL_STATE": state}).credentials()


@pytest.fixture
def credentials(upvest: LocalUpvest, the_credentials: Credentials) -> Credentials:
    """Of the local API's client."""
    assert the_credentials.base_url == upvest.url
    return the_credentials


@pytest.fixture
def said() -> list[str]:
    """The lines for the person at the terminal."""
    return []


@pytest.fixture
def ask(credentials: Credentials, clock: Clock, said: list[str]) -> Asking:
    def ask(*questions: Question) -> Mapping[str, Result]:
        results = run(credentials, questions, clock=clock, sleep=clock.sleep, say=said.append)
        return {result.question.name: result for result in results}

    return ask
