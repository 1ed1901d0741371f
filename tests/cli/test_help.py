"""What holds of every command: its help, and that no secret is printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from upvest_provider.cli import main
from upvest_provider.cli.app import app

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

COMMANDS = sorted(str(command.name) for command in app.registered_commands)

ID = "00000000-0000-4000-8000-000000000001"


def test_all_commands_are_there() -> None:
    assert {"import", "keys", "list", "local", "probe", "review", "show", "test"} <= set(COMMANDS)


@pytest.mark.parametrize("arguments", [[], *([command] for command in COMMANDS)], ids=" ".join)
def test_help_fits_a_screen(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert ended.value.code == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_the_script_and_the_module_are_the_same(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("upvest-webhooks")
    # Where it is not installed, what would be in it.
    program = [sys.executable, "-c", "from upvest_provider.cli import main; main()"]
    ways = [[str(script)] if script.exists() else program, [sys.executable, "-m", "upvest_provider"]]
    compared = [
        [
            subprocess.run([*way, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
            for way in ways
        ]
        for arguments in (["--help"], ["nothing"], ["probe", "x"])
    ]
    for runs in compared:
        assert len({(run.returncode, run.stdout, run.stderr) for run in runs}) == 1
    assert compared[-1][0].returncode == 2
    assert "Usage: upvest-webhooks probe" in compared[-1][0].stderr


class TestSecrets:
    CALLS = (
        ["doctor", "--stack", "dev"],
        ["list", "--stack", "dev"],
        ["list", "--stack", "dev", "--state", "state.json", "--json"],
        ["show", ID, "--stack", "dev"],
        ["show", ID, "--stack", "dev", "--json"],
        ["test", ID, "--stack", "dev"],
        ["test", ID, "--stack", "dev", "--json"],
        ["keys", "--stack", "dev"],
        ["keys", "--stack", "dev", "--json"],
        ["keys", "--stack", "dev", "--pem"],
        ["probe", "https://tenant.tld/secret-1", "--stack", "dev", "--check", "http=warn"],
        ["probe", "https://tenant.tld/secret-1", "--stack", "dev", "--json"],
        ["probe", "https://user:secret-1@tenant.tld/secret-1"],
        ["import", "--stack", "dev", "--state", "state.json"],
        ["review", "--stage", "dev=preview.json"],
        ["local-event", "USER", "--state", "STATE"],
        ["local-fault", "--clear", "--state", "STATE"],
        ["local", "--state", "STATE"],  # refused: it runs
    )

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: " ".join(call).replace("/", "_"))
    def test_no_secret_is_printed(self, shell: Shell, call: list[str]) -> None:
        state = str(shell.upvest.state)
        held = shell.hold(1)
        shell.export(users=held)
        shell.file("preview.json", json.dumps({"steps": []}))
        shown = shell.run(*(word.replace("STATE", state) if word == "STATE" else word for word in call))
        everything = shown.stdout + shown.stderr
        assert "Traceback" not in everything
        assert everything or call[0] == "local-fault"  # which mends in silence
        assert [secret for secret in secrets_of(shell) if secret in everything] == []
        assert "secret-1" not in everything

    def test_every_command_is_tried(self) -> None:
        assert {call[0] for call in self.CALLS} == set(COMMANDS)

    def test_nothing_but_reading_and_testing_is_asked_of_upvest(self, shell: Shell) -> None:
        shell.export(users=shell.hold(1))
        before = shell.upvest.store.webhooks()
        for call in (["list"], ["show", ID], ["test", ID], ["keys"]):
            shell.run(*call, "--stack", "dev")
        writes = [request.path for request in shell.upvest.requests() if request.method != "GET"]
        assert set(writes) == {"/auth/token", f"/webhooks/{ID}/test"}
        assert shell.upvest.store.webhooks() == before


def secrets_of(shell: Shell) -> list[str]:
    credentials = shell.upvest.credentials
    key = Path(credentials.private_key_file).read_text()
    return [
        credentials.client_secret,
        credentials.private_key_passphrase,
        shell.upvest.surroundings.control_token,
        *(line for line in key.splitlines() if re.fullmatch(r"[A-Za-z0-9+/=]{40,}", line)),
    ]


def test_the_search_finds_a_secret(shell: Shell) -> None:
    everything = " ".join(secrets_of(shell))
    assert all(secret in everything for secret in secrets_of(shell))
    assert len(secrets_of(shell)) > 5


@pytest.mark.parametrize(
    "command", [["list"], ["show", ID], ["keys"], ["probe", "https://none.tenant.tld"]], ids=lambda each: each[0]
)
def test_a_pipe_and_no_color_get_plain_text(shell: Shell, command: list[str]) -> None:
    shell.hold(1)
    plain = shell.run(*command, "--stack", "dev")
    assert "\x1b" not in plain.stdout + plain.stderr
    no_color = shell.run(*command, "--stack", "dev", NO_COLOR="1", TERM="xterm-256color")
    assert no_color.stdout == plain.stdout
    assert os.environ.get("FORCE_COLOR") is None
