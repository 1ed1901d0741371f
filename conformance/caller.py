"""Requests as no proper client sends them: any body, any header, any signature; no answer is an error."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from upvest_provider import limits
from upvest_provider.api import SigningKey
from upvest_provider.api.problems import problem_of
from upvest_provider.api.signature import Request, sign
from upvest_provider.api.transport import Answer, Transport
from upvest_provider.errors import NoAnswer, Unreachable

from .question import Unclear

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from upvest_provider.api import Credentials

READ = "webhooks:read"
ADMIN = "webhooks:admin"
BOTH = f"{READ} {ADMIN}"

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

PASSING_FAULTS = frozenset({502, 503, 504})
TOO_MANY_REQUESTS = 429

PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts; Upvest's advice is 'exponential backoff', without figures."""

SHOWN = 160
"""Characters of an error's text that a report shows."""


@dataclass(frozen=True, slots=True)
class Reply(Answer):
    """What the API answered, whatever its status."""

    @property
    def request_id(self) -> str:
        """For Upvest's support; empty where the answer brings none."""
        return self.headers.get("upvest-request-id", "")

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def member(self, *path: str) -> Any:  # noqa: ANN401 - JSON
        """A member of the body, which an answer of success must have.

        Raises:
            Unclear: There is none.
        """
        found = self.document
        for name in path:
            if not self.is_success or not isinstance(found, dict) or name not in found:
                raise Unclear(f"no member {'.'.join(path)} in {self}")
            found = found[name]
        return found

    def is_taken(self, *also_refusing: int) -> bool:
        """Whether the request was done; false where the API refuses what was sent.

        Args:
            also_refusing: Statuses that refuse here, besides 400, 409 and 422.

        Raises:
            Unclear: The status says neither.
        """
        if self.is_success:
            return True
        if self.status in {400, 409, 422, *also_refusing}:
            return False
        raise Unclear(f"answered {self}")

    def __str__(self) -> str:
        problem = self.document
        detail = problem.get("detail") if not self.is_success and isinstance(problem, dict) else None
        return f"{self.status}: {detail[:SHOWN]}" if isinstance(detail, str) else str(self.status)


@dataclass(frozen=True, slots=True)
class Signing:
    """How a signature differs from a proper one.

    Attributes:
        created_in: Seconds from now to `created`; negative for the past.
        nonce: A fresh one where empty.
        change: Makes the text that is signed from the one that should be; what it makes of the last line, the
            parameters, is also what `signature-input` says.
    """

    created_in: int = 0
    nonce: str = ""
    change: Callable[[str], str] = str


PROPERLY = Signing()


def without_parameter(name: str) -> Callable[[str], str]:
    """Leaves a parameter of the signature out."""
    return lambda base: re.sub(rf';{name}=("[^"]*"|\d+)', "", base)


def with_expires(seconds: int) -> Callable[[str], str]:
    """Sets `expires`, in seconds since 1970."""
    return lambda base: re.sub(r";expires=\d+", f";expires={seconds}", base)


def without_component(name: str) -> Callable[[str], str]:
    """Leaves a component out of what is signed; it is sent all the same."""

    def change(base: str) -> str:
        *lines, parameters = base.split("\n")
        kept = [line for line in lines if not line.startswith(f'"{name}": ')]
        return "\n".join([*kept, re.sub(rf'"{name}" |(?<=") "{name}"(?=\))', "", parameters)])

    return change


class Caller:
    """One client that sees every status, and repeats only what the API asks to repeat.

    Args:
        credentials: Of one client of one environment.
        clock: Unix seconds.
        sleep: Waits between attempts.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._sleep = sleep
        self._transport = Transport(credentials.base_url)
        self._tokens: dict[str, tuple[str, float]] = {}
        self.request_ids: list[str] = []
        """Of all answers so far."""

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def ask(
        self,
        method: str,
        target: str,
        document: object = None,
        *,
        headers: Mapping[str, str | None] | None = None,
        scope: str = BOTH,
        signing: Signing = PROPERLY,
    ) -> Reply:
        """Send a request with a token.

        Args:
            method: As it goes out.
            target: Path and query.
            document: The body, as JSON.
            headers: To set, or with None to leave out.
            scope: Of the token.
            signing: How it is signed.

        Raises:
            UpvestError: No token, or no answer; a creation is sent once only.
        """
        body = b"" if document is None else json.dumps(document).encode()
        usual = {"authorization": f"Bearer {self._token(scope)}"} | ({"content-type": JSON} if body else {})
        return self._exchange(self._request(method, target, {**usual, **(headers or {})}, body), signing)

    def ask_token(self, scope: str = BOTH) -> Reply:
        """Ask for an access token."""
        return self._exchange(self._token_request(scope), PROPERLY)

    def _token(self, scope: str) -> str:
        value, renew_at = self._tokens.get(scope, ("", 0.0))
        if self._clock() >= renew_at:
            asked_at = self._clock()
            reply = self.ask_token(scope)
            if not reply.is_taken(401, 403):
                raise problem_of(reply, self._token_request(scope), self._credentials.base_url)
            value, lifetime = str(reply.member("access_token")), float(reply.member("expires_in"))
            self._tokens[scope] = value, asked_at + lifetime - limits.TOKEN_MARGIN
        return value

    def _token_request(self, scope: str) -> Request:
        form = {
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
            "grant_type": "client_credentials",
            "scope": scope,
        }
        return self._request("POST", "/auth/token", {"content-type": FORM}, urlencode(form).encode())

    def _request(self, method: str, target: str, headers: Mapping[str, str | None], body: bytes) -> Request:
        path, _, query = target.partition("?")
        usual = {"accept": JSON, "upvest-client-id": self._credentials.client_id}
        sent = {name: value for name, value in {**usual, **headers}.items() if value is not None}
        return Request(method, path, query, sent, body)

    def _exchange(self, request: Request, signing: Signing) -> Reply:
        creates = request.method == "POST" and request.path == "/webhooks"
        for pause in PAUSES:
            try:
                reply = self._send(request, signing)
                if reply.status != TOO_MANY_REQUESTS and (creates or reply.status not in PASSING_FAULTS):
                    return reply
            except Unreachable:
                pass
            except NoAnswer:
                if creates:
                    raise
            self._sleep(pause)
        return self._send(request, signing)

    def _send(self, request: Request, signing: Signing) -> Reply:
        pen = _Pen(self._credentials.signing_key, signing.change)
        headers = sign(
            request,
            key=pen,
            key_id=self._credentials.key_id,
            created=int(self._clock()) + signing.created_in,
            nonce=signing.nonce or uuid.uuid4().hex,
        )
        headers["signature-input"] = f"sig1={pen.parameters}"
        answer = self._transport.send(request, headers, timeout=_patience(request))
        reply = Reply(answer.status, answer.headers, answer.body)
        self.request_ids.append(reply.request_id)
        return reply


class _Pen(SigningKey):
    """Signs another text than the one it is given, and keeps what it signed."""

    def __init__(self, key: SigningKey, change: Callable[[str], str]) -> None:
        self._signs = key.sign
        self._change = change
        self.parameters = ""

    def sign(self, message: bytes) -> bytes:
        base = self._change(message.decode())
        self.parameters = base.rpartition('"@signature-params": ')[2]
        return self._signs(base.encode())


def _patience(request: Request) -> float:
    return limits.TEST_TIMEOUT if request.path.endswith("/test") else limits.ANSWER_TIMEOUT
