"""The provider process as Pulumi's engine drives it: real pickles over gRPC, a real local API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from receiver._pickle_v1 import load
from receiver.local import LocalProvider
from upvest_provider.local import ControlClient, LocalUpvest
from upvest_provider.testing import ProviderError, Servicer

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "hooks.tenant.tld"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
RECORD = {"name": HOST, "type": "A", "values": ["127.0.0.1"], "ttl": 60, "rotate": 0, "delay": 0}
CERTIFICATE = {"name": HOST, "lifetime": 86400, "delay": 0}
LISTENER = {"host": HOST, "delay": 0}
THINGS = [("record", RECORD, "ttl", 30), ("certificate", CERTIFICATE, "lifetime", 3600)]


def inputs(kind: str, members: dict[str, Any]) -> dict[str, Any]:
    return {"__provider": serialize_provider(LocalProvider(kind)), **members}


def number(value: object) -> float:
    assert isinstance(value, float)
    return value


@pytest.fixture
def state(upvest: LocalUpvest) -> Path:
    return Path(upvest.surroundings.ca_file).parent


@pytest.fixture
def servicer(state: Path, tmp_path: Path) -> Iterator[Servicer]:
    # The project's folder is where the engine starts it, so that `receiver` is found beside the program.
    project = Path(__file__).parents[2]
    with Servicer(directory=project, environment={"UPVEST_LOCAL_STATE": str(state)}) as servicer:
        assert tmp_path != project
        yield servicer


@pytest.mark.parametrize(("kind", "members", "changed", "value"), THINGS)
def test_the_life_of_a_thing(
    servicer: Servicer, state: Path, kind: str, members: dict[str, Any], changed: str, value: object
) -> None:
    declared = servicer.check({}, inputs(kind, members)).inputs
    made = servicer.create(declared)
    assert declared.items() <= made.outputs.items()
    assert servicer.diff(made.id, made.outputs, declared).changes is False

    found = servicer.read(made.id, made.outputs)
    assert (found.id, found.outputs) == (made.id, made.outputs)
    assert found.inputs == declared

    other = inputs(kind, {**members, changed: value})
    assert servicer.diff(made.id, made.outputs, other).changes is True
    updated = servicer.update(made.id, made.outputs, other)
    assert updated.keys() == made.outputs.keys()
    assert updated[changed] == value

    servicer.delete(made.id, updated)
    assert servicer.read(made.id, updated).id == ""
    servicer.delete(made.id, updated)
    names = [HOST, "A"] if kind == "record" else [HOST]
    assert ControlClient(state).get("dns" if kind == "record" else "certificates", *names) is None


def test_a_listener_says_how_it_is_reached(servicer: Servicer, upvest: LocalUpvest) -> None:
    made = servicer.create(inputs("listener", LISTENER))
    assert made.outputs["port"] == upvest.world.receiver.port
    assert made.outputs["resolver"] == upvest.surroundings.resolver
    assert made.outputs["ca_file"] == upvest.surroundings.ca_file
    assert servicer.read(made.id, made.outputs).outputs == made.outputs
    servicer.delete(made.id, made.outputs)
    assert servicer.read(made.id, made.outputs).id == ""


def test_each_issue_of_a_certificate_has_another_id(servicer: Servicer) -> None:
    made = servicer.create(inputs("certificate", CERTIFICATE))
    updated = servicer.update(made.id, made.outputs, inputs("certificate", {**CERTIFICATE, "lifetime": -60}))
    assert updated["certificate_id"] != made.outputs["certificate_id"]
    assert number(updated["not_after"]) < number(made.outputs["not_after"])


def test_what_was_changed_by_hand_shows_as_a_drift(servicer: Servicer, state: Path) -> None:
    made = servicer.create(inputs("record", RECORD))
    ControlClient(state).put("dns", HOST, "A", values=["127.0.0.9"], ttl=60)
    found = servicer.read(made.id, made.outputs)
    assert found.inputs == inputs("record", {**RECORD, "values": ["127.0.0.9"]})
    assert servicer.diff(made.id, found.outputs, inputs("record", RECORD)).changes is True


def test_another_name_is_another_thing_and_another_delay_is_no_difference(servicer: Servicer) -> None:
    made = servicer.create(inputs("record", RECORD))
    renamed = servicer.diff(made.id, made.outputs, inputs("record", {**RECORD, "name": "other.tenant.tld"}))
    assert (renamed.changes, renamed.replaces) == (True, ("name",))
    assert servicer.diff(made.id, made.outputs, inputs("record", {**RECORD, "delay": 9})).changes is False


def test_unknown_values_may_become_anything(servicer: Servicer) -> None:
    made = servicer.create(inputs("record", RECORD))
    for name in ("values", "ttl", "name"):
        unknown = servicer.check({}, inputs("record", {**RECORD, name: UNKNOWN})).inputs
        assert servicer.diff(made.id, made.outputs, unknown).changes is True


def test_a_thing_takes_effect_after_its_delay(servicer: Servicer, upvest: LocalUpvest) -> None:
    now = upvest.world.clock()
    made = servicer.create(inputs("listener", {**LISTENER, "delay": 3600}))
    assert number(made.outputs["effective_at"]) >= now + 3600


def test_a_refusal_is_told(servicer: Servicer) -> None:
    with pytest.raises(ProviderError) as error:
        servicer.create(inputs("record", {**RECORD, "values": ["nonsense"]}))
    first, last = error.value.message.splitlines()
    assert first.startswith("the local API refused: values: 'nonsense' is no value of a A record")
    assert last == "Correct what it names."


def test_the_pickle_is_a_name_and_a_version_newer_than_known_is_refused() -> None:
    assert len({serialize_provider(LocalProvider("record")) for _ in range(3)}) == 1
    assert isinstance(load("listener", 1), LocalProvider)
    with pytest.raises(ValueError, match="version 2 of listener"):
        load("listener", 2)
