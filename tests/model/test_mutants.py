"""The rules bite: each change for the worse breaks one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.model.rules import Rule
from tests.model.scenarios import dev, two
from tests.model.stacks import Process
from tests.model.world import Bounds, Scenario, explored
from upvest_provider.claims import is_claim
from upvest_provider.errors import UpvestError
from upvest_provider.subscription import Subscriptions, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.model.stacks import Stack
    from upvest_provider.api import Webhook
    from upvest_provider.verification import Verification


class KeepsLeftovers(Subscriptions):
    def _without_leftovers(self, wanted: Wanted, *, but: str = "") -> list[Webhook]:  # noqa: ARG002 - as the real one
        return [webhook for webhook in self._list.all() if webhook.title != wanted.claim]


class PostsAgainWithoutALook(Subscriptions):
    def _found_after(self, error: UpvestError, wanted: Wanted) -> None:  # noqa: ARG002 - as the real one
        return None


class NeverTidiesUp(Subscriptions):
    def _undone(self, made: Webhook, error: UpvestError, *, late: bool) -> UpvestError:  # noqa: ARG002 - as the real one
        return error


class NamesButNeverTidiesUp(Subscriptions):
    def _undone(self, made: Webhook, error: UpvestError, *, late: bool) -> UpvestError:  # noqa: ARG002 - as the real one
        return UpvestError(f"{made.id}: {error}")


class EnablesBeforeItNames(Subscriptions):
    def _finish(self, made: Webhook, wanted: Wanted, verification: Verification | None) -> Webhook:
        self._patched(made.id, {"enabled": True, "type": made.type})
        return super()._finish(made, wanted, verification)


class PostsUnderTheRealTitle(Subscriptions):
    def _claim(self, wanted: Wanted, unclear: list[UpvestError]) -> Webhook:
        return super()._claim(replace(wanted, claim=wanted.declared["title"]), unclear)


class TakesAnyClaimForALeftover(Subscriptions):
    def _without_leftovers(self, wanted: Wanted, *, but: str = "") -> list[Webhook]:
        for webhook in self._list.all():
            if is_claim(webhook.title):
                self.delete(webhook.id)
        return super()._without_leftovers(wanted, but=but)


class DeletesTwins(Subscriptions):
    def _refuse_twin(self, wanted: Wanted, others: Any) -> None:  # noqa: ANN401 - as the real one
        for other in others:
            if other.url == wanted.declared["url"] and not is_claim(other.title):
                self.delete(other.id)


class SeesNoTwins(Subscriptions):
    def _refuse_twin(self, wanted: Wanted, others: object) -> None:
        pass


@pytest.mark.parametrize(
    ("mutant", "stacks", "bounds", "rule"),
    [
        (KeepsLeftovers, dev(), Bounds(crashes=1), Rule.CLEAN),
        (KeepsLeftovers, dev(), Bounds(crashes=1), Rule.ONCE),
        (PostsAgainWithoutALook, dev(), Bounds(faults=1), Rule.CLEAN),
        (NeverTidiesUp, dev(), Bounds(faults=1), Rule.TOLD),
        (NamesButNeverTidiesUp, dev(), Bounds(faults=1), Rule.KNOWN),
        (EnablesBeforeItNames, dev(), Bounds(), Rule.DISABLED),
        (PostsUnderTheRealTitle, dev(), Bounds(crashes=1), Rule.KNOWN),
        (TakesAnyClaimForALeftover, two, Bounds(), Rule.OWN),
        (DeletesTwins, two, Bounds(), Rule.OWN),
        (SeesNoTwins, dev(), Bounds(crashes=1), Rule.ONCE),
    ],
)
def test_a_change_for_the_worse_is_caught(
    mutant: type[Subscriptions], stacks: Callable[[], Sequence[Stack]], bounds: Bounds, rule: Rule
) -> None:
    scenario = Scenario(stacks, bounds)
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
