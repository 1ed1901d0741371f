"""Ctrl-C at the terminal while a webhook is created: SIGINT to Pulumi's process group, once and twice."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.crashes.processes import Family, eventually
from tests.lifecycle.life import Life, steps, users
from upvest_provider.local import Fault, FaultKind

if TYPE_CHECKING:
    import subprocess

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="finds processes as Linux tells them"
)


PROVIDER = "-m pulumi.dynamic"


class Terminal:
    """Where Pulumi runs: what it prints, and Ctrl-C."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        self._running = running
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._running.stdout
        with self._running.stdout as stream:
            self.lines.extend(stream)

    def interrupt(self, answer: str) -> None:
        """Ctrl-C, and wait until Pulumi has taken it."""
        os.killpg(self._running.pid, signal.SIGINT)
        eventually(lambda: any(answer in line for line in self.lines))

    def exit_code(self) -> int:
        """What Pulumi ends with."""
        code = self._running.wait(30)
        self._reader.join()
        return code


@pytest.fixture
def terminal(life: Life, family: Family) -> Terminal:
    """An `up` whose POST is handled and not answered."""
    life.declare(users())
    life.upvest.faults.add(Fault(FaultKind.HOLD_AFTER, method="POST", path="/webhooks"))
    terminal = Terminal(life.begin("up"))
    life.upvest.faults.wait_until_met(1, timeout=60)
    assert family.listening(PROVIDER)
    return terminal


def test_after_one_ctrl_c_the_running_create_finishes_and_is_recorded(
    life: Life, family: Family, terminal: Terminal
) -> None:
    terminal.interrupt("^C received; cancelling")
    life.upvest.faults.release()
    assert terminal.exit_code() != 0
    family.wait_until_gone()
    assert life.sent() == ["token", "GET", "POST", "PATCH"]
    assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)
    outcome = life.stack.up()
    assert steps(outcome) == [("same", "users")]
    assert outcome.messages == ()


def test_after_two_ctrl_c_nothing_more_is_sent_and_the_next_up_heals(
    life: Life, family: Family, terminal: Terminal
) -> None:
    terminal.interrupt("^C received; cancelling")
    terminal.interrupt("^C received; terminating")
    eventually(lambda: not family.listening(PROVIDER))
    life.upvest.faults.release()
    assert terminal.exit_code() != 0
    family.wait_until_gone()
    assert life.sent() == ["token", "GET", "POST"]
    assert not life.webhook().enabled
    assert steps(life.stack.up()) == [("create", "users")]
    assert life.sent() == ["token", "GET", "GET", "DELETE", "POST", "PATCH"]
    assert (life.webhook().title, life.webhook().enabled) == ("User webhook", True)
