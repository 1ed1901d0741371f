"""The gates of one process, on the local world; time passes only while all who wait for it sleep."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from inline_snapshot import snapshot

from tests.probes.tls.servers import Server, context_of, tls, unused_port
from tests.servicer.conftest import HOST, Stage
from upvest_provider.errors import EngineGone, NotReady
from upvest_provider.gates import FRESH, WORKERS, Gates, Target, closed
from upvest_provider.local import LocalUpvest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from upvest_provider.probes.gate import Verdict


class Time:
    """A clock that moves on only once all workers sleep; it starts now, as certificates need it.

    Attributes:
        threads: How many there were each time that it moved on.
    """

    def __init__(self, workers: int = 1) -> None:
        self.began = self.now = time.time()
        self.threads: list[int] = []
        self._workers = workers
        self._wakings: list[float] = []
        self._moved = threading.Condition()

    def __call__(self) -> float:
        return self.now

    @property
    def passed(self) -> float:
        return self.now - self.began

    def sleep(self, seconds: float) -> None:
        with self._moved:
            waking = self.now + seconds
            self._wakings.append(waking)
            self._move_on()
            assert self._moved.wait_for(lambda: self.now >= waking, timeout=60)

    def leave(self) -> None:
        """One worker less."""
        with self._moved:
            self._workers -= 1
            self._move_on()

    def _move_on(self) -> None:
        if self._wakings and len(self._wakings) == self._workers:
            self.threads.append(threading.active_count())
            self.now = min(self._wakings)
            self._wakings = [waking for waking in self._wakings if waking > self.now]
            self._moved.notify_all()


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def stage(clock: Time, tmp_path: Path) -> Iterator[Stage]:
    with LocalUpvest(tmp_path / "upvest", clock=clock) as upvest:
        yield Stage(upvest)


@pytest.fixture
def gates(clock: Time) -> Gates:
    return Gates(clock=clock, sleep=clock.sleep)


def wait(gates: Gates, inputs: dict[str, Any], said: list[str] | None = None) -> Verdict:
    lines: list[str] = [] if said is None else said
    return gates.wait(inputs, alive=lambda: None, say=lines.append)


def confirm(gates: Gates, inputs: dict[str, Any]) -> None:
    gates.confirm(inputs, alive=lambda: None)


def test_a_proof_serves_for_a_minute_and_then_the_checks_are_asked_once_more(
    gates: Gates, stage: Stage, clock: Time
) -> None:
    stage.receiver()
    gate = stage.gate()
    assert wait(gates, gate).ready
    opened, waited = clock.now, len(stage.queries())
    for moment in (0, FRESH - 0.1):
        clock.now = opened + moment
        confirm(gates, gate)
        assert len(stage.queries()) == waited
    clock.now = opened + FRESH
    confirm(gates, gate)
    once = len(stage.queries()) - waited
    assert 0 < once < waited
    # What was confirmed is a proof for another minute.
    clock.now += FRESH - 0.1
    confirm(gates, gate)
    assert len(stage.queries()) == waited + once


def test_without_a_proof_of_this_process_the_checks_are_asked(gates: Gates, stage: Stage) -> None:
    stage.receiver()
    confirm(gates, stage.gate())
    assert stage.queries() != []


@pytest.mark.parametrize(
    "other",
    [
        {"expect": ["127.0.0.0/8"]},
        {"min_validity": "1h"},
        {"checks": {"tls": "warn"}},
        {"reachable_from": "upvest"},
    ],
)
def test_a_proof_is_none_of_another_target(gates: Gates, stage: Stage, other: dict[str, Any]) -> None:
    stage.receiver()
    assert wait(gates, stage.gate()).ready
    waited = len(stage.queries())
    confirm(gates, stage.gate(**other))
    assert len(stage.queries()) > waited


@pytest.mark.parametrize(
    "other", [{"timeout": "1h"}, {"interval": "9s"}, {"passes": 1}, {"triggers": ["b"]}, {"on_timeout": "report"}]
)
def test_a_proof_serves_whatever_the_patience_of_the_gate_is(
    gates: Gates, stage: Stage, other: dict[str, Any]
) -> None:
    stage.receiver()
    assert wait(gates, stage.gate()).ready
    waited = len(stage.queries())
    confirm(gates, stage.gate(**other))
    assert len(stage.queries()) == waited


def test_paths_share_a_target_unless_http_looks_at_them(stage: Stage) -> None:
    here, there = stage.gate(), stage.gate()
    there["url"] += "/webhooks/users?token=x"
    assert Target.of(here) == Target.of(there)
    checks = {"http": "require"}
    assert Target.of(here | {"checks": checks}) != Target.of(there | {"checks": checks})


def test_what_is_not_ready_any_more_is_told_and_asked_again(gates: Gates, stage: Stage, clock: Time) -> None:
    stage.receiver()
    gate = stage.gate()
    assert wait(gates, gate).ready
    clock.now += FRESH
    stage.control.delete("dns", HOST, "A")
    with pytest.raises(NotReady) as error:
        confirm(gates, gate)
    assert re.sub(r":\d{5}", ":PORT", str(error.value)) == snapshot("""\
https://hooks.tenant.tld:PORT is not ready: dns: name not there: hooks.tenant.tld does not exist (NXDOMAIN) at ns1.tenant.tld (127.0.0.2), ns2.tenant.tld (127.0.0.3)
As seen from this machine, after 0 s; nothing was changed at Upvest:
  dns: wait (1 attempt, 0 s): name not there: hooks.tenant.tld does not exist (NXDOMAIN) at ns1.tenant.tld (127.0.0.2), ns2.tenant.tld (127.0.0.3)
  tls: wait: asked only after dns passes
  http: skip: a receiver may act on a request that Upvest did not send
Create an A or CNAME record for hooks.tenant.tld in tenant.tld; if your DNS console shows one, tenant.tld is delegated to other servers than the console's. Or leave the check out with checks={"dns": "skip: <reason>"}.\
""")
    stage.receiver()
    clock.now += 3600  # until the resolvers have forgotten everything
    confirm(gates, gate)


def test_a_closed_gate_leaves_no_proof(gates: Gates, stage: Stage) -> None:
    gate = stage.gate(timeout="5s")
    assert not wait(gates, gate).ready
    with pytest.raises(NotReady):
        confirm(gates, gate)


def test_a_host_that_was_asked_for_too_early_is_explained_and_opens_when_the_caches_let_go(
    gates: Gates, stage: Stage
) -> None:
    stage.control.put("zones", "tenant.tld", minimum=240)
    with pytest.raises(OSError, match="NXDOMAIN"):  # a person who looks whether it is there yet
        stage.upvest.world.sender.post(f"https://{HOST}", b"")
    stage.receiver()
    said: list[str] = []
    verdict = wait(gates, stage.gate(), said)
    assert said[0] == snapshot(
        "[1/2] dns: old answer lives for another 240 s: hooks.tenant.tld is still NXDOMAIN at 127.0.0.1 (240 s); its name servers hold 127.0.0.1 (0 s, at most 240 s more for caches). Waiting for up to 600 s, and Ctrl-C waits for that, too; nothing was sent to Upvest."
    )
    assert verdict.ready
    assert 240 <= verdict.seconds <= 240 + 15 + 2
    assert len(said) == 2


def test_a_host_that_gates_alone_ask_for_sits_in_no_cache(gates: Gates, stage: Stage) -> None:
    stage.control.put("zones", "tenant.tld", minimum=240)
    stage.control.put("listeners", HOST)
    stage.control.put("certificates", HOST)
    stage.control.put("dns", HOST, "A", values=["127.0.0.1"], delay=30)
    verdict = wait(gates, stage.gate())
    assert verdict.ready
    assert verdict.seconds <= 30 + 15 + 2


def test_a_closed_gate_tells_what_was_seen_without_the_path(gates: Gates, stage: Stage) -> None:
    gate = stage.gate(timeout="5s")
    gate["url"] += "/secret"
    error = closed(gate, wait(gates, gate))
    assert error.summary.startswith(f"{stage.gate()['url']} is not ready: dns: name not there: ")
    assert "secret" not in str(error)


@pytest.mark.parametrize("ca_file", ["missing.pem", "credentials.json"])
def test_roots_that_cannot_be_read_end_the_gate_at_once(gates: Gates, stage: Stage, ca_file: str) -> None:
    stage.receiver()
    gate = stage.gate(ca_file=str(stage.state / ca_file))
    for call in (wait, confirm):
        with pytest.raises(NotReady, match="Set ca_file to a PEM file of root certificates"):
            call(gates, gate)


def test_http_is_asked_where_it_is_declared(gates: Gates, stage: Stage) -> None:
    stage.receiver()
    gate = stage.gate(checks={"http": "require"}, timeout="5s")
    assert [evidence.status for evidence in wait(gates, gate).evidence] == ["pass"] * 3
    stage.control.answer_with(404)
    shut = wait(gates, gate)
    assert [evidence.status for evidence in shut.evidence] == ["pass", "pass", "wait"]
    assert "404" in closed(gate, shut).summary


def test_where_dns_is_not_checked_this_machines_own_view_of_the_name_is_met(
    gates: Gates, stage: Stage, tmp_path: Path
) -> None:
    authority = trustme.CA()
    roots = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(roots)
    with Server(tls(context_of(authority, "localhost"))) as server:
        gate = stage.gate("localhost", port=server.port, ca_file=str(roots), checks={"dns": "skip: a hosts file"})
        verdict = wait(gates, gate)
    assert [evidence.status for evidence in verdict.evidence] == ["skip", "pass", "skip"]
    assert stage.queries() == []


def test_a_gate_whose_engine_is_gone_asks_nothing(gates: Gates, stage: Stage) -> None:
    def gone() -> None:
        raise EngineGone("gone")

    with pytest.raises(EngineGone):
        gates.wait(stage.gate(), alive=gone, say=lambda _: None)
    assert stage.queries() == []


def test_twenty_dead_origins_end_and_leave_no_thread_behind(tmp_path: Path) -> None:
    clock, timeout = Time(WORKERS), 10
    with LocalUpvest(tmp_path / "upvest", clock=clock) as upvest:
        stage, gates = Stage(upvest), Gates(clock=clock, sleep=clock.sleep)
        origins = [stage.gate(f"dead{n}.tenant.tld", port=unused_port(), timeout=f"{timeout}s") for n in range(20)]
        for number in range(0, 20, 2):  # the others have no name
            stage.control.put("dns", f"dead{number}.tenant.tld", "A", values=["127.0.0.1"])
        verdicts: list[Verdict] = []
        left, lock = iter(origins), threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    origin = next(left, None)
                if origin is None:
                    return clock.leave()
                verdicts.append(wait(gates, origin))

        before = set(threading.enumerate())
        workers = [threading.Thread(target=work) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert [verdict.ready for verdict in verdicts] == [False] * 20
        assert clock.passed == pytest.approx(len(origins) / WORKERS * timeout)
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
            assert not thread.is_alive(), thread
        # Beside the workers at most what each one's last probe is about to end: itself, and eight DNS threads.
        assert max(clock.threads) <= len(before) + WORKERS * (1 + 1 + 8)
