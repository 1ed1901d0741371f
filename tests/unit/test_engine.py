from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.engine import PATIENCE, Engine, engine_of_this_process
from upvest_provider.errors import EngineGone

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def address_of(server: socket.socket) -> tuple[str, int]:
    host, port = server.getsockname()[:2]
    return host, port


def test_an_engine_that_listens_is_there(listening: socket.socket) -> None:
    engine = Engine(address_of(listening))

    engine.require()
    engine.require()


def test_an_engine_that_was_killed_is_gone(listening: socket.socket) -> None:
    engine = Engine(address_of(listening))
    engine.require()

    listening.close()

    with pytest.raises(EngineGone) as gone:
        engine.require()
    assert str(gone.value) == snapshot("""\
Pulumi's engine is gone, so nothing further was sent to Upvest
Run `pulumi cancel` if the stack is locked, then `pulumi up --refresh`.\
""")


@pytest.fixture
def too_busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """The address of what listens and takes no connection more, so that one to it times out."""
    monkeypatch.setattr("upvest_provider.engine.CONNECT_TIMEOUT", 0.01)
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        with suppress(TimeoutError):
            while True:
                stack.enter_context(socket.create_connection(address_of(server), timeout=0.05))
        yield address_of(server)


def test_an_engine_that_is_too_busy_to_answer_is_there(too_busy: tuple[str, int]) -> None:
    engine = Engine(too_busy, monotonic=lambda: 0)

    for _ in range(5):
        engine.require()


def test_an_engine_that_does_not_answer_for_long_is_taken_for_gone(too_busy: tuple[str, int]) -> None:
    now = 100.0
    engine = Engine(too_busy, monotonic=lambda: now)
    engine.require()
    now += PATIENCE
    engine.require()

    now += 0.1

    with pytest.raises(EngineGone):
        engine.require()


# In a process of its own, for it leaves no file descriptor to anyone.
WITHOUT_DESCRIPTORS = """
import resource, sys
from upvest_provider.engine import PATIENCE, Engine
from upvest_provider.errors import EngineGone

def outcome():
    try:
        engine.require()
    except EngineGone:
        return "gone"
    return "there"

now = 0
host, _, port = sys.argv[-1].partition(":")
engine = Engine((host, int(port)), monotonic=lambda: now)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
told = []
for scarce in (True, False, True):
    now += PATIENCE
    resource.setrlimit(resource.RLIMIT_NOFILE, (3 if scarce else 64, hard))
    told.append(outcome())
now += PATIENCE
print(*told, outcome())
"""


def test_a_process_without_a_file_descriptor_left_asks_again_later(listening: socket.socket) -> None:
    host, port = address_of(listening)
    command = [sys.executable, "-c", WITHOUT_DESCRIPTORS, f"{host}:{port}"]

    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    assert ended.stdout.split() == ["there", "there", "there", "there"]


def test_without_an_engine_nothing_is_required() -> None:
    Engine(None).require()


# Pulumi's servicer runs calls on a pool of threads; after the second Ctrl-C its main thread ends, while the engine
# still listens. The worker here outlives the main thread in the same way.
ENDING = """
import sys
from concurrent.futures import ThreadPoolExecutor
from upvest_provider.engine import engine_of_this_process
from upvest_provider.errors import EngineGone

def work():
    engine = engine_of_this_process()
    engine.require()
    print("alive", flush=True)
    try:
        while True:
            probe.submit(int).result()
    except RuntimeError:
        pass
    try:
        engine.require()
    except EngineGone:
        print("gone", flush=True)

probe = ThreadPoolExecutor(1)
ThreadPoolExecutor(1).submit(work)
"""


def test_a_process_that_is_ending_takes_its_engine_for_gone(listening: socket.socket) -> None:
    host, port = address_of(listening)
    command = [sys.executable, "-c", ENDING, f"{host}:{port}"]

    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    assert ended.stdout.split() == ["alive", "gone"]


@pytest.mark.parametrize("form", ["{host}:{port}", "localhost:{port}", "[{host}]:{port}"])
@pytest.mark.parametrize("more", [[], ["--logtostderr", "127.0.0.1:1"]])
def test_the_engine_is_the_last_argument_of_the_command_line(
    listening: socket.socket, form: str, more: list[str]
) -> None:
    host, port = address_of(listening)
    engine = engine_of_this_process(["pulumi/dynamic/__main__.py", *more, form.format(host=host, port=port)])

    engine.require()
    listening.close()

    with pytest.raises(EngineGone):
        engine.require()


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["127.0.0.1:1"],
        ["main"],
        ["main", ""],
        ["main", "up"],
        ["main", "1"],
        ["main", ":1"],
        ["main", "127.0.0.1:"],
        ["main", "127.0.0.1:port"],
        ["main", "127.0.0.1:123456"],
        ["main", "127.0.0.1:1", "--more"],
    ],
)
def test_a_command_line_without_an_address_has_no_engine(argv: list[str]) -> None:
    engine_of_this_process(argv).require()
