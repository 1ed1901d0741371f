from __future__ import annotations

import itertools
import logging
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from tests.api.scripted import always, cuts_the_body, gives, hangs_up, in_turn, page, problem, says, token
from upvest_provider.api import KeyUnusable, load_signing_key
from upvest_provider.api.models import AccessToken
from upvest_provider.api.signature import Request
from upvest_provider.errors import UpvestError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import Connect
    from tests.api.scripted import Upstream
    from upvest_provider.api import Credentials, UpvestClient

SECRET, PASSPHRASE, TOKEN = "canary-secret", "canary-passphrase", "canary-token"
KEY = ec.generate_private_key(ec.SECP521R1())
PEM = KEY.private_bytes(
    Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(PASSPHRASE.encode())
)
CANARIES = [
    "canary",
    str(KEY.private_numbers().private_value),
    f"{KEY.private_numbers().private_value:x}",
    *PEM.decode().splitlines()[4:-1],
]


@pytest.fixture
def credentials(credentials: Credentials) -> Credentials:
    return replace(credentials, client_secret=SECRET, signing_key=load_signing_key(PEM, PASSPHRASE))


@pytest.fixture
def shown(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """What could be seen by someone, the logs of all libraries included; searched where the test ends."""
    shown: list[str] = []
    with caplog.at_level(logging.DEBUG):
        yield shown
    printed = capfd.readouterr()
    everything = "\n".join([*shown, caplog.text, printed.out, printed.err])
    assert everything
    assert [canary for canary in CANARIES if canary in everything] == []


def seen_of(error: BaseException) -> list[str]:
    """All forms of an error and of those beneath it, raised from it or not."""
    seen = [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    for beneath in (error.__cause__, error.__context__):
        seen += seen_of(beneath) if beneath else []
    return seen


def test_the_search_finds_a_canary_in_an_error_beneath() -> None:
    with pytest.raises(KeyError) as failure:
        _hide(ValueError(TOKEN))
    assert TOKEN not in "".join(traceback.format_exception(failure.value))
    assert TOKEN in "".join(seen_of(failure.value))


def _hide(error: Exception) -> None:
    try:
        raise error
    except ValueError:
        raise KeyError from None


def test_no_secret_shows_in_what_holds_it(
    credentials: Credentials, connect: Connect, upstream: Upstream, shown: list[str]
) -> None:
    upstream.tokens = always(token(TOKEN))
    client = connect()
    client.list_webhooks()
    held = AccessToken(access_token=TOKEN, expires_in=1)
    request = Request("POST", "/auth/token", headers={"authorization": TOKEN}, body=SECRET.encode())
    for each in (credentials, credentials.signing_key, client, held, request):
        shown += [repr(each), str(each), f"{each}"]
    assert [SECRET in each.body.decode() for each in upstream.token_requests] == [True]
    assert [TOKEN in each.headers["authorization"] for each in upstream.calls] == [True]


API_FAULTS = {
    "400": problem(400),
    "401": problem(401),
    "404": problem(404),
    "429": problem(429),
    "500": problem(500),
    "302": says(302, headers={"location": "/"}),
    "no answer": hangs_up,
    "cut": cuts_the_body,
    "no JSON": says(200, b"<html>"),
}


@pytest.mark.parametrize("fault", API_FAULTS)
def test_no_secret_shows_where_a_call_fails(
    upstream: Upstream, client: UpvestClient, shown: list[str], fault: str
) -> None:
    upstream.tokens = always(token(TOKEN))
    upstream.api = always(API_FAULTS[fault])
    with pytest.raises(UpvestError) as failure:
        client.create_webhook({"title": "t"})
    shown += seen_of(failure.value)


TOKEN_FAULTS = {
    **API_FAULTS,
    "no lifetime": gives({"access_token": TOKEN}),
    "a lifetime that is none": gives({"access_token": TOKEN, "expires_in": TOKEN}),
    "a token that is no text": gives({"access_token": [TOKEN], "expires_in": 1}),
    "half of a document": says(200, f'{{"access_token": "{TOKEN}"'.encode()),
    "a document that is none": says(200, TOKEN.encode()),
    "a token with a line break": gives({"access_token": f"{TOKEN}\n", "expires_in": 1800}),
    "a token with a control character": gives({"access_token": f"{TOKEN}\x00", "expires_in": 1800}),
    "a token beyond ASCII": gives({"access_token": f"{TOKEN}é", "expires_in": 1800}),
}


@pytest.mark.parametrize("fault", TOKEN_FAULTS)
def test_no_secret_shows_where_the_token_fails(
    upstream: Upstream, client: UpvestClient, shown: list[str], fault: str
) -> None:
    upstream.tokens = always(TOKEN_FAULTS[fault])
    with pytest.raises(UpvestError) as failure:
        client.list_webhooks()
    shown += seen_of(failure.value)
    assert upstream.calls == []


def test_no_secret_shows_where_nothing_is_reached(
    upstream: Upstream, client: UpvestClient, shown: list[str]
) -> None:
    upstream.tokens = always(token(TOKEN))
    client.list_webhooks()
    upstream.refuse()
    with pytest.raises(UpvestError) as failure:
        client.list_webhooks()
    shown += seen_of(failure.value)


def test_no_secret_shows_where_a_renewed_token_is_refused_too(
    upstream: Upstream, client: UpvestClient, shown: list[str]
) -> None:
    numbers = itertools.count()
    upstream.tokens = lambda _: token(f"{TOKEN}-{next(numbers)}")
    upstream.api = in_turn(page([]), problem(401), problem(401))
    client.list_webhooks()
    with pytest.raises(UpvestError) as failure:
        client.list_webhooks()
    shown += seen_of(failure.value)


@pytest.mark.parametrize(
    ("pem", "passphrase"),
    [
        (PEM, None),
        (PEM, f"{PASSPHRASE}-wrong"),
        (PEM[:-60], PASSPHRASE),
        (PEM.replace(b"PRIVATE", b"PUBLIC"), PASSPHRASE),
        (f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----".encode(), None),
    ],
    ids=["no passphrase", "a wrong passphrase", "cut", "no private key", "damaged"],
)
def test_no_secret_shows_where_a_key_cannot_be_used(pem: bytes, passphrase: str | None, shown: list[str]) -> None:
    with pytest.raises(KeyUnusable) as failure:
        load_signing_key(pem, passphrase)
    shown += seen_of(failure.value)
