"""States of every version so far, previewed, refreshed and destroyed with today's code.

Before a version is released, `python -m tests.golden.record` (with `pulumi` on PATH) adds its states; a recording is
never changed afterwards, but deleted and made anew while its version is not released.
"""

from __future__ import annotations

import base64
import json
import pickle
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from tests.golden.states import record, recordings, restore, shapes
from tests.lifecycle.life import Life, life_on, steps
from upvest_provider.readiness import ReadinessProvider
from upvest_provider.webhook import WebhookProvider

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from upvest_provider.local import LocalUpvest

ALL = [*recordings("rehearsal"), *recordings("cli")]

each = pytest.mark.parametrize(
    "recording", [pytest.param(folder, id=f"{folder.parent.name}-{folder.name}") for folder in ALL]
)
of_the_rehearsal = pytest.mark.parametrize(
    "recording", [pytest.param(folder, id=folder.parent.name) for folder in recordings("rehearsal")]
)


@pytest.fixture
def life(recording: Path, tmp_path: Path, upvest: LocalUpvest) -> Life:
    return life_on(recording.name, tmp_path, upvest)


def changed(state: str, *, without: Collection[str], with_: Mapping[str, object]) -> str:
    """A rehearsal's state with other outputs."""
    document = json.loads(state)
    for resource in document["rehearsal"]["resources"]:
        kept = {name: value for name, value in resource["outputs"].items() if name not in without}
        resource["outputs"] = {**kept, **with_}
    return json.dumps(document)


@each
def test_every_provider_ever_written_loads_as_todays(recording: Path) -> None:
    kinds = {"ready": ReadinessProvider, "users": WebhookProvider, "orders": WebhookProvider}
    written = shapes((recording / "state.json").read_text())
    assert {
        name: type(pickle.loads(base64.b64decode(shape.provider)))  # noqa: S301 - our own text
        for name, shape in written.items()
    } == kinds


@each
def test_a_state_is_clean_in_preview_and_refresh_and_can_be_destroyed(life: Life, recording: Path) -> None:
    restore(life, recording)
    assert steps(life.stack.preview()) == [("same", "orders"), ("same", "ready"), ("same", "users")]
    assert life.sent() == []
    assert steps(life.stack.refresh()) == [("refresh", "orders"), ("refresh", "ready"), ("refresh", "users")]
    assert steps(life.stack.destroy()) == [("delete", "orders"), ("delete", "ready"), ("delete", "users")]
    assert life.webhooks() == []


@of_the_rehearsal
def test_a_state_with_other_outputs_is_refreshed_without_a_difference(life: Life, recording: Path) -> None:
    """Some that an older version did not write, and some that a later one may write."""
    older, later = ("updated_at", "last_test", "api", "client_id"), {"later": "x", "__later": {"y": 1}}
    restore(life, recording, partial(changed, without=older, with_=later))
    assert steps(life.stack.up(refresh=True)) == [
        ("refresh", "orders"),
        ("same", "orders"),
        ("refresh", "ready"),
        ("same", "ready"),
        ("refresh", "users"),
        ("same", "users"),
    ]
    refreshed = shapes((life.folder / "state.json").read_text())["users"]
    assert {"updated_at", "api", "client_id"} <= refreshed.outputs


@of_the_rehearsal
def test_a_state_without_history_has_no_difference_either(life: Life, recording: Path) -> None:
    restore(life, recording, partial(changed, without=("__declared", "__written"), with_={}))
    assert steps(life.stack.preview()) == [("same", "orders"), ("same", "ready"), ("same", "users")]
    assert steps(life.stack.refresh()) == [("refresh", "orders"), ("refresh", "ready"), ("refresh", "users")]
    assert steps(life.stack.up()) == [("same", "orders"), ("same", "ready"), ("same", "users")]


def test_what_todays_version_writes_is_recorded(tmp_path: Path, upvest: LocalUpvest) -> None:
    """Fails when a resource's inputs, outputs or provider become others: record the version anew."""
    record(life_on("rehearsal", tmp_path, upvest), tmp_path / "today")
    today = shapes((tmp_path / "today" / "state.json").read_text())
    newest = recordings("rehearsal")[-1]
    assert today == shapes((newest / "state.json").read_text())
    assert {shape.provider for shape in today.values()} == {
        serialize_provider(WebhookProvider()),
        serialize_provider(ReadinessProvider()),
    }
