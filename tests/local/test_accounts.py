"""Several accounts at one local API: each with a client, webhooks and events of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from upvest_provider.api import UpvestClient
from upvest_provider.errors import SettingsError
from upvest_provider.local import ControlClient, LocalUpvest
from upvest_provider.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNTS = json.dumps({"tol": {}, "byol-de": {}})


def client_of(state: Path, name: str | None) -> UpvestClient:
    config = {"upvest:api": "local", **({"upvest:accounts": ACCOUNTS} if name else {})}
    return UpvestClient(Settings(config.get, {"UPVEST_LOCAL_STATE": str(state)}).of(name).credentials())


def test_each_account_sees_its_own_webhooks(tmp_path: Path) -> None:
    with LocalUpvest(tmp_path, accounts=["tol", "byol-de"]) as upvest:
        for name in ("tol", None):
            with client_of(tmp_path, name) as client:
                client.create_webhook({"title": f"Of {name}", "url": "https://a.tld", "type": ["USER"]})
        with client_of(tmp_path, "tol") as tol, client_of(tmp_path, "byol-de") as byol:
            assert [webhook.title for webhook in tol.list_webhooks()] == ["Of tol"]
            assert byol.list_webhooks() == []
        assert [webhook["title"] for webhook in upvest.store.webhooks("tol")] == ["Of tol"]
        assert [webhook["title"] for webhook in upvest.store.webhooks()] == ["Of None"]
        assert upvest.accounts.keys() == {"", "tol", "byol-de"}


def test_accounts_stay_over_a_start_that_does_not_name_them(tmp_path: Path) -> None:
    with LocalUpvest(tmp_path, accounts=["tol"]) as first:
        known = first.accounts["tol"].client_id
    with LocalUpvest(tmp_path, accounts=["byol-de"]) as second, client_of(tmp_path, "tol") as tol:
        assert second.accounts["tol"].client_id == known
        assert tol.list_webhooks() == []


def test_an_account_that_the_local_api_does_not_have_is_told(tmp_path: Path) -> None:
    with LocalUpvest(tmp_path), pytest.raises(SettingsError) as refusal:
        client_of(tmp_path, "tol")
    assert str(refusal.value).splitlines() == [
        "the local API has no account 'tol'",
        "Start it with `upvest-webhooks local --account tol`.",
    ]


def test_a_name_that_no_account_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'TOL'"), LocalUpvest(tmp_path, accounts=["TOL"]):
        pass


def test_events_happen_in_one_account(tmp_path: Path) -> None:
    with LocalUpvest(tmp_path, accounts=["tol"]):
        for name in ("tol", None):
            with client_of(tmp_path, name) as client:
                made = client.create_webhook({"title": "t", "url": "https://a.tld", "type": ["USER"]})
                client.update_webhook(made.id, {"enabled": True, "type": ["USER"]})
        control = ControlClient(tmp_path)
        assert [control.make_events("USER", account=account) for account in ("", "tol", "other")] == [1, 1, 0]
