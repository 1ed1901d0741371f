from __future__ import annotations

import inspect

import pytest

from upvest_provider import errors

CLASSES = {
    name: kind
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == errors.__name__
}


def api_error(kind: type[errors.ApiError], status: int, request_id: str = "id") -> errors.ApiError:
    return kind("refused", status=status, detail="detail", request_id=request_id, fix="Do this.")


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (errors.UpvestError("what failed"), ["what failed"]),
        (errors.UpvestError("what failed", fix="Do this."), ["what failed", "Do this."]),
        (
            errors.UpvestError("what failed", "seen", "left", fix="Do this."),
            ["what failed", "seen", "left", "Do this."],
        ),
        (errors.UpvestError("what failed", "", "left", fix=""), ["what failed", "left"]),
        (api_error(errors.ApiError, 400), ["refused", "Do this."]),
    ],
)
def test_the_summary_stands_first_and_the_fix_last(error: errors.UpvestError, lines: list[str]) -> None:
    assert str(error).split("\n") == lines
    assert error.summary == lines[0]


@pytest.mark.parametrize(
    ("kind", "unknown"),
    [
        (errors.UpvestError, False),
        (errors.SettingsError, False),
        (errors.EngineGone, False),
        (errors.Unreachable, False),
        (errors.NoAnswer, True),
        (errors.MalformedAnswer, True),
        (errors.WrongAccount, False),
        (errors.AlreadySubscribed, False),
        (errors.OperationFailed, False),
    ],
)
def test_an_error_says_whether_the_request_may_have_been_handled(
    kind: type[errors.UpvestError],
    unknown: bool,
) -> None:
    assert kind("what failed").outcome_unknown is unknown


@pytest.mark.parametrize(
    ("status", "unknown"),
    [(301, False), (400, False), (401, False), (404, False), (429, False), (499, False)]
    + [(status, True) for status in (500, 502, 503, 504)],
)
def test_an_error_status_of_the_servers_leaves_the_outcome_unknown(status: int, unknown: bool) -> None:
    assert api_error(errors.ApiError, status).outcome_unknown is unknown


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 499, 500, 503])
def test_a_status_that_is_not_upvests_own_says_nothing_of_what_upvest_did(status: int) -> None:
    assert api_error(errors.ApiError, status, request_id="").outcome_unknown


def test_whoever_throttles_has_passed_nothing_on() -> None:
    assert not api_error(errors.ApiError, 429, request_id="").outcome_unknown


def test_a_404_of_upvests_own_is_an_error_of_the_api_with_a_known_outcome() -> None:
    assert isinstance(api_error(errors.NotFound, 404), errors.ApiError)
    assert not api_error(errors.NotFound, 404).outcome_unknown


def test_the_modules_tree_shows_every_error_below_its_base() -> None:
    branches = [line.partition("── ") for line in (errors.__doc__ or "").splitlines() if "── " in line]
    shown = {rest.split()[0]: len(indent) // 4 for indent, _, rest in branches}

    assert shown == {
        name: len(kind.__mro__) - len(errors.UpvestError.__mro__)
        for name, kind in CLASSES.items()
        if kind is not errors.UpvestError
    }
