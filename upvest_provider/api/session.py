"""Signed, authorised and repeated: how every request goes out."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import tenacity

from upvest_provider import limits
from upvest_provider.errors import ApiError, NoAnswer, Unreachable, UpvestError
from upvest_provider.single_flight import SingleFlight

from .models import AccessToken, parse
from .problems import problem_of
from .signature import Request, sign
from .transport import Answer, Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from .credentials import Credentials

T = TypeVar("T")

SCOPES = "webhooks:read webhooks:admin"
"""`admin` is described as read and write, but the reading operations list both (specification 1.9.0)."""

UNAUTHORIZED = 401
TOO_MANY_REQUESTS = 429
PASSING_FAULTS = frozenset({502, 503, 504})
"""Statuses after which an idempotent request is repeated."""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    renew_at: float


class Session:
    """One client's conversation with one API: a pool of connections and an access token; safe for threads.

    Args:
        credentials: Of one client of one environment.
        before_request: Called before each attempt; what it raises ends the call with nothing sent.
        clock: Unix seconds.
        sleep: Waits between attempts.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        before_request: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._credentials = credentials
        self._before_request = before_request
        self._clock = clock
        self._sleep = sleep
        self._transport = Transport(credentials.base_url)
        self._token = SingleFlight(self._fetch_token)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def call(self, request: Request, *, idempotent: bool = True, timeout: float = limits.ANSWER_TIMEOUT) -> Answer:
        """Send a request with a token and return the answer of success; a 401 renews the token once.

        Raises:
            UpvestError: With `outcome_unknown` where the request may have been handled.
        """

        def exchange(token: str) -> Answer:
            authorised = replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})
            return self._exchange(authorised, idempotent=idempotent, timeout=timeout)

        token = self._access_token()
        answer = exchange(token)
        if answer.status == UNAUTHORIZED:
            answer = exchange(self._access_token(refused=token))
        if answer.status == UNAUTHORIZED:
            raise problem_of(answer, request, self._credentials.base_url)
        return answer

    def _access_token(self, refused: str = "") -> str:
        def usable(token: _Token) -> bool:
            return token.value != refused and self._clock() < token.renew_at

        try:
            return self._token.get(usable=usable).value
        except UpvestError as error:
            error.outcome_unknown = False  # whatever became of the token's request, the caller's was not sent
            raise

    def _fetch_token(self) -> _Token:
        form = {
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
            "grant_type": "client_credentials",
            "scope": SCOPES,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        request = Request("POST", "/auth/token", headers=headers, body=urlencode(form).encode())
        asked_at = self._clock()
        answer = self._exchange(request, idempotent=True, timeout=limits.ANSWER_TIMEOUT)
        if answer.status == UNAUTHORIZED:
            raise problem_of(answer, request, self._credentials.base_url)
        token = parse(AccessToken, answer.body, "POST /auth/token")
        return _Token(token.access_token, asked_at + token.expires_in - limits.TOKEN_MARGIN)

    def _exchange(self, request: Request, *, idempotent: bool, timeout: float) -> Answer:
        """The answer of success or a 401; other faults are repeated where that is safe, then raised."""
        unclear: list[UpvestError] = []

        def attempt() -> Answer:
            try:
                answer = self._send(request, timeout)
                if answer.is_success or answer.status == UNAUTHORIZED:
                    return answer
                raise problem_of(answer, request, self._credentials.base_url)
            except UpvestError as error:
                unclear.extend([error] if error.outcome_unknown else [])
                raise

        try:
            return tenacity.Retrying(
                retry=tenacity.retry_if_exception(lambda error: _may_repeat(error, idempotent=idempotent)),
                stop=tenacity.stop_after_attempt(limits.ATTEMPTS),
                wait=_wait,
                sleep=self._sleep,
                reraise=True,
            )(attempt)
        except UpvestError as error:
            # That the last attempt was not handled does not say what became of the ones before.
            if unclear and _may_repeat(error, idempotent=idempotent):
                raise unclear[-1] from None
            error.outcome_unknown |= bool(unclear)
            raise

    def _send(self, request: Request, timeout: float) -> Answer:
        own = {"accept": "application/json", "upvest-client-id": self._credentials.client_id}
        headers = sign(
            replace(request, headers={**own, **request.headers}),
            key=self._credentials.signing_key,
            key_id=self._credentials.key_id,
            created=int(self._clock()),
            nonce=uuid.uuid4().hex,
        )
        self._before_request()
        return self._transport.send(request, headers, timeout=timeout)


def _may_repeat(error: BaseException, *, idempotent: bool) -> bool:
    match error:
        case Unreachable():
            return True
        case NoAnswer():
            return idempotent
        case ApiError(status=status):
            return status == TOO_MANY_REQUESTS or (idempotent and status in PASSING_FAULTS)
        case _:
            return False


_backoff = tenacity.wait_random_exponential(multiplier=limits.BACKOFF_FIRST, max=limits.BACKOFF_CEILING)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, ApiError) else None
    return _backoff(state) if asked is None else min(asked, limits.RETRY_AFTER_CEILING)
