"""The rules bite: each change for the worse breaks one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.model.account import Hook
from tests.model.rules import Rule
from tests.model.scenarios import CLAIM, dev, two
from tests.model.stacks import URL, Process, Resource
from tests.model.world import Bounds, Scenario, explored
from upvest_provider.claims import is_claim
from upvest_provider.errors import UpvestError
from upvest_provider.subscription import Subscriptions, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upvest_provider.api import Webhook
    from upvest_provider.verification import Verification


class KeepsLeftovers(Subscriptions):
    def _without_leftovers(self, wanted: Wanted, **_: object) -> list[Webhook]:
        return [webhook for webhook in self._list.all() if webhook.title != wanted.claim]


class PostsAgainWithoutALook(Subscriptions):
    def _found_after(self, *_: object) -> None:
        return None


class NeverTidiesUp(Subscriptions):
    def _undone(self, made: Webhook, error: UpvestError, **_: object) -> UpvestError:  # noqa: ARG002 - as the real one
        return error


class NamesButNeverTidiesUp(Subscriptions):
    def _undone(self, made: Webhook, error: UpvestError, **_: object) -> UpvestError:
        return UpvestError(f"{made.id}: {error}")


class ForgetsThatAPostWasUnclear(Subscriptions):
    def _undone(self, made: Webhook, error: UpvestError, **_: object) -> UpvestError:
        return super()._undone(made, error, late=False)


class EnablesBeforeItNames(Subscriptions):
    def _finish(self, made: Webhook, wanted: Wanted, verification: Verification | None) -> Webhook:
        self._patched(made.id, {"enabled": True, "type": made.type})
        return super()._finish(made, wanted, verification)


class BelievesThatWhatItFoundIsAsDeclared(Subscriptions):
    def _finish(self, made: Webhook, wanted: Wanted, verification: Verification | None) -> Webhook:
        declared = {**wanted.declared, "url": made.url}
        return super()._finish(made, replace(wanted, declared=declared), verification)


class PostsUnderTheRealTitle(Subscriptions):
    def _claim(self, wanted: Wanted, others: Iterable[Webhook], unclear: list[UpvestError]) -> Webhook:
        return super()._claim(replace(wanted, claim=wanted.declared["title"]), others, unclear)


class TakesAnyClaimForALeftover(Subscriptions):
    def _without_leftovers(self, wanted: Wanted, *, but: str = "") -> list[Webhook]:
        for webhook in self._list.all():
            if is_claim(webhook.title):
                self.delete(webhook.id)
        return super()._without_leftovers(wanted, but=but)


class TakesWhatItAdoptsForALeftover(Subscriptions):
    def _without_leftovers(self, wanted: Wanted, **_: object) -> list[Webhook]:
        return super()._without_leftovers(wanted)


class DeletesTwins(Subscriptions):
    def _refuse_twin(self, wanted: Wanted, others: Iterable[Webhook]) -> None:
        for other in others:
            if other.url == wanted.declared["url"] and not is_claim(other.title):
                self.delete(other.id)


class SeesNoTwins(Subscriptions):
    def _refuse_twin(self, wanted: Wanted, others: object) -> None:
        pass


MOVES = dev(Resource(new_url=f"{URL}/new"))
ADOPTS = dev(Resource(adopts="own"))
OWN = Hook("own", "dev", CLAIM, URL)


@pytest.mark.parametrize(
    ("mutant", "rule", "scenario"),
    [
        (KeepsLeftovers, Rule.CLEAN, Scenario(dev(), Bounds(crashes=1))),
        (KeepsLeftovers, Rule.ONCE, Scenario(dev(), Bounds(crashes=1))),
        (PostsAgainWithoutALook, Rule.CLEAN, Scenario(dev(), Bounds(faults=1))),
        (NeverTidiesUp, Rule.TOLD, Scenario(dev(), Bounds(faults=1))),
        (NamesButNeverTidiesUp, Rule.KNOWN, Scenario(dev(), Bounds(faults=1))),
        (ForgetsThatAPostWasUnclear, Rule.TOLD, Scenario(dev(), Bounds(faults=2, late=True))),
        (EnablesBeforeItNames, Rule.DISABLED, Scenario(dev())),
        (BelievesThatWhatItFoundIsAsDeclared, Rule.DECLARED, Scenario(MOVES, Bounds(faults=1, crashes=1))),
        (PostsUnderTheRealTitle, Rule.KNOWN, Scenario(dev(), Bounds(crashes=1))),
        (TakesAnyClaimForALeftover, Rule.OWN, Scenario(two)),
        (TakesWhatItAdoptsForALeftover, Rule.KEPT, Scenario(ADOPTS, there=[OWN])),
        (DeletesTwins, Rule.OWN, Scenario(two)),
        (SeesNoTwins, Rule.ONCE, Scenario(dev(), Bounds(crashes=1))),
    ],
)
def test_a_change_for_the_worse_is_caught(mutant: type[Subscriptions], rule: Rule, scenario: Scenario) -> None:
    assert rule in explored(replace(scenario, subscriptions=mutant)).violations
    assert explored(replace(scenario, excepted=frozenset(Rule) - {rule})).violations == {}


def test_that_the_engine_is_not_asked_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Process, "require_engine", lambda _: None)
    assert Rule.SILENT in explored(Scenario(dev(), Bounds(crashes=1))).violations


def test_that_an_error_tells_less_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upvest_provider.subscription._told", lambda error, *_: error)
    assert Rule.TOLD in explored(Scenario(dev(), Bounds(faults=2))).violations


def test_that_a_refresh_says_nothing_is_caught() -> None:
    class SaysNothing(Subscriptions):
        def _name_unfinished(self, webhooks: object) -> None:
            pass

    scenario = Scenario(dev(), Bounds(faults=1, late=True))
    assert explored(scenario).violations == {}
    assert Rule.NAMED in explored(replace(scenario, subscriptions=SaysNothing)).violations
