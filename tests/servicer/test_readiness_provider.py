"""Gates in the provider process as Pulumi's engine drives it: real pickles over gRPC, real DNS and TLS."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from inline_snapshot import snapshot
from pulumi.dynamic.dynamic import serialize_provider

from tests.probes.tls.servers import Server, context_of, tls
from upvest_provider.readiness import TARGET, ReadinessProvider
from upvest_provider.testing import ProviderError, Servicer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servicer.conftest import Lines, Stage

PROVIDER = serialize_provider(ReadinessProvider())
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SOON = 5
"""Seconds within which what ends within two is certainly seen to end."""


def declared(gate: dict[str, Any]) -> dict[str, Any]:
    return {"__provider": PROVIDER, **gate}


def plain(text: str) -> str:
    """Without what differs from run to run: ports, places and seconds."""
    text = re.sub(r":\d{4,5}\b", ":PORT", text)
    return re.sub(r"\d+ attempts?, \d+ s", "N attempts, N s", re.sub(r"after \d+ s", "after N s", text))


@pytest.fixture
def start(stage: Stage, tmp_path: Path, lines: Lines) -> Callable[[], Servicer]:
    def start() -> Servicer:
        environment = {"UPVEST_LOCAL_STATE": str(stage.state)}
        return Servicer(config={"upvest:api": "local"}, directory=tmp_path, environment=environment, lines=lines)

    return start


@pytest.fixture
def servicer(start: Callable[[], Servicer]) -> Iterator[Servicer]:
    with start() as running:
        yield running


@pytest.fixture
def made(servicer: Servicer, stage: Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs and outputs of a gate that is open."""
    stage.receiver()
    inputs = servicer.check({}, declared(stage.gate(passes=1, triggers=["a"]))).inputs
    return inputs, servicer.create(inputs).outputs


def test_the_life_of_a_gate(servicer: Servicer, stage: Stage) -> None:
    stage.receiver()
    inputs = servicer.check({}, declared(stage.gate(interval="1s"))).inputs
    gate = servicer.create(inputs)
    assert inputs.items() <= gate.outputs.items()
    assert gate.outputs["ready"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(gate.outputs["checked_at"]))
    evidence = gate.outputs["evidence"]
    assert isinstance(evidence, list)
    assert [(told["check"], told["status"], told["attempts"]) for told in evidence] == [
        ("dns", "pass", 3),
        ("tls", "pass", 3),
        ("http", "skip", 0),
    ]
    assert {told["seen_from"] for told in evidence} == {"this runner"}

    asked = len(stage.queries())
    found = servicer.read(gate.id, gate.outputs)
    assert (found.id, found.outputs) == (gate.id, gate.outputs)
    assert servicer.diff(gate.id, gate.outputs, inputs).changes is False
    servicer.delete(gate.id, gate.outputs)
    assert len(stage.queries()) == asked

    updated = servicer.update(gate.id, gate.outputs, {**inputs, "triggers": ["new certificate"]})
    assert updated.keys() == {*gate.outputs, "triggers"}
    assert len(stage.queries()) > asked
    assert stage.upvest.requests() == []


def test_a_gate_is_known_to_be_ready_before_it_ran_where_it_fails_otherwise(
    servicer: Servicer, stage: Stage
) -> None:
    assert servicer.check({}, declared(stage.gate())).inputs["ready"] is True
    assert servicer.check({}, declared(stage.gate(on_timeout="fail"))).inputs["ready"] is True
    assert "ready" not in servicer.check({}, declared(stage.gate(on_timeout="report"))).inputs
    # What an earlier version of the program wrote does not stay.
    assert "ready" not in servicer.check({}, declared(stage.gate(on_timeout="report", ready=True))).inputs


def test_faults_are_told_by_property_before_anything_is_asked(servicer: Servicer, stage: Stage) -> None:
    checked = servicer.check({}, declared(stage.gate(passes=0, checks={"tls": "skip"})))
    assert checked.failures == (
        ("", 'checks must say why tls is skipped, as "skip: the receiver is behind a VPN"'),
        ("", "passes must be a whole number from 1 to 100"),
    )
    assert servicer.check({}, declared(stage.gate(triggers=[UNKNOWN], url=UNKNOWN))).failures == ()
    assert stage.queries() == []


def test_whole_numbers_stay_whole_on_their_way(servicer: Servicer, stage: Stage) -> None:
    passes = servicer.check({}, declared(stage.gate(passes=4.0))).inputs["passes"]
    assert repr(passes) in {"4", "4.0"}
    assert servicer.check({}, declared(stage.gate(passes=2.5))).failures


OTHERS = {
    "url": "https://other.tenant.tld",
    "reachable_from": "upvest",
    "checks": {"http": "warn"},
    "expect": ["127.0.0.0/8"],
    "resolvers": ["127.0.0.1:53"],
    "ca_file": "/other.pem",
    "allow_private": False,
    "min_validity": "2h",
    "triggers": ["b"],
}


@pytest.mark.parametrize("name", [*TARGET, "triggers"])
def test_another_target_or_trigger_runs_the_gate_again(
    servicer: Servicer, made: tuple[dict[str, Any], dict[str, Any]], name: str
) -> None:
    inputs, outputs = made
    assert servicer.diff("id", outputs, {**inputs, name: OTHERS[name]}).changes is True
    assert servicer.diff("id", outputs, {**inputs, name: UNKNOWN}).changes is True


@pytest.mark.parametrize(
    "other",
    [{"timeout": "1h"}, {"interval": "9s"}, {"passes": 9}, {"on_timeout": "report"}, {"__name": "renamed"}],
)
def test_patience_alone_does_not_run_an_open_gate_again(
    servicer: Servicer, stage: Stage, made: tuple[dict[str, Any], dict[str, Any]], other: dict[str, Any]
) -> None:
    inputs, outputs = made
    asked = len(stage.queries())
    assert servicer.diff("id", outputs, {**inputs, **other}).changes is False
    assert len(stage.queries()) == asked


def test_a_gate_that_is_not_ready_runs_again_and_the_preview_says_what_it_waits_for(
    servicer: Servicer, lines: Lines, stage: Stage
) -> None:
    gate = stage.gate(on_timeout="report", timeout="1s", interval="1s")
    inputs = servicer.check({}, declared(gate)).inputs
    outputs = servicer.create(inputs).outputs
    assert outputs["ready"] is False
    warning = lines.wait_for("warning: gate")
    assert plain(warning).startswith(
        "upvest: warning: gate 'hooks.tenant.tld': https://hooks.tenant.tld:PORT is not ready: dns: "
    )
    asked = len(stage.queries())
    assert servicer.diff("id", outputs, inputs).changes is True
    assert len(stage.queries()) == asked
    line = lines.wait_for("still waits")
    assert line.removesuffix(f" (at {outputs['checked_at']})") == snapshot(
        "upvest: gate 'hooks.tenant.tld' still waits: dns: name not there: hooks.tenant.tld does not exist (NXDOMAIN) at registry (127.0.0.4)"
    )

    stage.receiver()
    assert servicer.update("id", outputs, {**inputs, "passes": 1})["ready"] is True


def test_a_gate_that_stays_shut_says_what_was_seen_and_what_to_do(servicer: Servicer, stage: Stage) -> None:
    stage.control.put("listeners", "hooks.tenant.tld")
    stage.control.put("dns", "hooks.tenant.tld", "A", values=["127.0.0.1"])
    gate = stage.gate(timeout="1s", interval="1s")
    with pytest.raises(ProviderError) as error:
        servicer.create(servicer.check({}, declared(gate)).inputs)
    told = plain(error.value.message).replace(str(gate["ca_file"]), "CA.pem")
    assert told == snapshot("""\
https://hooks.tenant.tld:PORT is not ready: tls: certificate is for default.receiver.invalid, not hooks.tenant.tld, at 127.0.0.1:PORT
As seen from this machine, after N s; nothing was sent to Upvest:
  dns: pass (N attempts, N s): hooks.tenant.tld is 127.0.0.1 at 2 name servers of tenant.tld and 1 resolver
  tls: wait (N attempts, N s): certificate is for default.receiver.invalid, not hooks.tenant.tld, at 127.0.0.1:PORT
  http: skip: a receiver may act on a request that Upvest did not send
Install a certificate for hooks.tenant.tld, or correct the receiver's rule that selects it by name. Or leave the check out with checks={"tls": "skip: <reason>"}.\
""")
    assert stage.upvest.requests() == []


def test_four_gates_on_one_origin_ask_as_much_as_one(start: Callable[[], Servicer], stage: Stage) -> None:
    stage.receiver()
    gate = declared(stage.gate())
    with start() as servicer:
        servicer.create(gate)
    alone = len(stage.queries())
    with start() as servicer, ThreadPoolExecutor(4) as pool:
        gates = list(pool.map(servicer.create, [{**gate, "__name": f"gate{number}"} for number in range(4)]))
    assert [made.outputs["ready"] for made in gates] == [True] * 4
    # A gate that a busy machine leaves far behind asks once more for itself; four for themselves ask four times.
    assert alone > 0
    assert len(stage.queries()) - alone < 2 * alone


def test_the_fourth_gate_that_waits_warns_that_nothing_else_moves(
    servicer: Servicer, lines: Lines, stage: Stage
) -> None:
    gates = [declared(stage.gate(f"hooks{number}.tenant.tld")) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(servicer.create, gate) for gate in gates[:3]]
        for number in range(3):
            lines.wait_for(f"gate 'hooks{number}.tenant.tld': [1/2]")
        assert not [line for line in lines if "gates wait at once" in line]
        calls.append(pool.submit(servicer.create, gates[3]))
        assert lines.wait_for("gates wait at once") == snapshot(
            "upvest: gate 'hooks3.tenant.tld': warning: 4 gates wait at once, so no other dynamic resource of this stack moves until one ends; let each gate depend on everything that it waits for"
        )
        servicer.engine.die()
        for call in calls:
            assert "Pulumi's engine is gone" in str(call.exception(SOON))


def test_a_gate_ends_between_two_tries_when_the_engine_is_killed(
    servicer: Servicer, lines: Lines, stage: Stage
) -> None:
    gate = declared(stage.gate(timeout="1h", interval="10m"))
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(servicer.create, gate)
        lines.wait_for("Waiting for up to 3600 s")
        servicer.engine.die()
        assert "Pulumi's engine is gone, so nothing further was sent to Upvest" in str(call.exception(SOON))
    assert stage.upvest.requests() == []


def test_a_gate_ends_in_the_middle_of_a_probe_when_the_engine_is_killed(servicer: Servicer, stage: Stage) -> None:
    stage.control.put("dns", "hooks.tenant.tld", "A", values=["127.0.0.1"])
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as pool:
        silent.settimeout(10)
        call = pool.submit(servicer.create, declared(stage.gate(port=silent.getsockname()[1])))
        connection, _ = silent.accept()
        with connection:  # whoever knocked waits for an answer now, for 10 s
            servicer.engine.die()
            assert "Pulumi's engine is gone" in str(call.exception(SOON))
    assert stage.upvest.requests() == []


def test_a_wildcard_opens_with_a_warning_and_expect_silences_it(servicer: Servicer, stage: Stage) -> None:
    stage.receiver()
    stage.control.delete("dns", "hooks.tenant.tld", "A")
    stage.control.put("dns", "*.tenant.tld", "A", values=["127.0.0.1"])

    def warnings(more: dict[str, object]) -> object:
        outputs = servicer.create(declared(stage.gate(passes=1) | more)).outputs
        evidence = outputs["evidence"]
        assert isinstance(evidence, list)
        assert outputs["ready"] is True
        return evidence[0]["warnings"]

    assert warnings({}) == snapshot(
        ["wildcard: a random name beside hooks.tenant.tld leads there too, so any name would pass; say `expect`"]
    )
    assert warnings({"expect": ["127.0.0.0/8"]}) == []


def test_addresses_that_rotate_in_subsets_open_the_gate(servicer: Servicer, stage: Stage, tmp_path: Path) -> None:
    authority = trustme.CA()
    roots = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(roots)
    meet = tls(context_of(authority, "hooks.tenant.tld"))
    addresses = [f"127.0.0.{number}" for number in range(1, 5)]
    stage.control.put("dns", "hooks.tenant.tld", "A", values=addresses, rotate=1)
    with ExitStack() as exits:
        first = exits.enter_context(Server(meet, address=addresses[0]))
        others = [exits.enter_context(Server(meet, address=address, port=first.port)) for address in addresses[1:]]
        outputs = servicer.create(declared(stage.gate(port=first.port, ca_file=str(roots)))).outputs
        assert outputs["ready"] is True
        assert sum(server.met > 0 for server in (first, *others)) > 1
    evidence = outputs["evidence"]
    assert isinstance(evidence, list)
    assert [(told["status"], told["attempts"]) for told in evidence[:2]] == [("pass", 3), ("pass", 3)]
