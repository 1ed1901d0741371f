"""One provider process alone, over the engine's own protocol."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from tests.testing.toybox import PROJECT
from upvest_provider.testing import ProviderError, Servicer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The inputs of a toy, with the provider as the program would pickle it."""
    monkeypatch.syspath_prepend(PROJECT)
    return {"__provider": serialize_provider(importlib.import_module("toys").ToyProvider()), "title": "red"}


@pytest.fixture
def servicer(tmp_path: Path) -> Iterator[Servicer]:
    config = {"toys:greeting": "good morning"}
    environment = {"TOY_BOX": str(tmp_path)}
    with Servicer(config=config, project="toys", directory=PROJECT, environment=environment) as running:
        yield running


def test_a_provider_lives_through_all_its_methods(servicer: Servicer, toy: dict[str, object]) -> None:
    checked = servicer.check({}, toy)
    assert checked.inputs == {**toy, "size": 1}
    assert checked.failures == ()
    made = servicer.create(checked.inputs)
    assert made.id == "toy-0"
    assert made.outputs == {**toy, "size": 1, "serial": "serial of toy-0"}
    assert servicer.diff(made.id, made.outputs, checked.inputs).changes is False
    truck = {**checked.inputs, "kind": "truck", "first": True}
    difference = servicer.diff(made.id, made.outputs, truck)
    assert (difference.changes, difference.replaces, difference.delete_before_replace) == (True, ("kind",), True)
    blue = {**checked.inputs, "title": "blue"}
    outputs = servicer.update(made.id, made.outputs, blue)
    found = servicer.read(made.id, outputs)
    assert (found.id, found.outputs, found.inputs) == (made.id, outputs, blue)
    servicer.delete(made.id, outputs)
    assert servicer.read(made.id, outputs).id == ""


def test_check_tells_every_failure(servicer: Servicer, toy: dict[str, object]) -> None:
    failures = servicer.check({}, {**toy, "title": "", "size": 0}).failures
    assert failures == (("title", "must not be empty"), ("size", "must not be 0"))


def test_unknown_values_pass_through_check(servicer: Servicer, toy: dict[str, object]) -> None:
    inputs = {**toy, "title": UNKNOWN, "settings": {"speed": UNKNOWN}}
    assert servicer.check({}, inputs).inputs == {**inputs, "size": 1}


def test_secrets_arrive_unwrapped_where_the_caller_sends_them_so(
    servicer: Servicer, toy: dict[str, object]
) -> None:
    assert servicer.create({**toy, "password": "plain"}).outputs["password"] == "plain"


def test_an_error_is_the_traceback_and_its_message_is_what_was_raised(
    servicer: Servicer, toy: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "broken").write_text("create")
    with pytest.raises(ProviderError) as caught:
        servicer.create(toy)
    assert str(caught.value).startswith("Traceback (most recent call last):")
    assert caught.value.message == "cannot create\nthe box is broken"


def test_the_provider_gets_the_configuration_and_its_lines_are_collected(
    servicer: Servicer, toy: dict[str, object]
) -> None:
    made = servicer.create(toy)
    servicer.update(made.id, made.outputs, toy)
    servicer.stop()
    assert servicer.lines == ["good morning", "create toy-0", "update toy-0"]


def test_a_provider_sees_the_death_of_its_engine(servicer: Servicer, toy: dict[str, object]) -> None:
    made = servicer.create(toy)
    servicer.engine.die()
    servicer.delete(made.id, made.outputs)
    servicer.stop()
    assert servicer.lines[-2:] == ["create toy-0", "delete toy-0 without an engine"]


def test_a_process_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('not a port')")
    with pytest.raises(ProviderError, match="not a port"):
        Servicer(environment={"PYTHONPATH": str(tmp_path)})
