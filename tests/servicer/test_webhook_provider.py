"""The provider process as Pulumi's engine drives it: real pickles over gRPC."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from upvest_provider.claims import claim_of
from upvest_provider.testing import ProviderError, Servicer
from upvest_provider.webhook import WebhookProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servicer.conftest import Lines
    from upvest_provider.local import LocalUpvest
    from upvest_provider.testing.servicer import Found

PROVIDER = serialize_provider(WebhookProvider())
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def declared(name: str = "users", **fields: object) -> dict[str, Any]:
    return {
        "__provider": PROVIDER,
        "__claim": claim_of("organization", "project", "stack", "", name),
        "__name": name,
        "title": f"Webhook {name}",
        "url": f"https://tenant.tld/webhooks/{name}",
        "type": ["USER"],
        **fields,
    }


@pytest.fixture
def start(upvest: LocalUpvest, tmp_path: Path, lines: Lines) -> Callable[[], Servicer]:
    def start() -> Servicer:
        # From a folder that is not the project's: the state's pickle must load wherever Pulumi starts it.
        return Servicer(
            config={"upvest:api": "local"},
            directory=tmp_path,
            environment={"UPVEST_LOCAL_STATE": str(upvest.state)},
            lines=lines,
        )

    return start


@pytest.fixture
def servicer(start: Callable[[], Servicer]) -> Iterator[Servicer]:
    with start() as running:
        yield running


def methods(upvest: LocalUpvest) -> list[str]:
    return ["token" if request.path == "/auth/token" else request.method for request in upvest.requests()]


def test_the_life_of_a_webhook(servicer: Servicer, start: Callable[[], Servicer], upvest: LocalUpvest) -> None:
    checked = servicer.check({}, declared(config={"delay": "2s", "max_package_size": 51200}))
    assert checked.failures == ()
    assert checked.inputs["enabled"] is True
    assert methods(upvest) == []

    made = servicer.create(checked.inputs)
    assert methods(upvest) == ["token", "GET", "POST", "PATCH"]
    assert {key: made.outputs[key] for key in ("title", "enabled", "config", "exclude_type", "api")} == {
        "title": "Webhook users",
        "enabled": True,
        "config": {"delay": "2s", "max_package_size": 51200},
        "exclude_type": [],
        "api": "local",
    }
    assert checked.inputs.items() <= made.outputs.items()

    assert servicer.diff(made.id, made.outputs, checked.inputs).changes is False
    changed = servicer.check(checked.inputs, declared(title="Renamed", config=checked.inputs["config"])).inputs
    assert servicer.diff(made.id, made.outputs, changed).changes is True
    updated = servicer.update(made.id, made.outputs, changed)
    assert updated["title"] == "Renamed"
    assert made.outputs.keys() == updated.keys()
    assert methods(upvest)[4:] == ["PATCH"]

    found = servicer.read(made.id, updated)
    assert found.outputs == updated
    assert found.inputs is None
    with start() as later:
        later.delete(made.id, updated)
    assert methods(upvest)[5:] == ["GET", "token", "DELETE"]
    assert upvest.store.webhooks() == []


def test_unknown_values_pass_check_and_diff(servicer: Servicer) -> None:
    made = servicer.create(servicer.check({}, declared()).inputs)
    for unknown in ("title", "url", "type", "exclude_type", "config", "enabled", "adopt_id"):
        checked = servicer.check({}, declared(**{unknown: UNKNOWN}))
        assert checked.failures == ()
        assert checked.inputs[unknown] == UNKNOWN
        assert servicer.diff(made.id, made.outputs, checked.inputs).changes is (unknown != "adopt_id")
    checked = servicer.check({}, declared(config={"delay": UNKNOWN, "max_package_size": 51200}))
    assert checked.failures == ()


def test_four_workers_share_one_token_and_one_list(servicer: Servicer, upvest: LocalUpvest) -> None:
    inputs = [servicer.check({}, declared(f"w{number}")).inputs for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(servicer.create, inputs))
    assert len({webhook.id for webhook in made}) == 8
    seen = methods(upvest)
    assert {method: seen.count(method) for method in sorted(set(seen))} == {
        "GET": 1,
        "PATCH": 8,
        "POST": 8,
        "token": 1,
    }


def test_a_refresh_of_1000_webhooks_is_one_list(start: Callable[[], Servicer], upvest: LocalUpvest) -> None:
    with start() as servicer:
        first = servicer.create(servicer.check({}, declared()).inputs)
    document = upvest.store.webhooks()[0]
    ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(999)]
    with upvest.store.transaction():
        for id_ in ids:
            upvest.store.save_webhook({**document, "id": id_, "url": f"https://tenant.tld/{id_}"})
    before = len(upvest.requests())
    with start() as servicer, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda id_: servicer.read(id_, {**first.outputs}), [first.id, *ids]))
    assert [webhook.id for webhook in found] == [first.id, *ids]
    assert methods(upvest)[before:] == ["token", "GET"]


def test_the_engine_gone_stops_every_request(start: Callable[[], Servicer], upvest: LocalUpvest) -> None:
    with start() as first:
        inputs = first.check({}, declared()).inputs
        made = first.create(inputs)
    with start() as servicer:
        _nothing_is_sent_without_an_engine(servicer, upvest, inputs, made)


def _nothing_is_sent_without_an_engine(
    servicer: Servicer, upvest: LocalUpvest, inputs: dict[str, Any], made: Found
) -> None:
    before = len(upvest.requests())
    servicer.engine.die()
    other = servicer.check({}, declared("other")).inputs
    for operation in (
        lambda: servicer.create(other),
        lambda: servicer.update(made.id, made.outputs, {**inputs, "title": "x"}),
        lambda: servicer.delete(made.id, made.outputs),
    ):
        with pytest.raises(ProviderError, match="Pulumi's engine is gone"):
            operation()
    assert len(upvest.requests()) == before


def test_an_error_ends_with_what_to_do(servicer: Servicer, upvest: LocalUpvest) -> None:
    inputs = servicer.check({}, declared()).inputs
    made = servicer.create(inputs)
    upvest.store.delete_webhook(made.id)
    with pytest.raises(ProviderError) as error:
        servicer.update(made.id, made.outputs, {**inputs, "title": "x"})
    first, *_, last = error.value.message.splitlines()
    assert first == f"update of webhook 'users' ({made.id}) failed: it is gone"
    assert last == "Run `pulumi up --refresh`."


def test_a_webhook_seconds_old_is_not_believed_to_be_gone(servicer: Servicer, upvest: LocalUpvest) -> None:
    made = servicer.create(servicer.check({}, declared()).inputs)
    upvest.store.delete_webhook(made.id)
    young = {**made.outputs, "created_at": "2999-01-01T00:00:00Z"}
    with pytest.raises(ProviderError, match="Upvest does not show it yet"):
        servicer.read(made.id, young)
    old = {**made.outputs, "created_at": "2026-01-01T00:00:00Z"}
    assert servicer.read(made.id, old).id == ""


def test_a_webhook_adopted_under_another_name_is_not_deleted_under_the_old(
    start: Callable[[], Servicer], upvest: LocalUpvest
) -> None:
    with start() as servicer:
        made = servicer.create(servicer.check({}, declared()).inputs)
    with start() as servicer:
        people = declared("people", url=made.outputs["url"], adopt_id=made.id)
        adopted = servicer.create(servicer.check({}, people).inputs)
        assert adopted.id == made.id
        servicer.delete(made.id, made.outputs)
        assert len(upvest.store.webhooks()) == 1
    with start() as servicer:
        servicer.delete(made.id, adopted.outputs)
        assert upvest.store.webhooks() == []


def test_a_webhook_is_kept_whatever_claim_the_state_has_of_the_old_name(
    start: Callable[[], Servicer], upvest: LocalUpvest
) -> None:
    with start() as servicer:
        inputs = servicer.check({}, declared()).inputs
        made = servicer.create(inputs)
    with start() as servicer:
        servicer.check({}, inputs)
        servicer.diff(made.id, made.outputs, inputs)
        servicer.delete(made.id, made.outputs)
    assert len(upvest.store.webhooks()) == 1


def test_a_state_of_another_account_is_refused_in_diff_read_update_and_delete(
    start: Callable[[], Servicer], upvest: LocalUpvest
) -> None:
    with start() as servicer:
        inputs = servicer.check({}, declared()).inputs
        made = servicer.create(inputs)
    before = len(upvest.requests())
    foreign = {**made.outputs, "client_id": "11111111-1111-4111-8111-111111111111"}
    with start() as servicer:
        for operation in (
            lambda: servicer.delete(made.id, foreign),
            lambda: servicer.diff(made.id, foreign, inputs),
            lambda: servicer.read(made.id, foreign),
            lambda: servicer.update(made.id, foreign, {**inputs, "title": "x"}),
        ):
            with pytest.raises(ProviderError, match="belongs to client 11111111-1111-4111-8111-111111111111 of"):
                operation()
    assert len(upvest.requests()) == before


def test_a_state_without_history_is_compared_plainly(servicer: Servicer) -> None:
    """As an import file without the hidden outputs leaves it."""
    inputs = servicer.check({}, declared()).inputs
    made = servicer.create(inputs)
    plain = {key: value for key, value in made.outputs.items() if key != "__declared"}
    assert servicer.diff(made.id, plain, inputs).changes is False
    found = servicer.read(made.id, plain)
    assert found.outputs == plain
    assert servicer.diff(made.id, found.outputs, inputs).changes is False
    assert servicer.diff(made.id, {**plain, "url": "https://TENANT.tld/webhooks/users"}, inputs).changes is True


def test_four_updates_at_once_each_get_their_own_answer(servicer: Servicer) -> None:
    made = [servicer.create(servicer.check({}, declared(f"w{number}")).inputs) for number in range(4)]
    barrier = threading.Barrier(4)

    def rename(number: int) -> dict[str, Any]:
        barrier.wait(10)
        inputs = servicer.check({}, declared(f"w{number}", title=f"new {number}")).inputs
        return servicer.update(made[number].id, made[number].outputs, inputs)

    with ThreadPoolExecutor(4) as pool:
        titles = [outputs["title"] for outputs in pool.map(rename, range(4))]
    assert titles == [f"new {number}" for number in range(4)]


def test_what_a_shut_gate_holds_back_is_no_difference_and_is_said(
    servicer: Servicer, lines: Lines, upvest: LocalUpvest
) -> None:
    gate = {"url": "https://tenant.tld/secret", "ready": False, "on_timeout": "report"}
    inputs = servicer.check({}, declared(gate=gate)).inputs
    made = servicer.create(inputs)
    assert [webhook["enabled"] for webhook in upvest.store.webhooks()] == [False]
    before = len(upvest.requests())
    assert servicer.diff(made.id, made.outputs, inputs).changes is False
    lines.wait_for("webhook 'users': enabled waits for its gate, https://tenant.tld")
    opened = {**inputs, "gate": {**gate, "ready": UNKNOWN}}
    assert servicer.diff(made.id, made.outputs, opened).changes is True
    assert len(upvest.requests()) == before


@pytest.mark.parametrize(
    "change",
    [{"verify": "warn"}, {"adopt_id": "6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11"}, {"__ignore_changes": ["enabled"]}],
)
def test_what_concerns_upvest_in_nothing_is_written_to_the_state_without_a_request(
    servicer: Servicer, upvest: LocalUpvest, change: dict[str, Any]
) -> None:
    inputs = servicer.check({}, declared()).inputs
    made = servicer.create(inputs)
    before = len(upvest.requests())
    changed = {**inputs, **change}
    assert servicer.diff(made.id, made.outputs, changed).changes is True
    updated = servicer.update(made.id, made.outputs, changed)
    assert servicer.diff(made.id, updated, changed).changes is False
    assert change.items() <= updated.items()
    assert {name: updated[name] for name in ("created_at", "api", "client_id")} == {
        name: made.outputs[name] for name in ("created_at", "api", "client_id")
    }
    removed = servicer.update(made.id, updated, inputs)
    assert removed.keys() == made.outputs.keys()
    assert len(upvest.requests()) == before


def test_two_resources_of_a_program_cannot_have_one_webhook(servicer: Servicer) -> None:
    inputs = servicer.check({}, declared("users")).inputs
    made = servicer.create(inputs)
    servicer.diff(made.id, made.outputs, inputs)
    adopting = servicer.check({}, declared("people", adopt_id=made.id, type=["ORDER"]))
    assert adopting.failures == (("", "adopt_id must not be the id of 'users', which the program has too"),)
    with pytest.raises(ProviderError) as twice:
        servicer.diff(made.id, made.outputs | {"__claim": "another"}, declared("people"))
    assert twice.value.message.splitlines() == [
        f"webhook {made.id} is declared twice: as 'users' and as 'people'",
        "Each `pulumi up` would change it for the one, and back for the other.",
        "If both are to stay, remove the one with adopt_id, run `pulumi up`, and declare it anew without.",
        "Remove one of the two from the program: the webhook stays, as the other's.",
    ]


def test_a_webhook_of_the_same_program_that_stands_in_the_way_is_not_to_be_adopted(servicer: Servicer) -> None:
    inputs = servicer.check({}, declared("users")).inputs
    made = servicer.create(inputs)
    moved = servicer.check(inputs, declared("users", url="https://tenant.tld/moved")).inputs
    assert servicer.diff(made.id, made.outputs, moved).changes is True
    with pytest.raises(ProviderError) as refusal:
        servicer.create(servicer.check({}, declared("people", url="https://tenant.tld/webhooks/users")).inputs)
    assert refusal.value.message.splitlines()[-1] == (
        "Let this webhook depend on 'users' (depends_on), or run `pulumi up` again."
    )
    servicer.update(made.id, made.outputs, moved)
    assert servicer.create(
        servicer.check({}, declared("people", url="https://tenant.tld/webhooks/users")).inputs
    ).outputs["enabled"]


OLD = "6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11"


def test_two_resources_of_a_program_cannot_adopt_one_webhook(servicer: Servicer) -> None:
    assert servicer.check({}, declared("users", adopt_id=OLD)).failures == ()
    assert servicer.check({}, declared("users", adopt_id=OLD)).failures == ()
    assert servicer.check({}, declared("people", adopt_id=OLD, type=["ORDER"])).failures == (
        ("", "adopt_id must not be the id of 'users', which the program has too"),
    )


def test_a_webhook_is_not_deleted_while_another_resource_is_to_adopt_it(
    start: Callable[[], Servicer], upvest: LocalUpvest
) -> None:
    """Pulumi deletes the old name after a failed adoption where it is told to continue on error."""
    with start() as servicer:
        made = servicer.create(servicer.check({}, declared("users")).inputs)
    with start() as servicer:
        renamed = servicer.check({}, declared("people", adopt_id=made.id)).inputs
        with pytest.raises(ProviderError) as kept:
            servicer.delete(made.id, made.outputs)
        assert kept.value.message.splitlines() == [
            f"delete of webhook 'users' ({made.id}) failed: 'people' is to take its place and has not",
            f"Nothing was deleted: the events of webhook {made.id} would be missed.",
            "Mend what 'people' says, or take it out of the program, then run `pulumi up` again.",
        ]
        servicer.create(renamed)
        servicer.delete(made.id, made.outputs)
    assert [webhook["id"] for webhook in upvest.store.webhooks()] == [made.id]


def test_a_resource_that_has_a_webhook_waits_for_no_other(
    start: Callable[[], Servicer], upvest: LocalUpvest
) -> None:
    """`adopt_id` is read at creation only."""
    with start() as servicer:
        other = servicer.create(servicer.check({}, declared("other", type=["ORDER"])).inputs)
        inputs = servicer.check({}, declared("users")).inputs
        made = servicer.create(inputs)
    with start() as servicer:
        stale = servicer.check(inputs, declared("users", adopt_id=other.id)).inputs
        servicer.diff(made.id, made.outputs, stale)
        servicer.delete(other.id, other.outputs)
    assert [webhook["id"] for webhook in upvest.store.webhooks()] == [made.id]


def test_a_replacement_of_what_still_names_its_adoption_keeps_the_webhook(
    start: Callable[[], Servicer], upvest: LocalUpvest
) -> None:
    with start() as servicer:
        made = servicer.create(servicer.check({}, declared("users")).inputs)
    with start() as servicer:
        inputs = servicer.check({}, declared("users", adopt_id=made.id.upper())).inputs
        servicer.delete(made.id, made.outputs)
        assert servicer.create(inputs).id == made.id
    assert [webhook["enabled"] for webhook in upvest.store.webhooks()] == [True]


@pytest.mark.parametrize(
    ("ignored", "by_hand", "change"),
    [
        ("type", {"type": ["USER", "ORDER"]}, {"title": "Other"}),
        ("config", {"config": {"delay": "9s", "max_package_size": 900}}, {"title": "Other"}),
        ("config.delay", {"config": {"delay": "9s"}}, {"config": {"delay": "2s", "max_package_size": 900}}),
    ],
)
def test_what_is_left_to_others_does_not_go_back_with_another_change(
    servicer: Servicer, upvest: LocalUpvest, ignored: str, by_hand: dict[str, Any], change: dict[str, Any]
) -> None:
    ours: dict[str, Any] = {"config": {"delay": "2s", "max_package_size": 51200}, "__ignore_changes": [ignored]}
    made = servicer.create(servicer.check({}, declared(**ours)).inputs)
    (webhook,) = upvest.store.webhooks()
    upvest.store.save_webhook({**webhook, **by_hand, "config": {**webhook["config"], **by_hand.get("config", {})}})
    servicer.update(made.id, made.outputs, servicer.check({}, declared(**{**ours, **change})).inputs)
    (webhook,) = upvest.store.webhooks()
    for name, value in by_hand.items():
        assert webhook[name] == value or value.items() <= webhook[name].items()


def test_what_moves_behind_a_shut_gate_waits_with_its_categories(servicer: Servicer, upvest: LocalUpvest) -> None:
    inputs = servicer.check({}, declared()).inputs
    made = servicer.create(inputs)
    gate = {"url": "https://new.tenant.tld", "ready": False, "on_timeout": "report"}
    moved: dict[str, Any] = {
        "url": "https://new.tenant.tld/users",
        "type": ["USER", "ORDER"],
        "title": "New",
        "gate": gate,
    }
    waiting = servicer.check(inputs, declared(**moved)).inputs
    assert servicer.diff(made.id, made.outputs, waiting).changes is True
    outputs = servicer.update(made.id, made.outputs, waiting)
    (webhook,) = upvest.store.webhooks()
    assert (webhook["title"], webhook["url"], webhook["type"]) == ("New", inputs["url"], ["USER"])
    assert servicer.diff(made.id, outputs, waiting).changes is False


def test_no_fault_names_a_property_apart_for_the_engine_would_print_its_value(servicer: Servicer) -> None:
    faulty = declared(url="http://tenant.tld/hidden", title="", type=[], config=1, verify="no", enabled=3, gate=4)
    failures = servicer.check({}, faulty).failures
    assert {name for name, _ in failures} == {""}
    assert len(failures) >= 7
    assert "hidden" not in str(failures)
