"""The commands as such: how they are called, and those of the local API."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from tests import piped
from upvest_provider.api import UpvestClient
from upvest_provider.cli import main
from upvest_provider.local import FaultKind, LocalUpvest
from upvest_provider.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = ["list", "import", "local", "local-event", "local-fault"]


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return piped.run(*arguments, folder=folder, environment=os.environ)


def without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command where a module is not installed."""
    program = (
        f"import sys; sys.modules[{module!r}] = None; from upvest_provider.cli import main; main({arguments!r})"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command in this process."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    code = ended.value.code
    out, err = capsys.readouterr()
    return (code, out, err) if isinstance(code, int) else (1, out, err + f"{code}\n")


class TestHowItIsCalled:
    def test_a_wrong_call_exits_with_2_and_says_how_to_call(self, capsys: pytest.CaptureFixture[str]) -> None:
        for arguments in (
            [],
            ["nothing"],
            ["local", "--port", "x"],
            ["list"],
            ["import", "--name", "x", "--stack", "s"],
        ):
            code, out, err = called(capsys, *arguments)
            assert (code, out) == (2, "")
            assert err.startswith("Usage: upvest-webhooks")

    def test_each_help_fits_a_screen(self, capsys: pytest.CaptureFixture[str]) -> None:
        for arguments in (["--help"], *([command, "--help"] for command in COMMANDS)):
            code, out, _ = called(capsys, *arguments)
            assert code == 0
            lines = out.splitlines()
            assert len(lines) < 25
            assert max(map(len, lines)) <= 80

    def test_all_commands_are_listed_and_exit_codes_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert called(capsys, "--help")[1] == snapshot("""\
Usage: upvest-webhooks [OPTIONS] COMMAND [ARGS]...

  Upvest webhook subscriptions.

Options:
  --install-completion  Install completion for the current shell.
  --show-completion     Show completion for the current shell, to copy it or
                        customize the installation.
  --help                Show this message and exit.

Commands:
  probe        Ask a gate's checks by hand: is a receiver's DNS and TLS...
  doctor       Check whether a stack can speak to Upvest, and how to mend...
  list         List the account's webhooks.
  show         Show one webhook.
  import       Take webhooks that exist already into a stack.
  review       Tell what previews mean for webhooks, as Markdown for a...
  test         Have Upvest send a test delivery to a webhook's receiver.
  keys         Show the public keys that Upvest signs deliveries with.
  local        Run Upvest's webhook API on this machine.
  local-event  Make events happen in the local API.
  local-fault  Have requests to the local API go wrong.

  Exit codes: 0 done, 1 failed (stderr says why), 2 called wrongly.
""")

    def test_the_help_is_plain_text_whatever_the_terminal_says(self, tmp_path: Path) -> None:
        environment = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color"}
        command = [sys.executable, "-m", "upvest_provider", "list", "--help"]
        shown = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        assert "\x1b" not in shown.stdout

    def test_without_the_extra_cli_one_line_says_what_to_install(self) -> None:
        refused = without("typer", "list", "--stack", "dev")
        assert refused.returncode == 1
        assert refused.stderr == snapshot("""\
upvest-webhooks: the command line needs typer, which is not installed
Run `pip install 'upvest-provider[cli]'`.
""")

    def test_without_the_extra_local_the_local_api_says_what_to_install(self) -> None:
        refused = without("starlette", "local")
        assert refused.returncode == 1
        assert refused.stderr == snapshot("""\
upvest-webhooks: the local API needs starlette, which is not installed
Run `pip install 'upvest-provider[local]'`.
""")


class TestTheLocalApi:
    def test_it_runs_until_it_is_told_to_end(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "upvest_provider", "local", "--state", "kept", "--port", "0"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+\n", process.stdout.readline())
            settings = Settings({"upvest:api": "local"}.get, {"UPVEST_LOCAL_STATE": str(tmp_path / "kept")})
            with UpvestClient(settings.credentials()) as client:
                assert client.list_webhooks() == []
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0

    def test_it_has_as_many_accounts_as_are_named(self, tmp_path: Path) -> None:
        named = ["--account", "tol", "--account", "byol"]
        command = [sys.executable, "-m", "upvest_provider", "local", "--state", "kept", *named]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready ")
            config = {"upvest:api": "local", "upvest:accounts": '{"tol": {}, "byol": {}}'}
            settings = Settings(config.get, {"UPVEST_LOCAL_STATE": str(tmp_path / "kept")})
            assert len({settings.of(name).account().client_id for name in ("tol", "byol")}) == 2
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0

    def test_a_state_that_another_process_uses_is_refused(self, tmp_path: Path) -> None:
        with LocalUpvest(tmp_path / "kept"):
            second = run("local", "--state", "kept", folder=tmp_path)
        assert second.returncode == 1
        assert second.stdout == ""
        assert "kept" in second.stderr
        assert len(second.stderr.splitlines()) == 2

    def test_events_go_to_the_enabled_webhooks_of_their_category(
        self, upvest: LocalUpvest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
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
            code, out, _ = called(capsys, "local-event", category, "--count", "2", *state)
            assert (code, out) == (0, f"2 {category} to {webhooks} enabled webhooks\n")

    def test_events_need_an_api_that_runs(self, tmp_path: Path) -> None:
        refused = run("local-event", "USER", folder=tmp_path)
        assert refused.returncode == 1
        assert refused.stderr == snapshot("""\
upvest-webhooks: no local API runs on .upvest-local
Start it with `make local` (`upvest-webhooks local`).
""")


class TestFaults:
    def test_the_next_request_that_it_names_meets_a_fault(
        self, upvest: LocalUpvest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        state = ["--state", str(tmp_path / "upvest")]
        given = ["status", "--method", "GET", "--path", "/webhooks?", "--status", "400", "--count", "2"]
        code, out, _ = called(capsys, "local-fault", *given, *state)
        assert (code, json.loads(out)["status"]) == (0, 400)
        settings = Settings({"upvest:api": "local"}.get, {"UPVEST_LOCAL_STATE": str(tmp_path / "upvest")})
        with UpvestClient(settings.credentials()) as client:
            with pytest.raises(Exception, match="answered 400"):
                client.list_webhooks()
            assert called(capsys, "local-fault", "--clear", *state)[:2] == (0, "")
            assert client.list_webhooks() == []
        assert upvest.faults.met == []

    def test_the_next_request_that_it_names_is_answered_otherwise(
        self, upvest: LocalUpvest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        state = ["--state", str(tmp_path / "upvest")]
        given = ["behaviour", "--path", "/webhooks?", "--behaviour", '{"unknown_fields": "added"}']
        code, out, _ = called(capsys, "local-fault", *given, *state)
        assert (code, json.loads(out)["behaviour"]) == (0, {"unknown_fields": "added"})
        assert [fault.behaviour for fault in upvest.faults.added] == [{"unknown_fields": "added"}]

    @pytest.mark.parametrize(
        ("given", "code", "told"),
        [
            ("{", 2, "Invalid value for '--behaviour': "),
            ("[]", 1, "behaviour: Input should be a valid dictionary"),
            ('{"urls": "lowered"}', 1, "behaviour: urls: Unexpected keyword argument"),
        ],
    )
    def test_a_behaviour_that_is_none_is_told(
        self,
        upvest: LocalUpvest,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        given: str,
        code: int,
        told: str,
    ) -> None:
        state = ["--state", str(tmp_path / "upvest")]
        refused = called(capsys, "local-fault", "behaviour", "--behaviour", given, *state)
        assert (refused[0], told in refused[2]) == (code, True), refused[2]
        assert upvest.faults.added == []

    def test_every_kind_of_fault_stands_in_the_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        words = re.findall(r"\w+", called(capsys, "local-fault", "--help")[1])
        assert {str(kind) for kind in FaultKind} | {"refuse"} <= set(words)

    def test_an_unknown_kind_is_refused_with_all_that_there_are(
        self, upvest: LocalUpvest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        del upvest
        code, _, err = called(capsys, "local-fault", "broken", "--state", str(tmp_path / "upvest"))
        assert code == 1
        assert "'reset_before'" in err

    def test_a_kind_and_clear_exclude_each_other(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert called(capsys, "local-fault")[0] == 2
        assert called(capsys, "local-fault", "lost", "--clear")[0] == 2
