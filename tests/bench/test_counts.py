"""What the contenders ask of the API, counted there; through the provider process, so without the Pulumi CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench import bars
from bench.api import Api
from bench.contenders import contender
from bench.lives import CHANGE, DESTROY, OPERATIONS, PREVIEW, REFRESH, SAME, UP, WORKERS, OnServicer
from bench.webhooks import fields_of
from upvest_provider.testing import Servicer

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

COUNT = 6


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with Api(tmp_path / "api", 0) as running:
        yield running


def life_of(name: str, api: Api, folder: Path) -> dict[str, Counter[str]]:
    """What each operation of a life asks."""
    stack = OnServicer(name, COUNT, folder / name, api.environment(name))
    asked = {}
    for operation in OPERATIONS:
        stack.seconds(operation)
        asked[operation] = +api.asked()
    return asked


def properties_of(name: str, api: Api, folder: Path) -> tuple[set[str], set[str]]:
    """The names of a resource's inputs and outputs."""
    declared = contender(name).sent("w0", fields_of(0))
    environment = api.environment(name)
    with Servicer(config={"upvest:api": "local"}, directory=folder, environment=environment) as servicer:
        inputs = servicer.check({}, declared).inputs
        return set(inputs), set(servicer.create(inputs).outputs)


def without_connections(asked: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {
        operation: {kind: count for kind, count in counts.items() if kind != "connections"}
        for operation, counts in asked.items()
    }


def test_ours_asks_what_is_needed_and_one_list(api: Api, tmp_path: Path) -> None:
    asked = life_of("ours", api, tmp_path)
    assert without_connections(asked) == {
        PREVIEW: {},
        UP: {"token": 1, "list": 1, "POST": COUNT, "PATCH": COUNT},
        SAME: {},
        REFRESH: {"token": 1, "list": 1},
        CHANGE: {"token": 1, "PATCH": 1},
        DESTROY: {"token": 1, "DELETE": COUNT},
    }


def test_the_bars_ask_for_what_ours_asks(api: Api, tmp_path: Path) -> None:
    asked = without_connections(life_of("ours", api, tmp_path))
    for operation, counts in asked.items():
        assert counts.pop("list", 0) <= bars.most_lists(operation, COUNT, seconds=0)
        assert counts == bars.needed_requests(operation, COUNT)


def test_ours_opens_no_more_connections_than_there_are_workers(api: Api, tmp_path: Path) -> None:
    asked = life_of("ours", api, tmp_path)
    assert asked[REFRESH]["connections"] == asked[CHANGE]["connections"] == 1
    assert 1 <= asked[UP]["connections"] <= WORKERS
    assert 1 <= asked[DESTROY]["connections"] <= WORKERS


def test_the_naive_provider_pays_a_token_and_a_connection_for_each_call(api: Api, tmp_path: Path) -> None:
    asked = life_of("naive", api, tmp_path)
    assert asked[UP] == {"token": COUNT, "POST": COUNT, "PATCH": COUNT, "connections": COUNT}
    assert asked[REFRESH] == {"token": COUNT, "GET": COUNT, "connections": COUNT}
    assert asked[CHANGE] == {"token": 1, "PATCH": 1, "connections": 1}
    assert asked[DESTROY] == {"token": COUNT, "DELETE": COUNT, "connections": COUNT}


@pytest.mark.parametrize("name", ["floor", "bare"])
def test_what_does_nothing_asks_nothing(name: str, api: Api, tmp_path: Path) -> None:
    assert set(map(len, life_of(name, api, tmp_path).values())) == {0}


def test_the_floor_has_the_properties_of_ours(api: Api, tmp_path: Path) -> None:
    assert properties_of("floor", api, tmp_path) == properties_of("ours", api, tmp_path)
