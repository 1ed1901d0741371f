"""`kill -9` of the provider's process around each request, and what the next run makes of it.

Pulumi records nothing of an operation whose provider went away, so the next run asks for the same once more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.crashes.listing import NOTHING, listed, shown_without_a_resource
from tests.crashes.moments import (
    DELETE,
    GET,
    LIST,
    PATCH,
    POST,
    TEST,
    TOKEN,
    after,
    around,
    before,
    is_handled,
    late,
    told,
)
from tests.crashes.processes import eventually
from tests.crashes.providers import Providers, Recorded, declared, up
from upvest_provider.api import Webhook
from upvest_provider.claims import is_claim
from upvest_provider.testing import ProviderError

if TYPE_CHECKING:
    from pathlib import Path

    from upvest_provider.local import Fault, LocalUpvest


def held(upvest: LocalUpvest) -> list[tuple[str, str, bool]]:
    """Id, title and whether it is enabled, of all webhooks."""
    return [(webhook["id"], webhook["title"], webhook["enabled"]) for webhook in upvest.store.webhooks()]


def take_over_as_told(providers: Providers, upvest: LocalUpvest, news: dict[str, Any]) -> None:
    """An enabled webhook that no state knows: the next run names it and the way out, which works."""
    ((left, title, enabled),) = held(upvest)
    assert (title, enabled) == ("Webhook users", True)
    with pytest.raises(ProviderError) as refused:
        providers.up(news)
    assert f"webhook {left} ('Webhook users') already delivers USER to this URL" in refused.value.message
    assert refused.value.message.endswith(f'add adopt_id="{left}".')
    assert providers.up({**news, "adopt_id": left}).id == left
    assert held(upvest) == [(left, "Webhook users", True)]


@pytest.fixture(scope="module")
def made(shared_upvest: LocalUpvest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recorded, dict[str, Any]]:
    """A webhook as the state and as the account hold it, of some age; made once."""
    recorded = Providers(shared_upvest, tmp_path_factory.mktemp("made")).up(declared())
    (document,) = shared_upvest.store.webhooks()
    age = {"created_at": "2026-01-01T00:00:00.00Z"}
    return replace(recorded, outputs={**recorded.outputs, **age}), {**document, **age}


@pytest.fixture
def existing(upvest: LocalUpvest, made: tuple[Recorded, dict[str, Any]]) -> Recorded:
    """An enabled webhook that the state holds."""
    recorded, document = made
    upvest.store.save_webhook(document)
    return recorded


@pytest.fixture
def disabled(upvest: LocalUpvest, existing: Recorded) -> Recorded:
    """The same, disabled by hand, and the state has seen it."""
    (document,) = upvest.store.webhooks()
    upvest.store.save_webhook({**document, "enabled": False})
    return replace(existing, outputs={**existing.outputs, "enabled": False})


class TestCreate:
    @pytest.mark.parametrize(
        ("moment", "left"),
        [
            *[(moment, 0) for moment in around(TOKEN, LIST)],
            (before(POST), 0),
            (after(POST), 1),
            (before(PATCH), 1),
        ],
        ids=told,
    )
    def test_the_next_up_leaves_exactly_one(
        self, providers: Providers, upvest: LocalUpvest, moment: Fault, left: int
    ) -> None:
        providers.kill_during(moment, lambda servicer: up(servicer, declared()))
        assert [(is_claim(title), enabled) for _, title, enabled in held(upvest)] == [(True, False)] * left
        made = providers.up(declared())
        assert held(upvest) == [(made.id, "Webhook users", True)]

    @pytest.mark.parametrize("moment", around(DELETE), ids=told)
    def test_killed_while_a_leftover_is_deleted_the_next_up_leaves_exactly_one(
        self, providers: Providers, upvest: LocalUpvest, made: tuple[Recorded, dict[str, Any]], moment: Fault
    ) -> None:
        _, document = made
        upvest.store.save_webhook({**document, "title": declared()["__claim"], "enabled": False})
        providers.kill_during(moment, lambda servicer: up(servicer, declared()))
        assert len(held(upvest)) == (0 if is_handled(moment) else 1)
        again = providers.up(declared())
        assert again.id != document["id"]
        assert held(upvest) == [(again.id, "Webhook users", True)]

    def test_after_the_enabling_patch_a_list_shows_what_is_left_and_the_next_up_names_it(
        self, providers: Providers, upvest: LocalUpvest, tmp_path: Path
    ) -> None:
        providers.kill_during(after(PATCH), lambda servicer: up(servicer, declared()))
        (left,) = map(Webhook.model_validate, upvest.store.webhooks())
        assert listed(upvest, tmp_path / "listing", NOTHING) == [shown_without_a_resource(left)]
        take_over_as_told(providers, upvest, declared())

    def test_a_post_that_arrives_after_the_next_up_stays_disabled_and_a_refresh_names_it(
        self, providers: Providers, upvest: LocalUpvest
    ) -> None:
        providers.kill_during(late(POST), lambda servicer: up(servicer, declared()))
        made = providers.up(declared())
        upvest.faults.release()
        eventually(lambda: len(held(upvest)) == 2)
        ((newcomer, title, enabled),) = [webhook for webhook in held(upvest) if webhook[0] != made.id]
        assert (is_claim(title), enabled) == (True, False)
        with providers.run() as servicer:
            servicer.read(made.id, made.outputs)
        assert any(f"warning: webhook {newcomer} ({title}) is unfinished" in line for line in servicer.lines)

    def test_a_patch_that_arrives_after_the_next_up_enables_nothing(
        self, providers: Providers, upvest: LocalUpvest
    ) -> None:
        providers.kill_during(late(PATCH), lambda servicer: up(servicer, declared()))
        made = providers.up(declared())
        handled = len(upvest.requests())
        upvest.faults.release()
        eventually(lambda: len(upvest.requests()) > handled)
        assert upvest.requests()[-1].status == 404
        assert held(upvest) == [(made.id, "Webhook users", True)]


class TestCreateWithATestDelivery:
    @pytest.mark.parametrize("moment", around(TEST), ids=told)
    def test_killed_while_it_is_tested_nothing_is_enabled_yet(
        self, providers: Providers, upvest: LocalUpvest, receiver: str, moment: Fault
    ) -> None:
        tested = declared(url=receiver, verify="require")
        providers.kill_during(moment, lambda servicer: up(servicer, tested))
        assert [enabled for _, _, enabled in held(upvest)] == [False]
        made = providers.up(tested)
        assert held(upvest) == [(made.id, "Webhook users", True)]

    @pytest.mark.parametrize("moment", around(TEST), ids=told)
    def test_killed_while_it_is_tested_after_enabling_the_next_up_names_what_is_left(
        self, providers: Providers, upvest: LocalUpvest, receiver: str, moment: Fault
    ) -> None:
        tested = declared(url=receiver, verify="after_enable")
        providers.kill_during(moment, lambda servicer: up(servicer, tested))
        take_over_as_told(providers, upvest, tested)


class TestUpdate:
    @pytest.mark.parametrize("moment", around(TOKEN, PATCH), ids=told)
    def test_an_enabling_is_sent_again_by_the_next_up(
        self, providers: Providers, upvest: LocalUpvest, disabled: Recorded, moment: Fault
    ) -> None:
        providers.kill_during(moment, lambda servicer: up(servicer, declared(), disabled))
        is_done = moment.method == "PATCH" and is_handled(moment)
        assert held(upvest) == [(disabled.id, "Webhook users", is_done)]
        providers.up(declared(), disabled)
        assert held(upvest) == [(disabled.id, "Webhook users", True)]

    @pytest.mark.parametrize("moment", around(PATCH), ids=told)
    def test_a_move_is_sent_again_by_the_next_up(
        self, providers: Providers, upvest: LocalUpvest, existing: Recorded, moment: Fault
    ) -> None:
        news = declared(url="https://tenant.tld/new")
        providers.kill_during(moment, lambda servicer: up(servicer, news, existing))
        updated = providers.up(news, existing)
        assert held(upvest) == [(existing.id, "Webhook users", True)]
        assert upvest.store.webhooks()[0]["url"] == updated.outputs["url"] == news["url"]

    @pytest.mark.parametrize("moment", around(TEST), ids=told)
    def test_an_enabling_that_is_tested_is_tested_again_before_it_is_done(
        self, providers: Providers, upvest: LocalUpvest, disabled: Recorded, receiver: str, moment: Fault
    ) -> None:
        news = declared(url=receiver, verify="require")
        providers.kill_during(moment, lambda servicer: up(servicer, news, disabled))
        assert held(upvest) == [(disabled.id, "Webhook users", False)]
        updated = providers.up(news, disabled)
        assert held(upvest) == [(disabled.id, "Webhook users", True)]
        assert updated.outputs["last_test"]["status"] == 200

    @pytest.mark.parametrize("moment", around(TEST), ids=told)
    def test_a_move_that_is_tested_is_sent_and_tested_again(
        self, providers: Providers, upvest: LocalUpvest, existing: Recorded, receiver: str, moment: Fault
    ) -> None:
        news = declared(url=receiver, verify="require")
        providers.kill_during(moment, lambda servicer: up(servicer, news, existing))
        updated = providers.up(news, existing)
        assert held(upvest) == [(existing.id, "Webhook users", True)]
        assert upvest.store.webhooks()[0]["url"] == receiver
        assert updated.outputs["last_test"]["status"] == 200


class TestAdopt:
    @pytest.mark.parametrize("moment", around(TOKEN, GET, LIST, PATCH), ids=told)
    def test_the_next_up_adopts_the_same(
        self, providers: Providers, upvest: LocalUpvest, disabled: Recorded, moment: Fault
    ) -> None:
        news = declared("people", url=disabled.inputs["url"], adopt_id=disabled.id)
        providers.kill_during(moment, lambda servicer: up(servicer, news))
        assert [id_ for id_, _, _ in held(upvest)] == [disabled.id]
        assert providers.up(news).id == disabled.id
        assert held(upvest) == [(disabled.id, "Webhook people", True)]


class TestDelete:
    @pytest.mark.parametrize("moment", around(TOKEN, DELETE), ids=told)
    def test_the_next_run_deletes_it_or_finds_it_gone(
        self, providers: Providers, upvest: LocalUpvest, existing: Recorded, moment: Fault
    ) -> None:
        providers.kill_during(moment, lambda servicer: servicer.delete(existing.id, existing.outputs))
        is_done = moment.method == "DELETE" and is_handled(moment)
        assert len(held(upvest)) == (0 if is_done else 1)
        with providers.run() as servicer:
            servicer.delete(existing.id, existing.outputs)
        assert held(upvest) == []
        assert any("was already gone" in line for line in servicer.lines) is is_done


class TestRead:
    @pytest.mark.parametrize("moment", around(TOKEN, LIST), ids=told)
    def test_the_next_refresh_reads_the_same(
        self, providers: Providers, upvest: LocalUpvest, existing: Recorded, moment: Fault
    ) -> None:
        providers.kill_during(moment, lambda servicer: servicer.read(existing.id, existing.outputs))
        with providers.run() as servicer:
            found = servicer.read(existing.id, existing.outputs)
        assert (found.id, found.inputs, found.outputs) == (existing.id, None, existing.outputs)
        assert held(upvest) == [(existing.id, "Webhook users", True)]

    @pytest.mark.parametrize("moment", around(GET), ids=told)
    def test_what_was_asked_for_alone_is_gone_in_the_next_refresh_only(
        self, providers: Providers, upvest: LocalUpvest, existing: Recorded, moment: Fault
    ) -> None:
        upvest.store.delete_webhook(existing.id)
        providers.kill_during(moment, lambda servicer: servicer.read(existing.id, existing.outputs))
        with providers.run() as servicer:
            assert servicer.read(existing.id, existing.outputs).id == ""
