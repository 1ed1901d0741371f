"""What follows from the answer to Upvest's test call; the client is real, the answers are scripted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.api.scripted import REQUEST_ID, Upstream, always, gives, hangs_up, in_turn, problem, says
from upvest_provider.api import Credentials, SigningKey, UpvestClient
from upvest_provider.errors import EngineGone, ReceiverRefused
from upvest_provider.redacted import LENGTH
from upvest_provider.verification import Tested as LastTest  # pytest would take `Tested` for tests
from upvest_provider.verification import Verification, Verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.api.scripted import Behaviour

    Run = Callable[[Verification], None]

NOW = 1_790_000_000.0
TIME = "2026-09-21T14:13:20Z"
WEBHOOK = "6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11"
TESTING = (Verify.WARN, Verify.REQUIRE, Verify.AFTER_ENABLE)
STRICT = (Verify.REQUIRE, Verify.AFTER_ENABLE)

MEND = 'Mend the receiver, then run `pulumi up` again; verify="warn" goes on without it.'
SWITCH = 'If Upvest tests enabled webhooks only, set verify="after_enable".'


@pytest.fixture(scope="module")
def signing_key() -> SigningKey:
    return SigningKey(ec.generate_private_key(ec.SECP521R1()))


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def client(upstream: Upstream, signing_key: SigningKey) -> Iterator[UpvestClient]:
    credentials = Credentials(upstream.url, "client", "secret", "key", signing_key)
    with UpvestClient(credentials, clock=lambda: NOW, sleep=lambda _: None) as client:
        yield client


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def verify(client: UpvestClient, said: list[str]) -> Callable[[Verify], Verification]:
    return lambda mode: Verification(client, mode, say=said.append, clock=lambda: NOW)


def receiver(status: int | None, error: str | None = None) -> Behaviour:
    response = {"status": status, "headers": {"x": "y"}, "body": "secret"}
    return gives({"url": "https://hooks.tenant.tld", "response": response | ({"error": error} if error else {})})


def first(verification: Verification) -> None:
    """The test that comes before or after the enabling, whichever the mode wants."""
    verification.before_enabling(WEBHOOK)
    verification.after_enabling(WEBHOOK)


@pytest.mark.parametrize("mode", TESTING)
@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_a_receiver_that_answers_with_success_passes(
    upstream: Upstream, said: list[str], verify: Callable[[Verify], Verification], mode: Verify, status: int
) -> None:
    upstream.api = always(receiver(status))
    verification = verify(mode)
    first(verification)
    assert said == []
    assert verification.last == LastTest(TIME, status, None)
    assert verification.last.as_output() == {"time": TIME, "status": status}
    assert [request.target for request in upstream.calls] == [f"/webhooks/{WEBHOOK}/test"]


@pytest.mark.parametrize(
    ("behaviour", "why", "last"),
    [
        *(
            (receiver(status), f"the receiver answered {status}", LastTest(TIME, status, None))
            for status in (199, 300, 301, 308, 400, 404, 405, 500, 503)
        ),
        *(
            (
                receiver(status, "connection refused"),
                "Upvest could not reach the receiver: connection refused",
                LastTest(TIME, status, "connection refused"),
            )
            for status in (None, 0, 200)
        ),
        (receiver(None), "Upvest does not tell what the receiver answered", LastTest(TIME, None, None)),
        (
            says(202, headers={"upvest-request-id": REQUEST_ID}),
            "Upvest took the order (202) and does not tell what the receiver answered",
            LastTest(TIME, None, None),
        ),
    ],
)
@pytest.mark.parametrize("mode", TESTING)
def test_what_proves_nothing_is_warned_of_or_refused(
    upstream: Upstream,
    said: list[str],
    verify: Callable[[Verify], Verification],
    mode: Verify,
    behaviour: Behaviour,
    why: str,
    last: LastTest,
) -> None:
    upstream.api = always(behaviour)
    verification = verify(mode)
    if mode is Verify.WARN:
        first(verification)
        assert said == [f"warning: webhook {WEBHOOK}: the test delivery failed: {why}"]
    else:
        with pytest.raises(ReceiverRefused) as caught:
            first(verification)
        assert str(caught.value) == f"the test delivery failed: {why}\n{MEND}"
        assert said == []
    assert verification.last == last
    assert "secret" not in str(last.as_output())


@pytest.mark.parametrize("mode", TESTING)
def test_what_upvest_says_of_the_receiver_is_kept_and_shown_without_the_path_of_its_url(
    upstream: Upstream, said: list[str], verify: Callable[[Verify], Verification], mode: Verify
) -> None:
    words = (
        'Post "https://hooks.tenant.tld/canary": dial tcp: lookup hooks.tenant.tld:\n\tno such host' + " etc" * 200
    )
    upstream.api = always(receiver(0, words))
    verification = verify(mode)
    shown = [*said]
    if mode is Verify.WARN:
        first(verification)
        shown = said
    else:
        with pytest.raises(ReceiverRefused) as caught:
            first(verification)
        shown = [caught.value.summary]
    assert verification.last is not None
    told = verification.last.as_output()["error"]
    assert told.startswith('Post "https://hooks.tenant.tld…": dial tcp: lookup hooks.tenant.tld: no such host etc')
    assert len(told) <= LENGTH
    assert [line.partition("Upvest could not reach the receiver: ")[2] for line in shown] == [told]


@pytest.mark.parametrize(
    ("status", "detail"),
    [(404, "There is no such webhook."), (409, "The webhook is disabled."), (500, "Some error."), (400, "Bad.")],
)
@pytest.mark.parametrize("mode", TESTING)
def test_a_test_that_upvest_does_not_make_is_warned_of_or_refused(
    upstream: Upstream,
    said: list[str],
    verify: Callable[[Verify], Verification],
    mode: Verify,
    status: int,
    detail: str,
) -> None:
    upstream.api = always(problem(status, detail))
    verification = verify(mode)
    why = f"the test delivery failed: Upvest did not test: Upvest answered {status}: {detail}"
    if mode is Verify.WARN:
        first(verification)
        assert said == [f"warning: webhook {WEBHOOK}: {why}"]
    else:
        with pytest.raises(ReceiverRefused) as caught:
            first(verification)
        place = f"POST /webhooks/{WEBHOOK}/test at {upstream.url}, upvest-request-id {REQUEST_ID}"
        fix = SWITCH if mode is Verify.REQUIRE else MEND
        assert str(caught.value) == f"{why}\n{place}\n{fix}"
    assert verification.last == LastTest("2026-09-21T14:13:20Z", None, "Upvest did not test")


@pytest.mark.parametrize("mode", STRICT)
def test_a_test_whose_answers_are_all_lost_is_refused(
    upstream: Upstream, verify: Callable[[Verify], Verification], mode: Verify
) -> None:
    upstream.api = always(hangs_up)
    with pytest.raises(ReceiverRefused, match="the test delivery failed: Upvest did not test: no answer from"):
        first(verify(mode))


def test_a_test_is_made_before_enabling_or_after_it_and_after_each_move(
    upstream: Upstream, verify: Callable[[Verify], Verification]
) -> None:
    upstream.api = always(receiver(200))
    runs: dict[str, Run] = {
        "before": lambda verification: verification.before_enabling(WEBHOOK),
        "after": lambda verification: verification.after_enabling(WEBHOOK),
        "moved": lambda verification: verification.after_moving(WEBHOOK),
    }

    def tests(mode: Verify) -> list[str]:
        made = []
        for name, run in runs.items():
            before = len(upstream.calls)
            run(verify(mode))
            made += [name] * (len(upstream.calls) - before)
        return made

    assert {mode: tests(mode) for mode in TESTING} == {
        Verify.WARN: ["before", "moved"],
        Verify.REQUIRE: ["before", "moved"],
        Verify.AFTER_ENABLE: ["after", "moved"],
    }


def test_the_last_of_several_tests_is_what_stays(
    upstream: Upstream, verify: Callable[[Verify], Verification]
) -> None:
    upstream.api = in_turn(receiver(500), receiver(204))
    verification = verify(Verify.WARN)
    verification.before_enabling(WEBHOOK)
    verification.after_moving(WEBHOOK)
    assert verification.last == LastTest(TIME, 204, None)


@pytest.mark.parametrize("mode", TESTING)
def test_a_killed_engine_is_no_verdict_on_the_receiver(
    upstream: Upstream, signing_key: SigningKey, said: list[str], mode: Verify
) -> None:
    def gone() -> None:
        raise EngineGone("Pulumi's engine is gone")

    credentials = Credentials(upstream.url, "client", "secret", "key", signing_key)
    with UpvestClient(credentials, before_request=gone) as client, pytest.raises(EngineGone):
        first(Verification(client, mode, say=said.append))
    assert said == []
    assert upstream.received == []


def test_an_error_of_the_receiver_stands_in_the_output() -> None:
    assert LastTest(TIME, 0, "connection refused").as_output() == {
        "time": TIME,
        "status": 0,
        "error": "connection refused",
    }
