from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.environment import environment
from upvest_provider.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upvest_provider.local import LocalUpvest


def variables(upvest: LocalUpvest) -> Mapping[str, str]:
    """The settings of somebody who has credentials."""
    given = upvest.credentials
    return {
        "UPVEST_CLIENT_ID": given.client_id,
        "UPVEST_KEY_ID": given.key_id,
        "UPVEST_CLIENT_SECRET": given.client_secret,
        "UPVEST_PRIVATE_KEY_FILE": given.private_key_file,
        "UPVEST_PRIVATE_KEY_PASSPHRASE": given.private_key_passphrase,
    }


@pytest.mark.parametrize(
    "api",
    [
        "live",
        "LIVE",
        " live ",
        "https://api.upvest.co",
        "https://api.upvest.co/",
        "https://API.upvest.co:443",
        "https://api.upvest.co:8443",
        "https://api.upvest.co.",
        "https://user@api.upvest.co",
        "http://api.upvest.co",
        "api.upvest.co",
    ],
)
def test_the_live_api_is_refused_whatever_else_is_set(upvest: LocalUpvest, api: str) -> None:
    with pytest.raises(SettingsError, match="the live API is never asked"), environment(api, variables(upvest)):
        pass


def test_the_sandbox_is_asked_as_the_environment_says(upvest: LocalUpvest) -> None:
    with environment("sandbox", variables(upvest)) as (name, credentials):
        assert (name, credentials.base_url) == ("sandbox", "https://sandbox.upvest.co")
        assert (credentials.client_id, credentials.key_id) == (
            upvest.credentials.client_id,
            upvest.credentials.key_id,
        )


def test_an_environment_is_asked_by_its_url(upvest: LocalUpvest) -> None:
    with environment("https://upvest.tenant.tld", variables(upvest)) as (name, credentials):
        assert (name, credentials.base_url) == ("https://upvest.tenant.tld", "https://upvest.tenant.tld")


def test_the_local_api_that_runs_is_asked_by_its_name(upvest: LocalUpvest) -> None:
    state = str(upvest.state)

    with environment("local", {"UPVEST_LOCAL_STATE": state}) as (name, credentials):
        assert (name, credentials.base_url) == ("local", upvest.url)


def test_a_local_api_of_the_runs_own_is_asked_where_none_is_named(upvest: LocalUpvest) -> None:
    with environment("", variables(upvest)) as (name, credentials):
        assert name == "local"
        assert credentials.base_url.startswith("http://127.0.0.1:")
        assert credentials.client_id != upvest.credentials.client_id


def test_ids_that_are_missing_are_named(upvest: LocalUpvest) -> None:
    given = {name: value for name, value in variables(upvest).items() if not name.endswith("_ID")}

    with pytest.raises(SettingsError) as error, environment("sandbox", given):
        pass

    assert (
        str(error.value)
        == "UPVEST_CLIENT_ID and UPVEST_KEY_ID not set\nSet them to the ids that Upvest gave to you."
    )


def test_an_environment_that_the_shell_contradicts_is_not_asked(upvest: LocalUpvest) -> None:
    given = {**variables(upvest), "UPVEST_API": "live"}

    with pytest.raises(SettingsError, match="UPVEST_API in the environment"), environment("sandbox", given):
        pass
