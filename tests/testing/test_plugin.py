"""The fixtures for users, in a pytest of their own, as a user's tests run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

pytest_plugins = ["pytester"]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "infra"
HOW_TO = (EXAMPLE.parents[1] / "docs" / "testing.md").read_text()
TESTS = (EXAMPLE / "tests" / "test_program.py").read_text()
PLUGIN = 'pytest_plugins = ["upvest_provider.testing.plugin"]\n'
OPTIONS = ("-W", "error", "-p", "no:cacheprovider")
WITHOUT_OTHERS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Other plugins take longer to start than all that is tested here."""


@dataclass(frozen=True)
class Infra:
    """The example's project, and a pytest in this process."""

    folder: Path
    pytester: pytest.Pytester
    patch: pytest.MonkeyPatch

    def run(self, *options: str, folder: Path | None = None) -> tuple[int, str]:
        """Runs pytest, by default on the project; gives exit code and output."""
        self.patch.chdir(folder or self.folder)
        for name, value in WITHOUT_OTHERS.items():
            self.patch.setenv(name, value)
        ran = self.pytester.runpytest_inprocess(*OPTIONS, *options)
        return ran.ret, "\n".join([*ran.outlines, *ran.errlines])

    def test(self, body: str, *options: str) -> tuple[int, str]:
        """Runs one test with both fixtures in place of the example's own."""
        self.write(body)
        return self.run(*options)

    def write(self, body: str) -> None:
        """Puts one test with both fixtures in place of the example's own."""
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        (self.folder / "tests" / "test_program.py").write_text(
            f"{PLUGIN}\ndef test(upvest_local, rehearse, tmp_path):\n{lines}\n"
        )


@pytest.fixture
def infra(tmp_path: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Infra:
    folder = shutil.copytree(EXAMPLE, tmp_path / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    return Infra(folder, pytester, monkeypatch)


def run_anew(folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Runs pytest in a process of its own; gives exit code and output."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS],
        cwd=folder,
        env={**os.environ, **WITHOUT_OTHERS, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def without(folder: Path, module: str) -> Mapping[str, str]:
    """The environment of a Python that lacks a module."""
    folder.mkdir()
    lacking = f"raise ModuleNotFoundError(\"No module named '{module}'\", name='{module}')\n"
    (folder / f"{module}.py").write_text(lacking)
    return {"PYTHONPATH": str(folder)}


def test_the_example_tests_its_program_in_at_most_15_lines(infra: Infra) -> None:
    assert len([line for line in TESTS.splitlines() if line.strip()]) <= 15
    code, output = run_anew(infra.folder, {})
    assert (code, "2 passed" in output) == (0, True), output


def test_the_example_fails_where_its_program_is_another(infra: Infra) -> None:
    program = infra.folder / "__main__.py"
    program.write_text(program.read_text().replace('type=["USER"],', 'type=["USER"], enabled=False,'))
    code, output = infra.run()
    assert (code, "1 failed, 1 passed" in output) == (1, True), output


def test_the_project_is_found_from_any_working_directory(infra: Infra) -> None:
    code, output = infra.run("infra/tests/test_program.py", folder=infra.folder.parent)
    assert code == 0, output


def test_a_test_sees_requests_webhooks_and_deliveries(infra: Infra) -> None:
    body = """
from upvest_provider.local import ControlClient
world = ControlClient(tmp_path / "upvest")
world.put("dns", "hooks.tenant.tld", "A", values=["127.0.0.1"])
world.put("certificates", "hooks.tenant.tld")
port = world.put("listeners", "hooks.tenant.tld")["port"]
assert rehearse(config={"host": f"hooks.tenant.tld:{port}"}).up().ok
assert [request.method for request in upvest_local.requests()] == ["POST", "GET", *["POST", "PATCH"] * 2]
world.make_events("USER", kind="USER.CREATED")
assert upvest_local.world.inbox.wait_for(events=1)
assert [event.type for event in upvest_local.world.inbox.events()] == ["USER.CREATED"]
"""
    code, output = infra.test(body)
    assert code == 0, output


def test_the_whole_error_of_a_program_stands_below_the_failed_test(infra: Infra) -> None:
    words = "a reason " * 100 + "and its end"
    (infra.folder / "__main__.py").write_text(f"raise ValueError({words!r})\n")
    code, output = infra.test("assert rehearse().up().ok")
    assert code == 1
    below = output.partition("rehearsal")[2]
    assert f"ValueError: {words}\n" in below
    assert 'infra/__main__.py", line 1' in below


def test_the_error_that_a_test_expects_is_not_shown(infra: Infra) -> None:
    code, output = infra.test('assert rehearse(config={"userEventDelay": "45s"}).up().error', "-rA")
    assert (code, "from 1s to 30s" in output) == (0, False), output


def test_a_project_that_is_not_there_is_named(infra: Infra) -> None:
    code, output = infra.test('from pathlib import Path\nrehearse(project=Path("nowhere"))')
    assert code == 1
    assert f"{infra.folder}/nowhere does not exist" in output
    assert "Name the directory that holds the Pulumi.yaml." in output


def test_a_test_outside_of_any_project_is_told_to_name_one(infra: Infra) -> None:
    (infra.folder / "Pulumi.yaml").unlink()
    code, output = infra.test("rehearse()")
    assert code == 1
    assert f"no Pulumi.yaml in {infra.folder}/tests, nor in a folder above it\nName its folder:" in output


def test_a_missing_extra_is_named_with_the_command_that_installs_it(infra: Infra, tmp_path: Path) -> None:
    infra.write("rehearse()")
    code, output = run_anew(infra.folder, without(tmp_path / "lacking", "uvicorn"))
    assert code == 1
    assert "the fixture upvest_local needs uvicorn, which is not installed\n" in output
    assert "Run `pip install 'upvest-provider[local,testing]'`." in output


def test_what_the_how_to_shows_runs(infra: Infra) -> None:
    fixtures, deliveries = re.findall(r"^```python\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)
    (infra.folder / "tests" / "test_program.py").write_text(fixtures + deliveries)
    code, output = infra.run()
    assert (code, "2 passed" in output) == (0, True), output


def test_nothing_of_the_shell_reaches_the_test_or_the_program(infra: Infra) -> None:
    with (infra.folder / "__main__.py").open("a") as program:
        program.write(
            'import os\npulumi.export("seen", sorted(n for n in os.environ if n.startswith("UPVEST_")))\n'
        )
    body = """
import os
assert [name for name in os.environ if name.startswith("UPVEST_")] == []
assert rehearse().up().outputs["seen"] == ["UPVEST_LOCAL_STATE"]
"""
    shell = {"UPVEST_API": "live", "UPVEST_CLIENT_ID": "another", "UPVEST_TOL_CLIENT_SECRET": "x"}
    for name, value in shell.items():
        infra.patch.setenv(name, value)
    code, output = infra.test(body)
    assert code == 0, output


def test_a_stack_of_another_environment_is_rehearsed_on_the_tests_own_api(infra: Infra) -> None:
    (infra.folder / "Pulumi.prod.yaml").write_text("config:\n  upvest:api: live\n")
    code, output = infra.test('assert rehearse("prod").up().ok\nassert len(upvest_local.requests()) == 6')
    assert code == 0, output
