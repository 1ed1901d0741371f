from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.soak import is_soak
from upvest_provider.local import LocalUpvest
from upvest_provider.testing.process import forking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


settings.register_profile("usual", deadline=None, derandomize=True, database=None, max_examples=30)
settings.register_profile("soak", deadline=None, max_examples=1000)
settings.load_profile("soak" if is_soak() else "usual")

# What a shell runs in the background ignores Ctrl-C, and so would all that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    cli = shutil.which("pulumi")
    return f"pulumi: {cli}" if cli else "pulumi: not on PATH, so the tests on the real engine are skipped"


@pytest.fixture(scope="session", autouse=True)
def _forking() -> Iterator[None]:
    with forking():
        yield


@pytest.fixture(autouse=True)
def _no_settings_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "UPVEST_API",
        "UPVEST_CLIENT_ID",
        "UPVEST_CLIENT_SECRET",
        "UPVEST_LOCAL_STATE",
        "UPVEST_PRIVATE_KEY",
        "UPVEST_PRIVATE_KEY_FILE",
        "UPVEST_PRIVATE_KEY_PASSPHRASE",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def upvest(tmp_path: Path) -> Iterator[LocalUpvest]:
    with LocalUpvest(tmp_path / "upvest") as local:
        yield local
