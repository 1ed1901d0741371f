"""Asks every question, and leaves the account as it was."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upvest_provider.api import UpvestClient
from upvest_provider.errors import UpvestError

from .account import Account
from .caller import Caller
from .ground import Ground
from .question import Found, Question, Unclear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from upvest_provider.api import Credentials


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a question.

    Attributes:
        question: The question.
        found: None where the answer is not known.
        saw: What was seen, answered or not.
        request_ids: Of the requests that it took, for Upvest's support.
    """

    question: Question
    found: Found | None
    saw: str
    request_ids: tuple[str, ...]


def run(
    credentials: Credentials,
    questions: Iterable[Question],
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    say: Callable[[str], None] = lambda _: None,
) -> list[Result]:
    """Ask questions, one after the other; whatever ends this, the webhooks that it made are deleted.

    Args:
        credentials: Of one client of one environment, with both scopes.
        questions: In their order.
        clock: Unix seconds.
        sleep: Waits, in seconds.
        say: Takes lines for the person at the terminal.

    Raises:
        UpvestError: The API cannot be used at all, or something may be left behind.
    """
    with (
        closing(Caller(credentials, clock=clock, sleep=sleep)) as caller,
        UpvestClient(credentials, clock=clock, sleep=sleep) as client,
        _account(Account(caller, client, sleep)) as account,
    ):
        say(f"every webhook of this run has {account.mark} in its title or URL")
        for webhook in account.leftovers:
            say(f"left by an earlier run, and not touched: webhook {webhook.id}, {webhook.title!r}")
        ground = Ground(caller, account, clock, sleep)
        return [_asked(ground, question, say) for question in questions]


@contextmanager
def _account(account: Account) -> Iterator[Account]:
    try:
        yield account
    finally:
        account.leave()


def _asked(ground: Ground, question: Question, say: Callable[[str], None]) -> Result:
    say(question.text)
    before = len(ground.caller.request_ids)
    try:
        found = question.ask(ground)
        saw = found.saw
    except (Unclear, UpvestError) as reason:
        found, saw = None, str(reason)
    except (LookupError, TypeError, AttributeError) as error:
        found, saw = None, f"an answer of another shape than documented: {type(error).__name__}: {error}"
    ground.account.clear()
    return Result(question, found, saw, tuple(ground.caller.request_ids[before:]))
