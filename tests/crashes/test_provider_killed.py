"""`kill -9` of the provider's process around each request, and what the next run makes of it.

Pulumi records nothing of an operation whose provider went away, so the next run asks for the same once more.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.crashes.processes import eventually
from tests.crashes.providers import Providers, Recorded, declared, up
from upvest_provider.claims import is_claim
from upvest_provider.local import ControlClient, Fault, FaultKind
from upvest_provider.testing import ProviderError

if TYPE_CHECKING:
    from upvest_provider.local import LocalUpvest

BEFORE = FaultKind.TIMEOUT_BEFORE
"""The process dies with the request on its way: Upvest never handles it."""
AFTER = FaultKind.HOLD_AFTER
"""The process dies when the request is handled and its answer not read."""
LATE = FaultKind.HOLD_BEFORE
"""The process dies, and Upvest handles the request when it is released."""

LIST = ("GET", "/webhooks?")
POST = ("POST", "/webhooks")
PATCH = ("PATCH", "/webhooks/")
DELETE = ("DELETE", "/webhooks/")
TEST = ("POST", "/webhooks/")


def at(kind: FaultKind, request: tuple[str, str]) -> Fault:
    method, path = request
    return Fault(kind, method=method, path=path)


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


class TestCreate:
    @pytest.mark.parametrize(
        ("kind", "request_", "left"),
        [(BEFORE, POST, 0), (AFTER, POST, 1), (BEFORE, PATCH, 1)],
    )
    def test_the_next_up_leaves_exactly_one(
        self, providers: Providers, upvest: LocalUpvest, kind: FaultKind, request_: tuple[str, str], left: int
    ) -> None:
        providers.kill_during(at(kind, request_), lambda servicer: up(servicer, declared()))
        assert [(is_claim(title), enabled) for _, title, enabled in held(upvest)] == [(True, False)] * left
        made = providers.up(declared())
        assert held(upvest) == [(made.id, "Webhook users", True)]

    def test_after_the_enabling_patch_the_next_up_names_what_is_left(
        self, providers: Providers, upvest: LocalUpvest
    ) -> None:
        providers.kill_during(at(AFTER, PATCH), lambda servicer: up(servicer, declared()))
        take_over_as_told(providers, upvest, declared())

    def test_a_post_that_arrives_after_the_next_up_stays_disabled_and_a_refresh_names_it(
        self, providers: Providers, upvest: LocalUpvest
    ) -> None:
        providers.kill_during(at(LATE, POST), lambda servicer: up(servicer, declared()))
        made = providers.up(declared())
        upvest.faults.release()
        eventually(lambda: len(held(upvest)) == 2)
        ((late, title, enabled),) = [webhook for webhook in held(upvest) if webhook[0] != made.id]
        assert (is_claim(title), enabled) == (True, False)
        with providers.run() as servicer:
            servicer.read(made.id, made.outputs)
        assert any(f"warning: webhook {late} ({title}) is unfinished" in line for line in servicer.lines)

    def test_a_patch_that_arrives_after_the_next_up_enables_nothing(
        self, providers: Providers, upvest: LocalUpvest
    ) -> None:
        providers.kill_during(at(LATE, PATCH), lambda servicer: up(servicer, declared()))
        made = providers.up(declared())
        before = len(upvest.requests())
        upvest.faults.release()
        eventually(lambda: len(upvest.requests()) > before)
        assert upvest.requests()[-1].status == 404
        assert held(upvest) == [(made.id, "Webhook users", True)]


class TestCreateWithATestDelivery:
    @pytest.fixture
    def news(self, upvest: LocalUpvest) -> dict[str, Any]:
        """A webhook that leads to a receiver that takes everything."""
        host, control = "hooks.tenant.tld", ControlClient(Path(upvest.credentials.private_key_file).parent)
        control.put("dns", host, "A", values=["127.0.0.1"])
        control.put("listeners", host)
        control.put("certificates", host)
        return declared(url=f"https://{host}:{upvest.world.receiver.port}/users")

    def test_killed_while_it_is_tested_nothing_is_enabled_yet(
        self, providers: Providers, upvest: LocalUpvest, news: dict[str, Any]
    ) -> None:
        tested = {**news, "verify": "require"}
        providers.kill_during(at(AFTER, TEST), lambda servicer: up(servicer, tested))
        assert [enabled for _, _, enabled in held(upvest)] == [False]
        made = providers.up(tested)
        assert held(upvest) == [(made.id, "Webhook users", True)]

    def test_killed_while_it_is_tested_after_enabling_the_next_up_names_what_is_left(
        self, providers: Providers, upvest: LocalUpvest, news: dict[str, Any]
    ) -> None:
        tested = {**news, "verify": "after_enable"}
        providers.kill_during(at(AFTER, TEST), lambda servicer: up(servicer, tested))
        take_over_as_told(providers, upvest, tested)


@pytest.fixture(scope="module")
def made(shared_upvest: LocalUpvest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recorded, dict[str, Any]]:
    """A webhook as the state and as the account hold it; made once."""
    recorded = Providers(shared_upvest, tmp_path_factory.mktemp("made")).up(declared())
    (document,) = shared_upvest.store.webhooks()
    return recorded, document


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


class TestUpdate:
    @pytest.mark.parametrize("kind", [BEFORE, AFTER])
    def test_an_enabling_is_sent_again_by_the_next_up(
        self, providers: Providers, upvest: LocalUpvest, disabled: Recorded, kind: FaultKind
    ) -> None:
        providers.kill_during(at(kind, PATCH), lambda servicer: up(servicer, declared(), disabled))
        assert held(upvest) == [(disabled.id, "Webhook users", kind is AFTER)]
        providers.up(declared(), disabled)
        assert held(upvest) == [(disabled.id, "Webhook users", True)]

    @pytest.mark.parametrize("kind", [BEFORE, AFTER])
    def test_a_move_is_sent_again_by_the_next_up(
        self, providers: Providers, upvest: LocalUpvest, existing: Recorded, kind: FaultKind
    ) -> None:
        news = declared(url="https://tenant.tld/new")
        providers.kill_during(at(kind, PATCH), lambda servicer: up(servicer, news, existing))
        updated = providers.up(news, existing)
        assert held(upvest) == [(existing.id, "Webhook users", True)]
        assert upvest.store.webhooks()[0]["url"] == updated.outputs["url"] == news["url"]


class TestAdopt:
    @pytest.mark.parametrize(("kind", "request_"), [(AFTER, LIST), (BEFORE, PATCH), (AFTER, PATCH)])
    def test_the_next_up_adopts_the_same(
        self,
        providers: Providers,
        upvest: LocalUpvest,
        disabled: Recorded,
        kind: FaultKind,
        request_: tuple[str, str],
    ) -> None:
        news = declared("people", url=disabled.inputs["url"], adopt_id=disabled.id)
        providers.kill_during(at(kind, request_), lambda servicer: up(servicer, news))
        assert [id_ for id_, _, _ in held(upvest)] == [disabled.id]
        assert providers.up(news).id == disabled.id
        assert held(upvest) == [(disabled.id, "Webhook people", True)]


class TestDelete:
    @pytest.mark.parametrize("kind", [BEFORE, AFTER])
    def test_the_next_run_deletes_it_or_finds_it_gone(
        self, providers: Providers, upvest: LocalUpvest, existing: Recorded, kind: FaultKind
    ) -> None:
        providers.kill_during(at(kind, DELETE), lambda servicer: servicer.delete(existing.id, existing.outputs))
        assert len(held(upvest)) == (1 if kind is BEFORE else 0)
        with providers.run() as servicer:
            servicer.delete(existing.id, existing.outputs)
        assert held(upvest) == []
        assert any("was already gone" in line for line in servicer.lines) is (kind is AFTER)


class TestRead:
    def test_the_next_refresh_reads_the_same(
        self, providers: Providers, upvest: LocalUpvest, existing: Recorded
    ) -> None:
        providers.kill_during(at(AFTER, LIST), lambda servicer: servicer.read(existing.id, existing.outputs))
        with providers.run() as servicer:
            found = servicer.read(existing.id, existing.outputs)
        assert (found.id, found.inputs, found.outputs) == (existing.id, None, existing.outputs)
        assert held(upvest) == [(existing.id, "Webhook users", True)]
