from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from upvest_provider.api import Webhook
from upvest_provider.errors import Unreachable
from upvest_provider.limits import LIST_AGE
from upvest_provider.shared_list import SharedList

if TYPE_CHECKING:
    from collections.abc import Iterable

NOON = "2026-07-01T12:00:00.00Z"
LATER = "2026-07-01T12:00:01.00Z"


def webhook(id_: str, title: str = "listed", updated_at: str = NOON) -> Webhook:
    return Webhook(
        id=id_,
        title=title,
        url="https://a.example",
        enabled=True,
        type=["USER"],
        created_at=NOON,
        updated_at=updated_at,
    )


class Account:
    """The account's webhooks, and how often they were listed; its clock stands still until a test moves it."""

    def __init__(self, *webhooks: Webhook) -> None:
        self.webhooks = list(webhooks)
        self.listed = 0
        self.now = 1000.0
        self.shared = SharedList(self.fetch, clock=lambda: self.now)

    def fetch(self) -> list[Webhook]:
        self.listed += 1
        return list(self.webhooks)

    def titles(self, *, anew: bool = False) -> dict[str, str]:
        return titles(self.shared.all(anew=anew))


def titles(webhooks: Iterable[Webhook]) -> dict[str, str]:
    return {webhook.id: webhook.title for webhook in webhooks}


def found(account: Account, id_: str) -> str | None:
    webhook = account.shared.find(id_)
    return webhook.title if webhook else None


def test_nothing_is_listed_before_somebody_asks() -> None:
    assert Account().listed == 0


def test_a_list_is_shared_for_ten_seconds_and_no_longer() -> None:
    account = Account(webhook("a"))
    account.titles()
    account.webhooks.append(webhook("b"))

    account.now += LIST_AGE
    assert account.titles() == {"a": "listed"}
    assert found(account, "b") is None
    assert account.listed == 1

    account.now += 0.001
    assert found(account, "b") == "listed"
    assert account.titles() == {"a": "listed", "b": "listed"}
    assert account.listed == 2


def test_ten_seconds_are_counted_from_the_question_not_from_the_last_use() -> None:
    account = Account()
    for _ in range(4):
        account.titles()
        account.now += LIST_AGE * 0.3

    account.titles()

    assert account.listed == 2


def test_a_list_asked_for_anew_is_listed_anew_and_shared_again() -> None:
    account = Account()
    account.titles()
    account.webhooks.append(webhook("a"))
    account.now += 0.001

    assert account.titles(anew=True) == {"a": "listed"}
    assert account.titles() == {"a": "listed"}
    assert account.listed == 2


def test_a_list_that_failed_is_not_kept() -> None:
    answers: list[list[Webhook] | Unreachable] = [Unreachable("no connection"), [webhook("a")]]

    def fetch() -> list[Webhook]:
        answer = answers.pop(0)
        if isinstance(answer, Unreachable):
            raise answer
        return answer

    shared = SharedList(fetch, clock=lambda: 0.0)

    with pytest.raises(Unreachable):
        shared.all()
    assert titles(shared.all()) == {"a": "listed"}


def test_what_this_process_made_is_known_although_the_list_is_older() -> None:
    account = Account(webhook("a"))
    account.titles()

    account.shared.note(webhook("b", "own"))

    assert account.titles() == {"a": "listed", "b": "own"}
    assert account.listed == 1


def test_what_this_process_made_is_known_although_a_new_list_lags() -> None:
    account = Account()
    account.shared.note(webhook("a", "own"))
    account.now += LIST_AGE + 1

    assert account.titles() == {"a": "own"}
    assert account.titles(anew=True) == {"a": "own"}


def test_finding_believes_the_list_about_what_is_gone() -> None:
    account = Account()
    account.shared.note(webhook("a", "own"))

    assert found(account, "a") is None


def test_what_this_process_changed_is_known_although_the_list_is_older() -> None:
    account = Account(webhook("a"))
    account.titles()

    account.shared.note(webhook("a", "own", LATER))

    assert account.titles() == {"a": "own"}
    assert found(account, "a") == "own"


def test_the_last_of_several_own_changes_counts() -> None:
    account = Account(webhook("a"))
    account.shared.note(webhook("a", "first", LATER))
    account.shared.note(webhook("a", "second", LATER))

    assert found(account, "a") == "second"


def test_what_this_process_deleted_is_gone_although_a_list_still_shows_it() -> None:
    account = Account(webhook("a"), webhook("b"))
    account.titles()

    account.shared.forget("a")
    account.now += LIST_AGE + 1

    assert account.titles() == {"b": "listed"}
    assert account.titles(anew=True) == {"b": "listed"}
    assert found(account, "a") is None


def test_what_this_process_made_and_deleted_is_gone() -> None:
    account = Account()
    account.shared.note(webhook("a", "own"))
    account.shared.forget("a")

    assert account.titles() == {}


@pytest.mark.parametrize(
    ("own", "listed", "title"),
    [
        ("2026-07-01T12:00:00.00Z", "2026-07-01T12:00:01.00Z", "listed"),
        ("2026-07-01T12:00:01.00Z", "2026-07-01T12:00:00.00Z", "own"),
        ("2026-07-01T12:00:00.00Z", "2026-07-01T12:00:00.00Z", "own"),
        # A server may leave out zeros of the fraction, and write UTC in another way.
        ("2026-07-01T12:00:00Z", "2026-07-01T12:00:00.5Z", "listed"),
        ("2026-07-01T12:00:00.5Z", "2026-07-01T12:00:00Z", "own"),
        ("2026-07-01T12:00:00.1Z", "2026-07-01T12:00:00.12Z", "listed"),
        ("2026-07-01T12:00:00.123456Z", "2026-07-01T12:00:00.123457Z", "listed"),
        ("2026-07-01T12:00:00+00:00", "2026-07-01T12:00:01Z", "listed"),
        ("2026-07-01T14:00:00+02:00", "2026-07-01T12:00:01Z", "listed"),
        ("2026-07-01T14:00:01+02:00", "2026-07-01T12:00:00Z", "own"),
        ("once", "2026-07-01T12:00:00Z", "listed"),
        ("2026-07-01T12:00:00Z", "once", "own"),
        ("once", "then", "own"),
    ],
)
def test_the_later_of_an_own_and_a_foreign_change_counts(own: str, listed: str, title: str) -> None:
    account = Account(webhook("a", "listed", listed))
    account.shared.note(webhook("a", "own", own))

    assert found(account, "a") == title
    assert account.titles() == {"a": title}
