"""Access tokens: fetched when first needed, shared by all threads, renewed before they end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from upvest_provider import limits
from upvest_provider.errors import ScopeMissing, UpvestError
from upvest_provider.single_flight import SingleFlight

from .models import AccessToken, parse
from .signature import Request
from .unauthorized import UNAUTHORIZED, Cause, refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from upvest_provider.errors import ApiError

    from .credentials import Credentials
    from .transport import Answer

READ = "webhooks:read"
ADMIN = "webhooks:admin"

ASKED = (f"{READ} {ADMIN}", READ, ADMIN)
"""What is asked for, until something is granted. `admin` is described as read and write, but the reading
operations list both (specification 1.9.0); a client that lacks one of several scopes gets a 401 and no token
(authentication guide, 2026)."""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    renew_at: float
    scopes: str
    is_all: bool
    """Whether Upvest said that the client lacks the scopes that were asked for before."""


class AccessTokens:
    """The access token of one client; safe for threads.

    Args:
        credentials: The client's.
        exchange: Sends a request, gives the answer of success or the 401.
        clock: Unix seconds.
    """

    def __init__(
        self, credentials: Credentials, *, exchange: Callable[[Request], Answer], clock: Callable[[], float]
    ) -> None:
        self._credentials = credentials
        self._exchange = exchange
        self._clock = clock
        self._token = SingleFlight(self._fetch)

    def get(self, scope: str, *, refused: str = "") -> str:
        """A token that serves for a call.

        Args:
            scope: What the call needs.
            refused: A token that the API took no longer.

        Raises:
            ScopeMissing: The client is not allowed such calls.
            UpvestError: There is no token; the call itself was not sent.
        """
        token = self._granted(refused)
        if not _serves(token, scope) and not token.is_all:
            token = self._granted(token.value)
        if not _serves(token, scope):
            raise ScopeMissing(
                f"this client may only read: Upvest grants it {READ}, not {ADMIN}",
                f"The call was not sent to {self._credentials.base_url}.",
                fix=f"Have Upvest allow this client the scope `{ADMIN}`, or use one that has it.",
            )
        return token.value

    def _granted(self, refused: str) -> _Token:
        def usable(token: _Token) -> bool:
            return token.value != refused and self._clock() < token.renew_at

        try:
            return self._token.get(usable=usable)
        except UpvestError as error:
            error.outcome_unknown = False  # whatever became of the token's request, the caller's was not sent
            raise

    def _fetch(self) -> _Token:
        refusal: ApiError | None = None
        is_all = True
        for scopes in ASKED:
            asked_at = self._clock()
            request = self._request(scopes)
            answer = self._exchange(request)
            if answer.status != UNAUTHORIZED:
                token = parse(AccessToken, answer.body, request.what)
                renew_at = asked_at + token.expires_in - limits.TOKEN_MARGIN
                return _Token(token.access_token, renew_at, scopes, is_all)
            error, cause = refusal_of(answer, request, self._credentials.base_url, self._clock())
            refusal = refusal or error
            is_all &= cause is Cause.SCOPE
            if cause not in (Cause.SCOPE, Cause.UNKNOWN):
                break
        assert refusal is not None  # noqa: S101 - for the type checker: something was asked for
        raise refusal

    def _request(self, scopes: str) -> Request:
        form = {
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
            "grant_type": "client_credentials",
            "scope": scopes,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return Request("POST", "/auth/token", headers=headers, body=urlencode(form).encode())


def _serves(token: _Token, scope: str) -> bool:
    return scope != ADMIN or ADMIN in token.scopes.split()
