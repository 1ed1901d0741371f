"""Fixtures for pytest: a team tests its own Pulumi program against an Upvest API of the test's own.

`pytest_plugins = ["upvest_provider.testing.plugin"]` in a test file or the topmost `conftest.py` turns them on.
They do not load by themselves: where this package is installed, tests that have no use for them would wait for
gRPC and Pulumi, too.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import pytest

from upvest_provider.testing import Rehearsal
from upvest_provider.testing.process import forking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from upvest_provider.local import LocalUpvest

_REHEARSALS = pytest.StashKey[list[Rehearsal]]()


class Rehearse(Protocol):
    """What the fixture `rehearse` gives."""

    def __call__(
        self,
        stack: str = "dev",
        *,
        project: Path | None = None,
        config: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Rehearsal:
        """Gives a stack of a project, on the test's own Upvest API; with the same names, the same stack again.

        Args:
            stack: Its name; its configuration is read from `Pulumi.<stack>.yaml`.
            project: The directory with `Pulumi.yaml`; default: the nearest one from the test's file upwards.
            config: Configuration above that of the files. `upvest:api` is `local` in any case.
            environment: Variables for program and provider, besides this process' own.
        """


@pytest.fixture
def upvest_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalUpvest]:
    """Upvest's webhook API and a receiver's world, for one test; what they keep is in `tmp_path / "upvest"`.

    The shell's own `UPVEST_…` variables are out of sight meanwhile.
    """
    try:
        from upvest_provider.local import LocalUpvest  # noqa: PLC0415 - in an extra of its own
    except ModuleNotFoundError as error:
        pytest.fail(
            f"the fixture upvest_local needs {error.name}, which is not installed\n"
            "Run `pip install 'upvest-provider[local,testing]'`.",
            pytrace=False,
        )
    for name in [name for name in os.environ if name.startswith("UPVEST_")]:
        monkeypatch.delenv(name)
    with LocalUpvest(tmp_path / "upvest") as local:
        yield local


@pytest.fixture(scope="session")
def _forking() -> Iterator[None]:
    with forking():
        yield


@pytest.fixture
def rehearse(
    request: pytest.FixtureRequest, upvest_local: LocalUpvest, tmp_path: Path, _forking: None
) -> Rehearse:
    """Runs the stacks of a project without the Pulumi CLI, see `Rehearsal`; their states are in `tmp_path`."""
    rehearsals = request.node.stash.setdefault(_REHEARSALS, [])

    def rehearse(
        stack: str = "dev",
        *,
        project: Path | None = None,
        config: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Rehearsal:
        folder = (project or _project_of(request.path)).resolve()
        rehearsal = Rehearsal(
            folder,
            stack=stack,
            state=tmp_path / f"{folder.name}.{stack}.json",
            config={**(config or {}), "upvest:api": "local"},
            environment={**(environment or {}), "UPVEST_LOCAL_STATE": str(upvest_local.state)},
        )
        rehearsals.append(rehearsal)
        return rehearsal

    return rehearse


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Shows below a failed test the whole errors of its rehearsals, of which an assertion shows the beginning."""
    if call.when != "call" or call.excinfo is None:
        return
    for rehearsal in item.stash.get(_REHEARSALS, []):
        for error in rehearsal.errors:
            item.add_report_section("call", "rehearsal", error)


def _project_of(test: Path) -> Path:
    """The project that a test's file lies in, found as the CLI finds it."""
    for folder in test.parents:
        if (folder / "Pulumi.yaml").is_file():
            return folder
    pytest.fail(
        f"no Pulumi.yaml in {test.parent}, nor in a folder above it\nName its folder: rehearse(project=Path(...))",
        pytrace=False,
    )
