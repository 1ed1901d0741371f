from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from tests.api.scripted import REQUEST_ID, always, hangs_up, problem, says
from upvest_provider.errors import ApiError, NotFound, UpvestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.scripted import Behaviour, Upstream
    from upvest_provider.api import UpvestClient
    from upvest_provider.local import LoggedRequest

HTML = {"content-type": "text/html"}
OWN = {"content-type": "application/problem+json", "upvest-request-id": REQUEST_ID}


def failed(upstream: Upstream, client: UpvestClient, behaviour: Behaviour) -> ApiError:
    upstream.api = always(behaviour)
    with pytest.raises(ApiError) as failure:
        client.update_webhook("42", {"title": "t"})
    return failure.value


def text(upstream: Upstream, error: UpvestError) -> str:
    return str(error).replace(upstream.url, "https://api.test")


def test_a_problem_of_upvests_own_has_its_fields(upstream: Upstream, client: UpvestClient) -> None:
    error = failed(upstream, client, problem(400, "title: too long", {"retry-after": "7"}))
    assert type(error) is ApiError
    assert (error.status, error.detail, error.request_id, error.retry_after) == (
        400,
        "title: too long",
        REQUEST_ID,
        7.0,
    )
    assert error.outcome_unknown is False


def test_the_local_apis_problems_are_read(
    asked: Callable[[], list[LoggedRequest]], customer: UpvestClient
) -> None:
    with pytest.raises(ApiError) as failure:
        customer.create_webhook({"title": "t", "url": "http://tenant.tld"})
    assert (failure.value.status, failure.value.detail) == (400, "url: must have the scheme https")
    assert failure.value.request_id == asked()[-1].request_id


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ({"type": "t", "status": 400, "title": "Title", "detail": "Detail"}, "Detail"),
        ({"type": "t", "status": 400, "title": "Title"}, "Title"),
        ({"type": "t", "status": 400}, "Bad Request"),
        ({}, "Bad Request"),
        ({"detail": "Detail", "more": {"unknown": [1]}}, "Detail"),
        ({"title": "Title", "detail": ["Detail"]}, "Title"),
        ({"title": {"en": "Title"}, "detail": 17}, "Bad Request"),
        (
            {"detail": "url: 'https://tenant.tld/canary' is not allowed"},
            "url: 'https://tenant.tld…' is not allowed",
        ),
        ({"title": "https://tenant.tld/canary is no receiver"}, "https://tenant.tld… is no receiver"),
    ],
)
def test_the_detail_is_the_best_that_a_problem_has(
    upstream: Upstream, client: UpvestClient, document: object, detail: str
) -> None:
    error = failed(upstream, client, says(400, json.dumps(document).encode(), OWN))
    assert error.detail == detail
    assert error.summary == f"Upvest answered 400: {detail}"
    assert "canary" not in str(error)


def test_a_charset_in_the_content_type_does_not_matter(upstream: Upstream, client: UpvestClient) -> None:
    headers = OWN | {"content-type": "application/problem+json; charset=utf-8"}
    assert (
        failed(upstream, client, says(409, b'{"detail": "Busy"}', headers)).summary == "Upvest answered 409: Busy"
    )


def test_a_404_of_upvests_own_is_not_found(upstream: Upstream, client: UpvestClient) -> None:
    assert type(failed(upstream, client, problem(404))) is NotFound


@pytest.mark.parametrize("headers", [OWN, OWN | {"content-type": "Application/Problem+JSON"}])
@pytest.mark.parametrize("body", [b'{"detail": ["no such webhook"]}', b'{"title": 1, "detail": null}', b"{}"])
def test_a_404_of_upvests_own_is_not_found_whatever_it_says(
    upstream: Upstream, client: UpvestClient, headers: dict[str, str], body: bytes
) -> None:
    error = failed(upstream, client, says(404, body, headers))
    assert (type(error), error.summary) == (NotFound, "Upvest answered 404: Not Found")


PROXY_404S: dict[str, Behaviour] = {
    "no body": says(404),
    "a page": says(404, b"<html>", HTML),
    "a problem without a request id": says(404, b"{}", {"content-type": "application/problem+json"}),
    "a problem with an empty request id": says(404, b"{}", OWN | {"upvest-request-id": ""}),
}

DOUBTFUL_404S: dict[str, Behaviour] = {
    "a page": says(404, b"<html>", HTML | {"upvest-request-id": REQUEST_ID}),
    "a problem that is no JSON": says(404, b"{", OWN),
    "a problem that is no object": says(404, b"[]", OWN),
    "a problem without a body": says(404, b"", OWN),
    "plain JSON": says(404, b"{}", OWN | {"content-type": "application/json"}),
}


def test_a_404_that_is_not_upvests_own_is_not_not_found(upstream: Upstream, client: UpvestClient) -> None:
    for proxy, behaviour in PROXY_404S.items():
        error = failed(upstream, client, behaviour)
        assert type(error) is ApiError, proxy
        assert error.summary == "404 Not Found, from something between here and Upvest", proxy


def test_a_404_with_a_request_id_that_is_no_problem_is_not_not_found_and_accuses_no_proxy(
    upstream: Upstream, client: UpvestClient
) -> None:
    for what, behaviour in DOUBTFUL_404S.items():
        error = failed(upstream, client, behaviour)
        assert type(error) is ApiError, what
        assert text(upstream, error) == snapshot("""\
404 Not Found, with a request id but not in the form of Upvest's errors
PATCH /webhooks/42 at https://api.test, upvest-request-id 1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11
Make sure that no proxy changes answers on their way; else report the request id to Upvest's support.\
"""), what


def test_a_redirect_is_not_followed(upstream: Upstream, client: UpvestClient) -> None:
    location = {"location": f"{upstream.url}/webhooks/elsewhere"}
    redirects = [301, 302, 303, 307, 308]
    for status in redirects:
        assert failed(upstream, client, says(status, b"", location)).status == status
    assert [request.path for request in upstream.calls] == ["/webhooks/42"] * len(redirects)


def test_what_was_wrong_with_a_request(upstream: Upstream, client: UpvestClient) -> None:
    assert text(upstream, failed(upstream, client, problem(400, "title: too long"))) == snapshot("""\
Upvest answered 400: title: too long
PATCH /webhooks/42 at https://api.test, upvest-request-id 1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11
Correct what Upvest names, then run the command again.\
""")


def test_wrong_credentials(upstream: Upstream, client: UpvestClient) -> None:
    assert text(upstream, failed(upstream, client, problem(401, "Signature is incorrect"))) == snapshot("""\
Upvest answered 401: Signature is incorrect
PATCH /webhooks/42 at https://api.test, upvest-request-id 1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11
An access token was granted just before, so the client's secret and key were right then.
Make sure that no proxy changes requests on their way; else report the request id to Upvest's support.\
""")


def test_a_missing_scope(upstream: Upstream, client: UpvestClient) -> None:
    assert text(upstream, failed(upstream, client, problem(403, "Missing scope"))) == snapshot("""\
Upvest answered 403: Missing scope
PATCH /webhooks/42 at https://api.test, upvest-request-id 1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11
Have Upvest allow this client the scopes `webhooks:read` and `webhooks:admin`.\
""")


def test_no_such_webhook(upstream: Upstream, client: UpvestClient) -> None:
    assert text(upstream, failed(upstream, client, problem(404, "No such webhook"))) == snapshot("""\
Upvest answered 404: No such webhook
PATCH /webhooks/42 at https://api.test, upvest-request-id 1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11
Run `pulumi up --refresh`.\
""")


def test_too_many_requests(upstream: Upstream, client: UpvestClient) -> None:
    assert text(upstream, failed(upstream, client, problem(429, "Slow down"))) == snapshot("""\
Upvest answered 429: Slow down
PATCH /webhooks/42 at https://api.test, upvest-request-id 1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11
Wait a minute, then run the command again.\
""")


def test_a_fault_at_upvest(upstream: Upstream, client: UpvestClient) -> None:
    assert text(upstream, failed(upstream, client, problem(500, "Something broke"))) == snapshot("""\
Upvest answered 500: Something broke
PATCH /webhooks/42 at https://api.test, upvest-request-id 1f7a8f0e-6f0c-4a53-9a3b-0d5c7e7b2a11
Run `pulumi up --refresh`; if it fails again, report the request id to Upvest's support.\
""")


def test_a_proxys_page(upstream: Upstream, client: UpvestClient) -> None:
    assert text(upstream, failed(upstream, client, says(502, b"<html>", HTML))) == snapshot("""\
502 Bad Gateway, from something between here and Upvest
PATCH /webhooks/42 at https://api.test, no upvest-request-id
Make sure that `upvest:api` and any HTTP proxy of this machine lead to Upvest, then run again.\
""")


def test_a_status_that_no_standard_knows(upstream: Upstream, client: UpvestClient) -> None:
    assert text(upstream, failed(upstream, client, says(520))) == snapshot("""\
520 unknown status, from something between here and Upvest
PATCH /webhooks/42 at https://api.test, no upvest-request-id
Make sure that `upvest:api` and any HTTP proxy of this machine lead to Upvest, then run again.\
""")


def test_a_redirect(upstream: Upstream, client: UpvestClient) -> None:
    assert text(upstream, failed(upstream, client, says(302, headers={"location": "/"}))) == snapshot("""\
302 Found, from something between here and Upvest
PATCH /webhooks/42 at https://api.test, no upvest-request-id
Make sure that `upvest:api` and any HTTP proxy of this machine lead to Upvest, then run again.\
""")


def test_an_answer_that_cannot_be_read(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = always(says(200, b"<html>", HTML))
    with pytest.raises(UpvestError) as failure:
        client.list_webhooks()
    assert text(upstream, failure.value) == snapshot("""\
the answer to GET /webhooks cannot be read: the whole body: Invalid JSON: expected value at line 1 column 1
Make sure that `upvest:api` names Upvest's API, or look for a newer upvest_provider.\
""")


def test_a_lost_answer(upstream: Upstream, client: UpvestClient) -> None:
    upstream.api = always(hangs_up)
    with pytest.raises(UpvestError) as failure:
        client.update_webhook("42", {"title": "t"})
    assert text(upstream, failure.value) == snapshot("""\
no answer from https://api.test to PATCH /webhooks/42: Server disconnected without sending a response.
Whether the request was handled is not known.
Run `pulumi up --refresh` once the API answers again.\
""")


def test_a_refused_connection(upstream: Upstream, client: UpvestClient) -> None:
    client.list_webhooks()
    upstream.refuse()
    with pytest.raises(UpvestError) as failure:
        client.update_webhook("42", {"title": "t"})
    assert text(upstream, failure.value) == snapshot("""\
no connection to https://api.test: [Errno 111] Connection refused
PATCH /webhooks/42 was not sent.
Make sure that this machine can reach https://api.test, then run the command again.\
""")


@pytest.mark.parametrize(
    "call", [lambda client: client.list_webhooks(), lambda client: client.get_verification_keys()]
)
def test_a_404_to_anything_but_one_webhook_says_of_none_that_it_is_gone(
    upstream: Upstream, client: UpvestClient, call: Callable[[UpvestClient], object]
) -> None:
    upstream.api = always(problem(404))
    with pytest.raises(ApiError) as failure:
        call(client)
    assert not isinstance(failure.value, NotFound)


def test_a_404_to_the_token_says_of_no_webhook_that_it_is_gone(upstream: Upstream, client: UpvestClient) -> None:
    upstream.tokens = always(problem(404))
    with pytest.raises(ApiError) as failure:
        client.delete_webhook("42")
    assert not isinstance(failure.value, NotFound)
