from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.webhook_fields import DECLARED, IGNORED, OBSERVED, WRITTEN
from upvest_provider.differences import (
    CONFIG,
    FIELDS,
    REWRITABLE,
    Written,
    as_declared,
    carries_ignored,
    declaration,
    differing,
    history,
    not_taken,
    patch,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from random import Random

    from tests.unit.webhook_fields import Fields


def flat(fields: Fields) -> Fields:
    """The value of each path that the fields have."""
    members = {f"config.{member}": value for member, value in fields.get("config", {}).items()}
    return {name: value for name, value in fields.items() if name != "config"} | members


def same(path: str, one: object, other: object) -> bool:
    if path in ("type", "exclude_type"):
        return sorted(set(one or [])) == sorted(set(other or []))  # type: ignore[call-overload] # lists of texts
    return one == other


def covered(path: str, ignored: Collection[str]) -> bool:
    return "*" in ignored or path in ignored or path.partition(".")[0] in ignored


def patched(observed: Fields, body: Fields, *, merges: bool) -> Fields:
    """What a server holds that takes a PATCH as it is; whether it merges a config is not documented."""
    config = {CONFIG: observed[CONFIG] | body[CONFIG]} if merges and CONFIG in body else {}
    return observed | body | config


@given(declared=DECLARED, written=WRITTEN, ignored=IGNORED)
def test_nothing_differs_where_the_api_holds_what_is_declared(
    declared: Fields, written: Written | None, ignored: list[str]
) -> None:
    observed = {"exclude_type": [], "config": {}, "enabled": False} | declared

    assert differing(declared, observed, written, ignored) == set()
    assert as_declared(declared, observed, written, ignored) == declared


@given(declared=DECLARED, observed=OBSERVED, written=WRITTEN, random=st.randoms(use_true_random=False))
def test_the_order_of_categories_and_their_repetition_mean_nothing(
    declared: Fields, observed: Fields, written: Written | None, random: Random
) -> None:
    shuffled = {
        name: random.sample(value, len(value)) + value[:1] if isinstance(value, list) else value
        for name, value in observed.items()
    }

    assert differing(declared, shuffled, written) == differing(declared, observed, written)


@given(declared=DECLARED, observed=OBSERVED)
def test_without_history_declared_and_observed_are_compared_plainly(declared: Fields, observed: Fields) -> None:
    held = flat(observed)

    assert differing(declared, observed, None) == {
        path for path, value in flat(declared).items() if not same(path, value, held.get(path))
    }


@given(declared=DECLARED, observed=OBSERVED, other=OBSERVED, written=WRITTEN)
def test_a_field_never_declared_is_the_servers(
    declared: Fields, observed: Fields, other: Fields, written: Written | None
) -> None:
    asked = set(flat(declared))
    if written is not None and "exclude_type" in written.declared:
        asked.add("exclude_type")
    elsewhere = {name: value for name, value in other.items() if name not in (*asked, CONFIG)}
    members = {member: value for member, value in other[CONFIG].items() if f"{CONFIG}.{member}" not in asked}
    changed = observed | elsewhere | {CONFIG: observed[CONFIG] | members}

    assert differing(declared, observed, written) <= asked
    assert differing(declared, changed, written) == differing(declared, observed, written)


@given(declared=DECLARED, observed=OBSERVED)
def test_what_the_server_rewrote_at_the_last_write_does_not_differ(declared: Fields, observed: Fields) -> None:
    plain = differing(declared, observed, None)

    assert differing(declared, observed, Written(declared, observed)) == plain - REWRITABLE


@given(declared=DECLARED, observed=OBSERVED, before=DECLARED, after=OBSERVED)
def test_a_rewriting_is_excused_only_while_both_sides_are_what_they_were(
    declared: Fields, observed: Fields, before: Fields, after: Fields
) -> None:
    plain = differing(declared, observed, None)
    sides = flat(declared), flat(observed), flat(before), flat(after)
    excused = {
        path
        for path in plain & {"title", "url", "config.delay"}
        if path in sides[2] and sides[0][path] == sides[2][path] and sides[1].get(path) == sides[3].get(path)
    }

    assert differing(declared, observed, Written(before, after)) - {"exclude_type"} == (
        plain - excused - {"exclude_type"}
    )


@pytest.mark.parametrize(
    ("path", "declared", "rewritten", "third"),
    [
        ("title", "A  webhook", "A webhook", "B"),
        ("url", "https://A.example", "https://a.example/", "https://b.example/"),
        ("config.delay", "60s", "1m", "2s"),
    ],
)
def test_a_rewritten_value_differs_once_either_side_moves(
    path: str, declared: str, rewritten: str, third: str
) -> None:
    def fields(value: str) -> Fields:
        rest: Fields = {"title": "t", "url": "https://x.example", "type": ["USER"], "config": {"delay": "9s"}}
        return rest | ({CONFIG: {"delay": value}} if path.startswith(CONFIG) else {path: value})

    written = Written(fields(declared), fields(rewritten))

    assert differing(fields(declared), fields(rewritten), written) == set()
    assert differing(fields(third), fields(rewritten), written) == {path}
    assert differing(fields(declared), fields(third), written) == {path}
    assert differing(fields(rewritten), fields(rewritten), written) == set()
    assert differing(fields(declared), fields(rewritten), None) == {path}


@given(declared=DECLARED, observed=OBSERVED, written=WRITTEN)
def test_a_write_that_sent_all_that_is_declared_is_the_whole_history(
    declared: Fields, observed: Fields, written: Written | None
) -> None:
    kept = history(declared, observed, declared, written)

    assert differing(declared, observed, kept) - {"exclude_type"} == (
        differing(declared, observed, Written(declared, observed)) - {"exclude_type"}
    )


@given(
    declared=DECLARED, observed=OBSERVED, other=OBSERVED, written=WRITTEN, sent=st.sets(st.sampled_from(FIELDS))
)
def test_a_write_excuses_nothing_in_what_it_did_not_send(
    declared: Fields, observed: Fields, other: Fields, written: Written | None, sent: set[str]
) -> None:
    body = {name: value for name, value in declared.items() if name in sent}
    unsent = {path for path in REWRITABLE if path.partition(".")[0] not in body}

    kept = history(declared, observed, body, written)

    without = Written({}, {}) if written is None else written
    assert differing(declared, other, kept) & unsent == differing(declared, other, without) & unsent


@given(declared=DECLARED, observed=OBSERVED, other=OBSERVED, written=WRITTEN)
def test_a_delay_that_was_sent_otherwise_than_declared_excuses_nothing_new(
    declared: Fields, observed: Fields, other: Fields, written: Written | None
) -> None:
    body = {CONFIG: {"delay": "29s"}}

    kept = history(declared, observed, body, written)

    without = Written({}, {}) if written is None else written
    if flat(declared).get("config.delay") != "29s":
        assert differing(declared, other, kept) & REWRITABLE == differing(declared, other, without) & REWRITABLE


@pytest.mark.parametrize(
    ("path", "declared", "observed"),
    [
        ("type", ["USER"], ["ORDER"]),
        ("exclude_type", ["USER"], []),
        ("config.max_package_size", {"max_package_size": 100}, {"max_package_size": 200}),
        ("enabled", True, False),
    ],
)
def test_history_excuses_no_other_field(path: str, declared: object, observed: object) -> None:
    name = path.partition(".")[0]
    one, other = {name: declared}, {name: observed}

    assert differing(one, other, Written(one, other)) == {path}


@given(declared=DECLARED, observed=OBSERVED, written=WRITTEN, ignored=IGNORED, merges=st.booleans())
def test_nothing_differs_after_the_patch(
    declared: Fields,
    observed: Fields,
    written: Written | None,
    ignored: list[str],
    merges: bool,
) -> None:
    paths = differing(declared, observed, written, ignored)
    body = patch(paths, declared, observed, ignored)

    after = patched(observed, body, merges=merges)

    assert not_taken(body, after) == []
    assert differing(declared, after, written, ignored) == set()
    assert differing(declared, after, Written(declared, after), ignored) == set()


@given(declared=DECLARED, observed=OBSERVED, written=WRITTEN, ignored=IGNORED, merges=st.booleans())
def test_a_patch_changes_nothing_but_what_differs(
    declared: Fields,
    observed: Fields,
    written: Written | None,
    ignored: list[str],
    merges: bool,
) -> None:
    paths = differing(declared, observed, written, ignored)
    body = patch(paths, declared, observed, ignored)

    before, after = flat(observed), flat(patched(observed, body, merges=merges))
    changed = {path for path in after if not same(path, after[path], before.get(path))}

    # An excused delay goes along as it is declared where the other member of `config` is sent.
    assert changed - paths <= {"config.delay"}
    assert set(before) <= set(after)


@given(declared=DECLARED, observed=OBSERVED, written=WRITTEN, ignored=IGNORED)
def test_what_is_ignored_never_differs_and_is_never_sent(
    declared: Fields, observed: Fields, written: Written | None, ignored: list[str]
) -> None:
    paths = differing(declared, observed, written, ignored)
    sent = flat(patch(paths, declared, observed, ignored))
    held = flat(observed)

    assert not any(covered(path, ignored) for path in paths)
    assert all(same(path, value, held.get(path)) for path, value in sent.items() if covered(path, ignored))
    assert paths == {path for path in differing(declared, observed, written) if not covered(path, ignored)}


@given(declared=DECLARED, observed=OBSERVED, written=WRITTEN, ignored=IGNORED)
def test_type_goes_along_with_every_patch_and_config_goes_whole(
    declared: Fields, observed: Fields, written: Written | None, ignored: list[str]
) -> None:
    paths = differing(declared, observed, written, ignored)
    body = patch(paths, declared, observed, ignored)

    # What moves is said to stay enabled, if it is.
    moves = "url" in paths and declared.get("enabled") and observed["enabled"] and not covered("enabled", ignored)
    again = {"type", "enabled"} if moves else {"type"}
    assert set(body) == {path.partition(".")[0] for path in paths} | again
    if CONFIG in body:
        assert set(observed[CONFIG]) <= set(body[CONFIG])


@pytest.mark.parametrize(
    ("before", "declared", "held", "paths"),
    [
        ({"exclude_type": ["USER"]}, {}, ["USER"], {"exclude_type"}),
        ({"exclude_type": ["USER"]}, {}, [], set()),
        ({"exclude_type": []}, {}, ["USER"], {"exclude_type"}),
        ({}, {}, ["USER"], set()),
        ({"exclude_type": ["USER"]}, {"exclude_type": ["ORDER"]}, ["USER"], {"exclude_type"}),
    ],
)
def test_an_exclusion_that_is_no_longer_declared_becomes_empty(
    before: Fields, declared: Fields, held: list[str], paths: set[str]
) -> None:
    observed = {"type": ["ALL"], "exclude_type": held}

    found = differing(declared, observed, Written(before, observed))

    assert found == paths
    if found:
        body = patch(found, declared, observed)
        assert body == {"type": ["ALL"], "exclude_type": declared.get("exclude_type", [])}
    assert as_declared(declared, observed, Written(before, observed)).keys() == declared.keys()


@given(declared=DECLARED, observed=OBSERVED, written=WRITTEN, ignored=IGNORED)
def test_a_refresh_reports_exactly_the_declared_names(
    declared: Fields, observed: Fields, written: Written | None, ignored: list[str]
) -> None:
    reported = as_declared(declared, observed, written, ignored)
    drifted = differing(declared, observed, written, ignored)

    assert reported.keys() == declared.keys()
    assert reported.get(CONFIG, {}).keys() == declared.get(CONFIG, {}).keys()
    assert flat(reported) == {
        path: flat(observed).get(path) if path in drifted else value for path, value in flat(declared).items()
    }


@given(observed=OBSERVED, body=OBSERVED, refused=st.sampled_from(FIELDS))
def test_what_the_server_did_not_take_is_named(observed: Fields, body: Fields, refused: str) -> None:
    after = observed | {name: value for name, value in body.items() if name != refused}
    sent, held = flat(body), flat(observed)
    expected = {
        path
        for path, value in sent.items()
        if path.partition(".")[0] == refused and not same(path, value, held.get(path))
    }

    assert set(not_taken(body, after)) == expected


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, {}),
        (
            {"title": "t", "enabled": False, "exclude_type": []},
            {"title": "t", "enabled": False, "exclude_type": []},
        ),
        ({"title": None, "config": None}, {}),
        ({"__claim": "c", "adopt_id": "i", "gate": {}, "created_at": "x", "id": "y"}, {}),
        ({"config": {}}, {"config": {}}),
        ({"config": {"max_package_size": 51200.0}}, {"config": {"max_package_size": 51200}}),
        ({"config": {"max_package_size": 0.5}}, {"config": {"max_package_size": 0.5}}),
        ({"config": {"max_package_size": float("inf")}}, {"config": {"max_package_size": float("inf")}}),
        ({"config": {"delay": None, "max_package_size": 100}}, {"config": {"max_package_size": 100}}),
        ({"config": "2s"}, {"config": "2s"}),
    ],
)
def test_a_declaration_holds_what_is_said_of_the_apis_fields(inputs: Fields, expected: Fields) -> None:
    assert declaration(inputs) == expected


def test_numbers_of_a_declaration_are_whole_numbers_although_the_wire_made_them_floats() -> None:
    size = declaration({"config": {"max_package_size": 51200.0}})["config"]["max_package_size"]

    assert isinstance(size, int)


@pytest.mark.parametrize(("declared", "observed"), [(51200, 51200.0), (51200.0, 51200)])
def test_a_whole_number_is_the_same_as_int_and_as_float(declared: float, observed: float) -> None:
    one, other = {"config": {"max_package_size": declared}}, {"config": {"max_package_size": observed}}

    assert differing(one, other, None) == set()


def test_a_member_of_config_that_is_none_is_not_sent() -> None:
    declared = declaration({"type": ["USER"], "config": {"delay": None, "max_package_size": 200.0}})
    observed = {"type": ["USER"], "config": {"delay": "2s", "max_package_size": 100}}

    paths = differing(declared, observed, None)

    assert paths == {"config.max_package_size"}
    assert patch(paths, declared, observed)["config"] == {"delay": "2s", "max_package_size": 200}


@given(DECLARED, OBSERVED)
def test_behind_a_shut_gate_nothing_is_enabled_or_moved_and_no_category_begins_where_a_move_waits(
    declared: Fields, observed: Fields
) -> None:
    paths = differing(declared, observed, None)
    waits = waiting(paths, declared, observed)
    assert waits <= paths
    left = paths - waits
    if declared.get("enabled"):
        assert "enabled" not in left
        if observed["enabled"] and "url" in paths:
            assert left.isdisjoint({"url", "type", "exclude_type"})
        if "url" not in paths:
            assert {"type", "exclude_type"} & paths <= left
    else:
        assert left == paths


@pytest.mark.parametrize(
    ("body", "ignored", "carries"),
    [
        ({"title": "t", "type": ["USER"]}, ["type"], True),
        ({"title": "t", "type": ["USER"]}, ["*"], True),
        ({"title": "t", "type": ["USER"]}, ["config.delay", "title"], False),
        ({"type": ["USER"], "config": {"delay": "2s", "max_package_size": 900}}, ["config.delay"], True),
        ({"type": ["USER"], "config": {"max_package_size": 900}}, ["config.delay"], False),
        ({"type": ["USER"], "config": {"max_package_size": 900}}, ["config"], True),
        ({"type": ["USER"]}, [], False),
    ],
)
def test_a_patch_that_repeats_what_is_left_to_others_is_known(
    body: Fields, ignored: list[str], *, carries: bool
) -> None:
    assert carries_ignored(body, ignored) is carries


def test_numbers_are_whole_at_any_depth() -> None:
    config = {"delay": "2s", "retry": {"max": 3.0, "codes": [1.0, 2.5]}}
    declared = declaration({"config": config})
    assert repr(declared["config"]) == repr({"delay": "2s", "retry": {"max": 3, "codes": [1, 2.5]}})
