from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from upvest_provider.local import ControlClient, Credentials, LocalUpvest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Params = dict[str, str | int]
    Change = Mapping[str, str | None]


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Sent:
    """A request, to be sent exactly so but for `host`."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.json["detail"]


def signer(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    return lambda base: key.sign(base, ec.ECDSA(SHA512()))


def digest(body: bytes) -> str:
    return f"sha-512=:{base64.b64encode(hashlib.sha512(body).digest()).decode()}:"


@dataclass
class Caller:
    """A client that shares no code with what it calls."""

    url: str
    client_id: str
    client_secret: str
    key_id: str
    sign: Callable[[bytes], bytes]
    clock: Callable[[], float]
    scope: str = "webhooks:read webhooks:admin"
    token: str = ""

    def params(self, **other: str | int) -> Params:
        """Signature parameters, ordered as by Upvest's proxy; a fresh nonce each time."""
        now = int(self.clock())
        nonce = secrets.token_hex(8)
        return {"keyid": self.key_id, "created": now, "nonce": nonce, "expires": now + 60, **other}

    def headers(self, body: bytes) -> dict[str, str]:
        headers = {"accept": "application/json", "upvest-client-id": self.client_id}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if body:
            headers |= {"content-type": "application/json", "content-length": str(len(body))}
            headers["content-digest"] = digest(body)
        return headers

    def signed(
        self,
        method: str,
        target: str,
        document: object = None,
        *,
        body: bytes = b"",
        change: Change | None = None,
        params: Params | None = None,
        cover: Callable[[list[str]], Sequence[str]] = list,
        label: str = "sig1",
    ) -> Sent:
        """A signed request.

        Args:
            method: As it is.
            target: Path and query.
            document: The body, as JSON.
            body: The body, as it is.
            change: Headers to set, or with `None` to leave out, before signing.
            params: Signature parameters; usual ones where not given.
            cover: Makes the covered components of those that would be covered.
            label: Of the signature.
        """
        body = body or (b"" if document is None else json.dumps(document).encode())
        headers = changed(self.headers(body), change)
        path, _, query = target.partition("?")
        derived = {"@method": method, "@path": path} | ({"@query": f"?{query}"} if query else {})
        components = cover([*derived, *headers])
        text = _written(components, params or self.params())
        values = {"@query": "?", **headers, **derived, "@signature-params": text}
        base = "\n".join(f'"{name}": {values[name]}' for name in [*components, "@signature-params"])
        signature = base64.b64encode(self.sign(base.encode())).decode()
        headers |= {"signature-input": f"{label}={text}", "signature": f"{label}=:{signature}:"}
        return Sent(method, target, {**headers, "upvest-signature-version": "15"}, body)

    def send(self, sent: Sent, change: Change | None = None) -> Reply:
        """Sends a request, with some headers set or left out after signing."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        try:
            connection.putrequest(sent.method, sent.target, skip_accept_encoding=True)
            for name, value in changed(sent.headers, change).items():
                connection.putheader(name, value)
            connection.endheaders(sent.body or None)
            answer = connection.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, received, answer.read())
        finally:
            connection.close()

    def call(self, method: str, target: str, document: object = None, **how: Any) -> Reply:  # noqa: ANN401 - those of `signed`
        return self.send(self.signed(method, target, document, **how))

    def token_request(self, form: Change | None = None, *, change: Change | None = None, **how: Any) -> Sent:  # noqa: ANN401 - those of `signed`
        """A request for a token; a field is left out with `None`."""
        usual = {"client_id": self.client_id, "client_secret": self.client_secret, "scope": self.scope}
        fields = changed({**usual, "grant_type": "client_credentials"}, form)
        headers = {"content-type": "application/x-www-form-urlencoded", "authorization": None, **(change or {})}
        return self.signed("POST", "/auth/token", body=urlencode(fields).encode(), change=headers, **how)

    def ask_token(self, **form: str | None) -> Reply:
        return self.send(self.token_request(form))

    def log_in(self) -> Caller:
        self.token = self.ask_token().json["access_token"]
        return self

    def create(self, **fields: object) -> Any:  # noqa: ANN401 - JSON
        reply = self.call(
            "POST", "/webhooks", {"title": "User webhook", "url": "https://hooks.tenant.tld/users", **fields}
        )
        assert reply.status == 201, reply.json
        return reply.json


def changed(before: Mapping[str, str], change: Change | None) -> dict[str, str]:
    after = {**before, **(change or {})}
    return {name: value for name, value in after.items() if value is not None}


def _written(components: Sequence[str], params: Params) -> str:
    listed = " ".join(f'"{component}"' for component in components)
    values = (
        f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}" for name, value in params.items()
    )
    return ";".join([f"({listed})", *values])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clock_of_today() -> Clock:
    """For certificates, which Python's ssl compares with the machine's time."""
    return Clock(time.time())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def upvest(state: Path, clock: Clock) -> Iterator[LocalUpvest]:
    with LocalUpvest(state, clock=clock) as upvest:
        yield upvest


@pytest.fixture
def control(upvest: LocalUpvest, state: Path) -> ControlClient:
    """Changes the world around the API."""
    assert upvest.url  # it runs
    return ControlClient(state)


@pytest.fixture
def make_caller() -> Callable[[Credentials, Callable[[], float]], Caller]:
    """For tests that run the API themselves."""
    return _caller


@pytest.fixture
def stranger(upvest: LocalUpvest, clock: Clock) -> Caller:
    """The first client, without a token."""
    return _caller(upvest.credentials, clock)


@pytest.fixture
def client(stranger: Caller) -> Caller:
    """The first client, with a token."""
    return stranger.log_in()


def _caller(given: Credentials, clock: Callable[[], float]) -> Caller:
    key = load_pem_private_key(Path(given.private_key_file).read_bytes(), given.private_key_passphrase.encode())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Caller(given.api, given.client_id, given.client_secret, given.key_id, signer(key), clock)
