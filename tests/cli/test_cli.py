from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.api import UpvestClient
from upvest_provider.cli import main
from upvest_provider.local import LocalUpvest
from upvest_provider.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "upvest_provider", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_local_api_runs_until_it_is_told_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "upvest_provider", "local", "--state", "kept", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+\n", process.stdout.readline())
        settings = Settings({"upvest:api": "local"}.get, {"UPVEST_LOCAL_STATE": str(tmp_path / "kept")})
        with UpvestClient(settings.credentials()) as client:
            assert client.list_webhooks() == []
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_state_that_another_process_uses_is_refused(tmp_path: Path) -> None:
    with LocalUpvest(tmp_path / "kept"):
        second = run("local", "--state", "kept", folder=tmp_path)
    assert second.returncode == 1
    assert second.stdout == ""
    assert "kept" in second.stderr
    assert len(second.stderr.splitlines()) == 2


def test_events_go_to_the_enabled_webhooks_of_their_category(
    upvest: LocalUpvest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upvest.store.save_webhook(
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "created_at": "2026-01-01T00:00:00.00Z",
            "updated_at": "2026-01-01T00:00:00.00Z",
            "title": "Users",
            "url": "https://hooks.tenant.tld/",
            "enabled": True,
            "type": ["USER"],
            "config": {"delay": "1s", "max_package_size": 51200},
        }
    )
    state = ["--state", str(tmp_path / "upvest")]
    for category, webhooks in (("USER", 1), ("ORDER", 0)):
        with pytest.raises(SystemExit) as ended:
            main(["local-event", category, "--count", "2", *state])
        assert ended.value.code == 0
        assert capsys.readouterr().out == f"2 {category} to {webhooks} enabled webhooks\n"


def test_events_need_an_api_that_runs(tmp_path: Path) -> None:
    refused = run("local-event", "USER", folder=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == snapshot("""\
upvest-webhooks: no local API runs on .upvest-local
Start it with `make local` (`upvest-webhooks local`).
""")


def test_a_wrong_call_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["nothing"], ["local", "--port", "x"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    assert "usage: upvest-webhooks" in capsys.readouterr().err


def test_the_help_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["local", "--help"], ["local-event", "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) < 25
        assert max(map(len, lines)) <= 100
