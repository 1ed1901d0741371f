"""Signed, authorised and repeated: how every request goes out."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import replace
from os import urandom
from typing import TYPE_CHECKING

from upvest_provider import limits
from upvest_provider.errors import TOO_MANY_REQUESTS, ApiError, NoAnswer, Unreachable, UpvestError

from .problems import problem_of
from .signature import sign
from .tokens import ADMIN, READ, AccessTokens
from .transport import Transport
from .unauthorized import UNAUTHORIZED, refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .credentials import Credentials
    from .signature import Request
    from .transport import Answer

PASSING_FAULTS = frozenset({502, 503, 504})
"""Statuses after which an idempotent request is repeated."""


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
        self._tokens = AccessTokens(credentials, exchange=self._exchange, clock=clock)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def call(self, request: Request, *, idempotent: bool = True, timeout: float = limits.ANSWER_TIMEOUT) -> Answer:
        """Send a request with a token and return the answer of success; a 401 renews the token once.

        Raises:
            UpvestError: With `outcome_unknown` where the request may have been handled.
        """
        unclear: list[UpvestError] = []

        def exchange(token: str) -> Answer:
            authorised = replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})
            return self._exchange(authorised, unclear, idempotent=idempotent, timeout=timeout)

        scope = READ if request.method == "GET" else ADMIN
        token = self._tokens.get(scope)
        try:
            answer = exchange(token)
            if answer.status == UNAUTHORIZED:
                answer = exchange(self._tokens.get(scope, refused=token))
            if answer.status == UNAUTHORIZED:
                raise refusal_of(answer, request, self._credentials.base_url, self._clock())[0]
        except UpvestError as error:
            error.outcome_unknown |= bool(unclear)  # that the last attempt failed says nothing of those before
            raise
        return answer

    def _exchange(
        self,
        request: Request,
        unclear: list[UpvestError] | None = None,
        *,
        idempotent: bool = True,
        timeout: float = limits.ANSWER_TIMEOUT,
    ) -> Answer:
        """The answer of success or a 401; other faults are repeated where that is safe, then raised.

        Args:
            request: What is sent.
            unclear: Gathers the errors of attempts that may have been handled.
            idempotent: Whether it may be repeated although it may have been handled.
            timeout: Of each attempt.
        """
        unclear = [] if unclear is None else unclear
        for attempt in itertools.count(1):
            try:
                answer = self._send(request, timeout)
                if answer.is_success or answer.status == UNAUTHORIZED:
                    return answer
                raise problem_of(answer, request, self._credentials.base_url)
            except UpvestError as error:
                unclear.extend([error] if error.outcome_unknown else [])
                if not _may_repeat(error, idempotent=idempotent):
                    raise
                if attempt == limits.ATTEMPTS:
                    # That the last attempt was not handled does not say what became of the ones before.
                    raise (unclear[-1] if unclear else error) from None
                self._sleep(_pause(error, attempt))
        raise AssertionError  # pragma: no cover - for the type checker: the loop has no end of its own

    def _send(self, request: Request, timeout: float) -> Answer:
        own = {"accept": "application/json", "upvest-client-id": self._credentials.client_id}
        headers = sign(
            replace(request, headers={**own, **request.headers}),
            key=self._credentials.signing_key,
            key_id=self._credentials.key_id,
            created=int(self._clock()),
            nonce=urandom(16).hex(),  # what `secrets` does, in half the time
        )
        self._before_request()
        return self._transport.send(request, headers, timeout=timeout)


def _may_repeat(error: UpvestError, *, idempotent: bool) -> bool:
    match error:
        case Unreachable():
            return True
        case NoAnswer():
            return idempotent
        case ApiError(status=status):
            return status == TOO_MANY_REQUESTS or (idempotent and status in PASSING_FAULTS)
        case _:
            return False


def _pause(error: UpvestError, attempt: int) -> float:
    """Seconds until the next attempt: what the API asks for, else drawn from what doubles with each attempt."""
    if isinstance(error, ApiError) and error.retry_after is not None:
        return min(error.retry_after, limits.RETRY_AFTER_CEILING)
    longest = min(limits.BACKOFF_CEILING, limits.BACKOFF_FIRST * 2 ** (attempt - 1))
    return random.uniform(0, longest)  # noqa: S311 - spreads requests, hides nothing
