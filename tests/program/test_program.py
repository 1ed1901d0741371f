"""The commands of this repository: the demo, and the installation of the Pulumi CLI."""

from __future__ import annotations

import errno
import re
import shutil
import signal
import socket
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rich.text import Text

from tools.record_demo import PICTURE, record, shown

PROJECT = Path(__file__).resolve().parents[2]
TEXT = r"<text [^>]*>(.*?)</text>"


STEPS = [
    "preview",
    "up",
    "up again, nothing changed",
    "somebody changes a webhook by hand",
    "refresh",
    "up, which repairs it",
    "preview of a bad value",
    "destroy",
    "up with the receiver: record, certificate, listener, gate, webhooks",
    "an order is made at Upvest",
    "up with a certificate that has expired",
    "destroy",
]


class TestTheDemo:
    def test_it_shows_each_step_as_the_readmes_picture_does_and_leaves_nothing_behind(
        self, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        printed = record("--rehearsal", environment=_environment(tmp_path, tmp_path_factory.mktemp("home")))
        assert _headings(printed) == STEPS
        drawn = [unescape(re.sub("<[^>]+>", "", text)) for text in re.findall(TEXT, PICTURE.read_text())]
        assert _told(drawn) == _told([line.plain for line in shown(printed)])
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.skipif(shutil.which("pulumi") is None, reason="pulumi is not on PATH")
    def test_on_the_cli_it_shows_the_same_steps(
        self, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        printed = record(environment=_environment(tmp_path, tmp_path_factory.mktemp("home")))
        assert _headings(printed) == STEPS
        assert list(tmp_path.iterdir()) == []

    def test_it_leaves_nothing_behind_on_ctrl_c(
        self, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with subprocess.Popen(
            [sys.executable, "-m", "demo"],
            cwd=PROJECT,
            env=_environment(tmp_path, tmp_path_factory.mktemp("home")),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            address = re.search(r"http://[0-9.]+:[0-9]+", process.stdout.readline())
            process.send_signal(signal.SIGINT)
            _, error = process.communicate()
        assert error.strip() == "interrupted; nothing is left behind"
        assert process.returncode == 1
        assert list(tmp_path.iterdir()) == []
        assert address is not None
        assert _is_refused(address[0])


def test_the_picture_of_the_demo_fetches_nothing_and_runs_nothing() -> None:
    picture = PICTURE.read_text().replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"https?://(?!tenant)|<script|@import|@font-face|url\(|href|\son\w+=", picture) == []


class TestMakePulumi:
    """`make pulumi` against installers of the test's own."""

    def install(self, installer: str, folder: Path, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        script = PROJECT / "tools" / "install_pulumi.py"
        options = ["--installer", installer, "--into", str(folder), "--seconds", str(seconds)]
        return subprocess.run([sys.executable, str(script), *options], capture_output=True, text=True, check=False)

    def test_an_installer_out_of_reach_is_told_with_what_works_without_it(self, tmp_path: Path) -> None:
        run = self.install("http://127.0.0.1:1", tmp_path)
        assert run.returncode == 1
        first, second, third = run.stderr.splitlines()
        assert first == (
            "The Pulumi CLI was not installed: "
            "http://127.0.0.1:1 cannot be reached: [Errno 111] Connection refused."
        )
        assert "`make demo` rehearses" in second
        assert "try `make pulumi` again" in third

    def test_an_installer_that_hangs_is_ended_with_all_that_it_started(self, tmp_path: Path) -> None:
        script = tmp_path / "install.sh"
        script.write_text("sleep 1000 & wait\n")
        run = self.install(script.as_uri(), tmp_path / "cli", seconds=0.2)
        assert run.returncode == 1
        assert "did not end within 0.2 s" in run.stderr

    def test_an_installer_that_fails_is_told(self, tmp_path: Path) -> None:
        script = tmp_path / "install.sh"
        script.write_text("exit 3\n")
        run = self.install(script.as_uri(), tmp_path / "cli")
        assert run.returncode == 1
        assert "exit code 3" in run.stderr

    def test_an_installer_gets_the_folder_and_the_version_of_the_sdk(self, tmp_path: Path) -> None:
        script = tmp_path / "install.sh"
        script.write_text('mkdir -p "$2/bin" && echo "$@" > "$2/bin/pulumi"\n')
        run = self.install(script.as_uri(), tmp_path / "cli")
        assert run.returncode == 0, run.stderr
        installed = (tmp_path / "cli" / "bin" / "pulumi").read_text()
        assert re.fullmatch(r"--install-root \S+/cli --no-edit-path --version 3\.\d+\.\d+\n", installed)


def _headings(printed: list[str]) -> list[str]:
    lines = [Text.from_ansi(line).plain for line in printed]
    return [line.removeprefix("▸ ").rstrip() for line in lines if line.startswith("▸ ")]


def _told(lines: list[str]) -> list[str]:
    """The lines without what a gate says meanwhile, which a busy machine makes come sooner, later, or not.

    In no order: the requests of webhooks made side by side mix in each run anew.
    """
    return sorted(line.rstrip() for line in lines if not line.startswith("  │"))


def _environment(temporary: Path, home: Path) -> dict[str, str]:
    pulumi = shutil.which("pulumi")
    folders = [str(Path(pulumi).parent)] if pulumi else []
    return {"PATH": ":".join([*folders, "/usr/bin", "/bin"]), "TMPDIR": str(temporary), "HOME": str(home)}


def _is_refused(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((str(parts.hostname), parts.port or 0)) == errno.ECONNREFUSED
