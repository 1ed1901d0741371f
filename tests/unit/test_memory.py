from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.webhook_fields import DECLARED, IGNORED, OBSERVED
from upvest_provider.differences import FIELDS, Written, as_declared, by_path, declaration, differing, history
from upvest_provider.memory import WRITTEN, is_as_declared, recalled, remembered
from upvest_provider.testing.wire import from_struct, to_struct

if TYPE_CHECKING:
    from tests.unit.webhook_fields import Fields


def state(written: Written, held: Fields) -> Fields:
    """A webhook's outputs, once they went to the engine and came back."""
    return from_struct(to_struct({**held, **remembered(written, held)}))


@given(declared=DECLARED, seen=OBSERVED, held=OBSERVED, now=OBSERVED, wanted=DECLARED, ignored=IGNORED)
def test_a_state_tells_what_was_declared_and_written_whatever_the_api_holds(
    declared: Fields, seen: Fields, held: Fields, now: Fields, wanted: Fields, ignored: list[str]
) -> None:
    written = Written(declared, seen)

    again = recalled(state(written, held))

    assert again is not None
    assert by_path(again.declared) == by_path(declared)
    assert differing(wanted, now, again, ignored) == differing(wanted, now, written, ignored)
    assert by_path(as_declared(again.declared, now, again, ignored)) == by_path(
        as_declared(declared, now, written, ignored)
    )


@given(declared=DECLARED, seen=OBSERVED, first=OBSERVED, second=OBSERVED)
def test_what_a_state_tells_survives_every_refresh(
    declared: Fields, seen: Fields, first: Fields, second: Fields
) -> None:
    written = Written(declared, seen)
    refreshed = recalled(state(written, first))
    assert refreshed is not None

    assert state(refreshed, second) == state(written, second)


@given(declared=DECLARED, held=OBSERVED)
def test_values_are_repeated_only_where_the_api_holds_others(declared: Fields, held: Fields) -> None:
    taken = held | declared

    assert WRITTEN not in remembered(history(declared, taken, declared, None), taken)


@given(declared=DECLARED, held=OBSERVED, other=DECLARED, changed=st.sets(st.sampled_from(FIELDS), max_size=1))
def test_what_a_state_holds_word_for_word_differs_in_nothing(
    declared: Fields, held: Fields, other: Fields, changed: set[str]
) -> None:
    taken = held | declared
    outputs = state(history(declared, taken, declared, None), taken)
    wanted = {name: value for name, value in declared.items() if name not in changed}
    wanted |= {name: value for name, value in other.items() if name in changed}

    if is_as_declared(outputs, wanted):
        assert not differing(wanted, declaration(outputs), recalled(outputs))


@given(declared=DECLARED, held=OBSERVED)
def test_a_webhook_that_nobody_changed_since_it_was_written_is_as_declared(declared: Fields, held: Fields) -> None:
    taken = held | declared

    assert is_as_declared(state(history(declared, taken, declared, None), taken), declared)


def test_what_was_excluded_until_now_is_not_as_declared() -> None:
    before = {"type": ["ALL"], "exclude_type": ["CASH"]}

    assert not is_as_declared(state(Written(before, before), before), {"type": ["ALL"]})


@pytest.mark.parametrize(
    ("declared", "held"),
    [("https://A.example/x", "https://a.example/x"), ("https://a.example", "https://b.example")],
)
def test_values_that_may_be_secret_stand_nowhere_but_in_the_secret_output(declared: str, held: str) -> None:
    hidden = remembered(Written({"url": declared}, {"url": held}), {"url": held})

    assert hidden.pop(WRITTEN) == {"url": {"declared": declared, "observed": held}}
    assert hidden == {"__declared": "url"}


def test_a_state_without_the_declared_paths_tells_nothing() -> None:
    assert recalled({"title": "Users", "url": "https://a.example/x"}) is None
