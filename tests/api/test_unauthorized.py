"""A 401: what it most likely means, and what a client may do with fewer scopes."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from inline_snapshot import snapshot

from tests.api.conftest import NOW
from tests.api.scripted import always, gives, hangs_up, in_turn, page, problem, says, token, webhook
from upvest_provider import limits
from upvest_provider.api import Credentials, SigningKey
from upvest_provider.errors import ApiError, ScopeMissing, UpvestError
from upvest_provider.local.store import ACCOUNT, Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.conftest import Connect
    from tests.api.scripted import Behaviour, Received, Upstream
    from upvest_provider.api import UpvestClient
    from upvest_provider.local import LocalUpvest, LoggedRequest

BOTH = "webhooks:read webhooks:admin"


def refused(detail: str = "Unauthorised", skew: float = 0) -> Behaviour:
    """A 401 by a server whose clock is behind that of the client by so many seconds."""
    date = format_datetime(datetime.fromtimestamp(NOW - skew, UTC), usegmt=True)
    return problem(401, detail, {"date": date})


def failure(call: Callable[[], object], kind: type[UpvestError] = ApiError) -> UpvestError:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def told(upstream: Upstream, error: UpvestError) -> str:
    return str(error).replace(upstream.url, "https://api.test")


@pytest.fixture
def client_with(upvest: LocalUpvest, connect: Connect) -> Callable[[str], UpvestClient]:
    """A client of the local API that is allowed these scopes."""
    key = ec.generate_private_key(ec.SECP521R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def client_with(scopes: str) -> UpvestClient:
        client_id, key_id = str(uuid.uuid4()), str(uuid.uuid4())
        upvest.store.add_client(Client(client_id, "secret", scopes, ACCOUNT, key_id, public))
        return connect(credentials=Credentials(upvest.url, client_id, "secret", key_id, SigningKey(key)))

    return client_with


def paths(asked: Callable[[], list[LoggedRequest]]) -> list[tuple[str, int]]:
    return [(request.path, request.status) for request in asked()]


def test_a_client_that_may_only_read_lists_and_reads(
    client_with: Callable[[str], UpvestClient], asked: Callable[[], list[LoggedRequest]]
) -> None:
    client = client_with("webhooks:read")
    assert client.list_webhooks() == []
    assert client.get_verification_keys()
    assert paths(asked) == [
        ("/auth/token", 401),
        ("/auth/token", 200),
        ("/webhooks", 200),
        ("/auth/verify_keys", 200),
    ]


def test_a_client_that_may_only_read_is_told_before_it_writes(
    upvest: LocalUpvest, client_with: Callable[[str], UpvestClient], asked: Callable[[], list[LoggedRequest]]
) -> None:
    client = client_with("webhooks:read")
    error = failure(lambda: client.create_webhook({"title": "t", "url": "https://a.tld"}), ScopeMissing)
    assert str(error).replace(upvest.url, "https://api.test") == snapshot("""\
this client may only read: Upvest grants it webhooks:read, not webhooks:admin
The call was not sent to https://api.test.
Have Upvest allow this client the scope `webhooks:admin`, or use one that has it.\
""")
    assert not error.outcome_unknown
    assert paths(asked) == [("/auth/token", 401), ("/auth/token", 200)]


def test_a_client_with_the_scope_to_write_alone_reads_and_writes(
    client_with: Callable[[str], UpvestClient], asked: Callable[[], list[LoggedRequest]]
) -> None:
    client = client_with("webhooks:admin")
    made = client.create_webhook({"title": "t", "url": "https://a.tld"})
    assert client.get_webhook(made.id) == made
    assert [path for path, _ in paths(asked)] == ["/auth/token"] * 3 + ["/webhooks", f"/webhooks/{made.id}"]


def test_a_client_without_any_scope_is_told_of_scopes(
    upvest: LocalUpvest, client_with: Callable[[str], UpvestClient]
) -> None:
    error = failure(client_with("orders:read").list_webhooks)
    assert error.fix == "Have Upvest allow this client the scopes `webhooks:read` and `webhooks:admin`."
    assert upvest.requests()[-3].detail == f"The client lacks the scope {' '.join(sorted(BOTH.split()))}."


def test_scopes_are_asked_for_together_and_then_alone(upstream: Upstream, client: UpvestClient) -> None:
    upstream.tokens = always(refused())
    failure(client.list_webhooks)
    asked = [parse_qs(request.body.decode())["scope"] for request in upstream.token_requests]
    assert asked == [[BOTH], ["webhooks:read"], ["webhooks:admin"]]


@pytest.mark.parametrize(
    ("detail", "fix"),
    [
        pytest.param(
            "The signature is wrong",
            snapshot(
                "Make sure that the key id (`upvest:keyId`) and the private key belong together, and that Upvest holds the public half for this environment."
            ),
            id="signature",
        ),
        pytest.param(
            "Unknown keyId of the client",
            snapshot(
                "Make sure that the key id (`upvest:keyId`) and the private key belong together, and that Upvest holds the public half for this environment."
            ),
            id="key id",
        ),
        pytest.param(
            "client_secret is incorrect",
            snapshot(
                "Make sure that the client id (`upvest:clientId`) and UPVEST_CLIENT_SECRET belong together, and to this environment."
            ),
            id="secret",
        ),
        pytest.param(
            "The client lacks a scope",
            snapshot("Have Upvest allow this client the scopes `webhooks:read` and `webhooks:admin`."),
            id="scope",
        ),
        pytest.param(
            "Unauthorised",
            snapshot(
                "Make sure that `upvest:clientId`, `upvest:keyId`, UPVEST_CLIENT_SECRET and the private key belong together, and that Upvest allows the client `webhooks:read` and `webhooks:admin`."
            ),
            id="nothing said",
        ),
    ],
)
def test_the_words_of_the_answer_decide_what_is_to_be_done(
    upstream: Upstream, client: UpvestClient, detail: str, fix: str
) -> None:
    upstream.tokens = always(refused(detail))
    error = failure(client.list_webhooks)
    assert error.summary == f"Upvest answered 401: {detail}"
    assert error.fix == fix


@pytest.mark.parametrize(
    ("skew", "line"),
    [
        (
            limits.CLOCK_SKEW + 1,
            snapshot("This machine's clock is 31 s ahead of Upvest's, and a signature is good for 60 s."),
        ),
        (-95, snapshot("This machine's clock is 95 s behind Upvest's, and a signature is good for 60 s.")),
    ],
)
def test_a_clock_that_is_off_is_named_whatever_else_is_said(
    upstream: Upstream, client: UpvestClient, skew: float, line: str
) -> None:
    upstream.tokens = always(refused("The signature is wrong", skew))
    error = failure(client.list_webhooks)
    assert error.details[-1] == line
    assert error.fix == "Set this machine's clock (NTP), then run the command again."
    assert len(upstream.token_requests) == 1


@pytest.mark.parametrize("skew", [limits.CLOCK_SKEW, -limits.CLOCK_SKEW, 0])
def test_a_clock_that_is_nearly_right_is_not_accused(
    upstream: Upstream, client: UpvestClient, skew: float
) -> None:
    upstream.tokens = always(refused("The signature is wrong", skew))
    assert "key id" in failure(client.list_webhooks).fix


@pytest.mark.parametrize("date", ["yesterday", "", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_date_that_cannot_be_read_says_nothing_of_the_clock(
    upstream: Upstream, client: UpvestClient, date: str
) -> None:
    upstream.tokens = always(problem(401, "The signature is wrong", {"date": date}))
    assert "key id" in failure(client.list_webhooks).fix


def test_a_call_that_is_refused_with_a_fresh_token_says_that_the_token_was_granted(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = always(refused("Signature does not match"))
    assert told(upstream, failure(client.list_webhooks)) == snapshot("""\
Upvest answered 401: Signature does not match
GET /webhooks at https://api.test, upvest-request-id 1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11
An access token was granted just before, so the client's secret and key were right then.
Make sure that no proxy changes requests on their way; else report the request id to Upvest's support.\
""")


def test_a_401_of_a_proxy_accuses_no_credentials(upstream: Upstream, client: UpvestClient) -> None:
    upstream.tokens = always(says(401, b"<html>", {"content-type": "text/html"}))
    assert told(upstream, failure(client.list_webhooks)) == snapshot("""\
401 Unauthorized, from something between here and Upvest
POST /auth/token at https://api.test, no upvest-request-id
Make sure that `upvest:api` and any HTTP proxy of this machine lead to Upvest, then run again.\
""")


def test_a_write_whose_answer_was_lost_before_the_token_was_refused_may_have_been_done(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(hangs_up, refused())
    upstream.tokens = in_turn(token(), refused("client_secret is incorrect"))
    assert failure(lambda: client.update_webhook("42", {"title": "t"})).outcome_unknown


def test_a_write_refused_twice_after_a_lost_answer_may_have_been_done(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(hangs_up, refused(), refused())
    assert failure(lambda: client.update_webhook("42", {"title": "t"})).outcome_unknown


def test_the_other_scopes_are_not_asked_for_once_a_token_is_granted(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(page([webhook()]), refused(), page([webhook()]))
    client.list_webhooks()
    client.list_webhooks()
    assert len(upstream.token_requests) == 2


def by_scopes(*passing: Behaviour, granted: str = BOTH) -> Callable[[Received], Behaviour]:
    """An API that grants some scopes, after refusals that have nothing to do with them."""
    rest = iter(passing)

    def decide(request: Received) -> Behaviour:
        [asked] = parse_qs(request.body.decode())["scope"]
        return next(rest, token(asked.replace(" ", "+")) if asked in granted else refused())

    return decide


def test_a_refusal_that_passes_leaves_no_client_that_may_only_read(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.tokens = by_scopes(refused())
    upstream.api = in_turn(page([]), gives(webhook(), 201), gives(webhook()))
    client.list_webhooks()
    client.create_webhook({"title": "t"})
    client.update_webhook(webhook()["id"], {"title": "u"})
    asked = [parse_qs(request.body.decode())["scope"] for request in upstream.token_requests]
    assert asked == [[BOTH], ["webhooks:read"], [BOTH]]


def test_a_refusal_that_passes_in_the_middle_of_a_creation_does_not_end_it(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.api = in_turn(gives(webhook(), 201), refused(), gives(webhook()))
    upstream.tokens = by_scopes(token("first"), refused())
    made = client.create_webhook({"title": "t"})
    assert client.update_webhook(made.id, {"enabled": True}) == made
    assert [request.headers["authorization"] for request in upstream.calls] == [
        "Bearer first",
        "Bearer first",
        "Bearer webhooks:read+webhooks:admin",
    ]


def test_a_client_that_is_refused_for_no_cause_that_is_told_may_only_read_after_two_looks(
    upstream: Upstream, client: UpvestClient
) -> None:
    upstream.tokens = by_scopes(granted="webhooks:read")
    failure(lambda: client.create_webhook({"title": "t"}), ScopeMissing)
    asked = [parse_qs(request.body.decode())["scope"] for request in upstream.token_requests]
    assert asked == [[BOTH], ["webhooks:read"]] * 2
    assert upstream.calls == []
    client.list_webhooks()
    assert len(upstream.token_requests) == 4
