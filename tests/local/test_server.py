from __future__ import annotations

import json
import queue
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, fields
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import upvest_provider.local
from upvest_provider.errors import SettingsError
from upvest_provider.local import Credentials, LocalUpvest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.local.conftest import Caller

    MakeCaller = Callable[[Credentials, Callable[[], float]], Caller]

PROGRAM = """
import sys
from pathlib import Path
from upvest_provider.local import serve
sys.exit(serve(Path(sys.argv[1]), int(sys.argv[2])))
"""


@contextmanager
def program(state: Path, port: int = 0) -> Iterator[subprocess.Popen[str]]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", PROGRAM, str(state), str(port)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    word, url = process.stdout.readline().split()
    assert word == "ready"
    return url


def kept(state: Path) -> Credentials:
    written = json.loads((state / "credentials.json").read_text())
    return Credentials(**{field.name: written[field.name] for field in fields(Credentials)})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_told_to_stop(state: Path, number: signal.Signals, make_caller: MakeCaller) -> None:
    with program(state) as process:
        url = ready(process)
        assert urlsplit(url).hostname == "127.0.0.1"
        assert kept(state).api == url
        assert make_caller(kept(state), time.time).log_in().call("GET", "/webhooks").status == 200
        process.send_signal(number)
        assert process.communicate() == ("", "")
        assert process.returncode == 0


def test_a_taken_port_is_one_clear_sentence(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with program(state, port) as process:
            out, err = process.communicate()
    assert (out, process.returncode) == ("", 1)
    summary, fix = err.splitlines()
    assert summary == f"port {port} of 127.0.0.1 cannot be used: Address already in use"
    assert fix == "name another port, or 0 for any free one"


def test_a_second_process_on_one_directory_is_refused(state: Path) -> None:
    with program(state) as first:
        ready(first)
        with program(state) as second:
            out, err = second.communicate()
        assert (out, second.returncode) == ("", 1)
        assert err == f"another local API runs on {state}\nstop it, or name another directory\n"


def test_a_second_one_in_this_process_is_refused(upvest: LocalUpvest, state: Path) -> None:
    with pytest.raises(SettingsError, match="another local API runs on"), LocalUpvest(state):
        pass
    assert kept(state) == upvest.credentials


def test_a_failed_start_leaves_the_directory_free(state: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(SettingsError, match="cannot be used"),
        LocalUpvest(state, port=other.getsockname()[1]),
    ):
        pass
    with LocalUpvest(state) as upvest:
        assert kept(state).api == upvest.url


def test_the_credentials_outlive_a_restart_and_the_url_is_the_last_one(state: Path) -> None:
    with LocalUpvest(state) as upvest:
        first = upvest.credentials
    with LocalUpvest(state) as upvest:
        second = upvest.credentials
        assert second == kept(state)
        assert second.api == upvest.url
    assert asdict(first) | {"api": second.api} == asdict(second)


def test_webhooks_tokens_nonces_and_keys_outlive_a_restart(
    state: Path, clock: Callable[[], float], make_caller: MakeCaller
) -> None:
    with LocalUpvest(state, clock=clock) as upvest:
        client = make_caller(upvest.credentials, clock).log_in()
        webhook = client.create()
        keys = client.call("GET", "/auth/verify_keys").json
        sent = client.signed("GET", "/webhooks")
        assert client.send(sent).status == 200
    with LocalUpvest(state, clock=clock) as upvest:
        client.url = upvest.url
        assert client.call("GET", "/webhooks").json["data"] == [webhook]
        assert client.call("GET", "/auth/verify_keys").json == keys
        assert client.send(sent).refusal == (401, "Signature: this nonce was used before.")


def test_what_is_secret_is_for_its_owner_only(upvest: LocalUpvest, state: Path) -> None:
    assert mode(state) == 0o700
    assert mode(state / "credentials.json") == 0o600
    assert mode(Path(upvest.credentials.private_key_file)) == 0o600
    assert mode(state / "upvest.sqlite") == 0o600


def test_the_private_key_is_in_the_form_that_the_guide_makes(upvest: LocalUpvest) -> None:
    file = Path(upvest.credentials.private_key_file)
    assert file.is_absolute()
    first, second, third, *_ = file.read_text().splitlines()
    assert (first, second) == ("-----BEGIN EC PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED")
    assert third.startswith("DEK-Info: AES-256-CBC,")


def test_every_answered_write_survives_a_kill(state: Path, make_caller: MakeCaller) -> None:
    answered: queue.Queue[str] = queue.Queue()

    def write(client: Caller) -> None:
        while True:
            try:
                answered.put(client.create()["id"])
            except (OSError, HTTPException):
                return

    with program(state) as process:
        ready(process)
        writers = [
            threading.Thread(target=write, args=[make_caller(kept(state), time.time).log_in()]) for _ in range(2)
        ]
        for writer in writers:
            writer.start()
        written = {answered.get() for _ in range(40)}
        process.kill()
        for writer in writers:
            writer.join()
    written |= {answered.get_nowait() for _ in range(answered.qsize())}

    with program(state) as process:
        ready(process)
        client = make_caller(kept(state), time.time).log_in()
        found = {webhook["id"] for webhook in client.call("GET", "/webhooks?limit=1000").json["data"]}
    assert written <= found
    assert len(found - written) <= len(writers)


def test_it_imports_nothing_of_the_client_that_it_is_there_to_test() -> None:
    for file in Path(upvest_provider.local.__file__).parent.glob("*.py"):
        source = file.read_text()
        assert not re.search(
            r"^\s*(from|import) (pulumi|httpx|upvest_provider\.api|\.\.)", source, re.MULTILINE
        ), file
