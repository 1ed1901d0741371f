from __future__ import annotations

import http.client
import json
import re
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from upvest_provider.api import Credentials, SigningKey, UpvestClient, load_signing_key
from upvest_provider.claims import claim_of
from upvest_provider.errors import EngineGone, UpvestError
from upvest_provider.local import LocalUpvest
from upvest_provider.subscription import Subscriptions, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterator, Mapping

NOW = 1_790_000_000.0
"""2026-09-21T14:13:20Z, at the API, the client and whoever reads."""

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LIST = "/webhooks?"
"""Begins the target of a list, and of nothing else."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False
    """Whether the connection breaks in the middle of the body."""


if TYPE_CHECKING:
    Forward = Callable[[], Reply]
    Action = Callable[[Forward], Reply | None]
    """What becomes of a request: its reply, or None to close the connection without one."""


@dataclass
class Rule:
    method: str
    target: str
    at: Container[int]
    action: Action
    met: int = 0

    def fires(self, method: str, target: str) -> bool:
        if self.method not in ("", method) or not target.startswith(self.target):
            return False
        self.met += 1
        return self.met in self.at


class Proxy:
    """Stands between the client and the API, and breaks what a test names.

    A fault is named by the request's method, how its target begins (either may be empty, for all) and which
    of those requests meet it, counted from 1.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream).netloc
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._last_list: Reply | None = None
        self.taken = 0
        self.url = ""

    every = range(1, 1_000_000)

    def reset(self) -> None:
        with self._lock:
            self._rules, self._last_list, self.taken = [], None, 0

    def mend(self) -> None:
        """Break nothing any more."""
        with self._lock:
            self._rules = []

    def act(self, method: str, target: str, action: Action, at: Container[int] = (1,)) -> None:
        with self._lock:
            self._rules.append(Rule(method, target, at, action))

    def refuse(self, method: str, target: str, at: Container[int] = (1,)) -> None:
        """Close the connection instead of handing the request on."""
        self.act(method, target, lambda _: None, at)

    def lose(self, method: str, target: str, at: Container[int] = (1,)) -> None:
        """Have the work done and close the connection without an answer."""

        def action(forward: Forward) -> None:
            forward()

        self.act(method, target, action, at)

    def cut(self, method: str, target: str, at: Container[int] = (1,)) -> None:
        """Have the work done and break off in the middle of the answer."""
        self.act(method, target, lambda forward: replace(forward(), cut=True), at)

    def garble(self, method: str, target: str, at: Container[int] = (1,)) -> None:
        """Have the work done and answer its status with half of the JSON."""

        def action(forward: Forward) -> Reply:
            reply = forward()
            return replace(reply, body=reply.body[: len(reply.body) // 2])

        self.act(method, target, action, at)

    def answer(
        self,
        method: str,
        target: str,
        status: int,
        at: Container[int] = (1,),
        *,
        done: bool = False,
        html: bool = False,
    ) -> None:
        """Answer a status, with the work done or not, as Upvest or as an HTTP proxy does."""

        def action(forward: Forward) -> Reply:
            if done:
                forward()
            return _page(status) if html else _problem(status)

        self.act(method, target, action, at)

    def lag(self, at: Container[int]) -> None:
        """Answer what the list before this one answered."""

        def action(forward: Forward) -> Reply:
            return self._last_list or forward()

        self.act("GET", LIST, action, at)

    def reply_to(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply | None:
        def forward() -> Reply:
            reply = self._forwarded(method, target, headers, body)
            if method == "GET" and target.startswith(LIST):
                self._last_list = reply
            return reply

        with self._lock:
            self.taken += 1
            actions = [rule.action for rule in self._rules if rule.fires(method, target)]
        return actions[0](forward) if actions else forward()

    def _forwarded(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        connection = http.client.HTTPConnection(self._upstream, timeout=10)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
            return Reply(answer.status, kept, answer.read())
        finally:
            connection.close()


HOP_BY_HOP = {"connection", "content-length", "date", "server", "transfer-encoding"}


def _problem(status: int) -> Reply:
    request_id = str(uuid.uuid4())
    document = {"type": "made up", "status": status, "title": "Made up", "detail": f"made up as {status}"}
    headers = {"content-type": "application/problem+json", "upvest-request-id": request_id}
    return Reply(status, headers, json.dumps(document).encode())


def _page(status: int) -> Reply:
    return Reply(status, {"content-type": "text/html"}, b"<html><body>The proxy is unhappy.</body></html>")


@contextmanager
def _running(proxy: Proxy) -> Iterator[Proxy]:
    class Handler(BaseHTTPRequestHandler):
        """One request a connection: HTTP/1.0."""

        def handle_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            reply = proxy.reply_to(self.command, self.path, dict(self.headers.items()), body)
            if reply is None:
                return
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != http.client.NO_CONTENT:
                self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_request  # noqa: N815 - the names are http.server's

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="fault-proxy")
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Ticks:
    """A monotonic clock: no two moments are the same, and no time passes unless a test says so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0.0

    def __call__(self) -> float:
        return self.pass_by(1e-6)

    def pass_by(self, seconds: float) -> float:
        with self._lock:
            self._now += seconds
            return self._now


class Engine:
    """Pulumi's engine, which is gone from the n-th request on."""

    def __init__(self, gone_at: int = 0) -> None:
        self.asked = 0
        self._gone_at = gone_at

    def require(self) -> None:
        self.asked += 1
        if 0 < self._gone_at <= self.asked:
            raise EngineGone("Pulumi's engine is gone, so nothing further was sent to Upvest", fix="Run up.")


@dataclass
class Account:
    """An empty account behind a proxy that breaks nothing yet, and what was said and waited meanwhile."""

    upvest: LocalUpvest
    proxy: Proxy
    signing_key: SigningKey
    first_request: int
    lines: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    ticks: Ticks = field(default_factory=Ticks)

    def run(
        self,
        engine: Engine | None = None,
        *,
        api: str = "",
        declared: Collection[str] = (),
        holders: Mapping[str, str] | None = None,
    ) -> Subscriptions:
        """What a new provider process holds: nothing is known of earlier ones."""
        given = self.upvest.credentials
        client = UpvestClient(
            Credentials(
                api or self.proxy.url, given.client_id, given.client_secret, given.key_id, self.signing_key
            ),
            before_request=(engine or Engine()).require,
            clock=lambda: NOW,
            sleep=self.slept.append,
        )
        return Subscriptions(
            client,
            say=self.lines.append,
            is_declared=lambda claim: claim in declared,
            holder=(holders or {}).get,
            clock=self.clock,
            monotonic=self.ticks,
        )

    def engine(self, gone_at: int = 0) -> Engine:
        return Engine(gone_at)

    def wanted(self, name: str = "users", **fields: object) -> Wanted:
        declared: dict[str, Any] = {
            "title": f"Webhook of {name}",
            "url": f"https://hooks.tenant.tld/{name}",
            "type": ["USER"],
            "enabled": True,
            **fields,
        }
        return Wanted(name, claim_of("acme", "hooks", "dev", "", name), declared)

    def plant(self, **fields: object) -> str:
        """Put a webhook into the account behind everybody's back; returns its id."""
        moment = "2026-09-01T00:00:00.00Z"
        document = {
            "id": str(uuid.uuid4()),
            "created_at": moment,
            "updated_at": moment,
            "title": "Planted",
            "url": "https://hooks.tenant.tld/planted",
            "enabled": True,
            "type": ["USER"],
            "config": {"delay": "1s", "max_package_size": 51200},
            **fields,
        }
        self.upvest.store.save_webhook(document)
        return str(document["id"])

    def uproot(self, webhook_id: str) -> None:
        """Take a webhook out of the account behind everybody's back."""
        assert self.upvest.store.delete_webhook(webhook_id)

    @property
    def webhooks(self) -> list[dict[str, Any]]:
        """What the account holds, oldest first."""
        return self.upvest.store.webhooks()

    @property
    def held(self) -> list[tuple[str, bool]]:
        """Title of each webhook, oldest first, and whether it is enabled."""
        return [(webhook["title"], webhook["enabled"]) for webhook in self.webhooks]

    def requests(self, *, of: str = "/webhooks") -> list[str]:
        """What reached the API, ids left out."""
        return [
            re.sub(UUID, "…", f"{request.method} {request.path}")
            for request in self.upvest.requests(self.first_request)
            if request.path.startswith(of)
        ]

    def bodies(self, method: str) -> list[dict[str, Any]]:
        """What the API was sent, in order."""
        return [
            request.body
            for request in self.upvest.requests(self.first_request)
            if request.method == method and request.body is not None
        ]

    def forget_requests(self) -> None:
        """Let `requests` and `bodies` begin here."""
        self.first_request = _last_request(self.upvest, self.first_request)

    def plain(self, told: object) -> str:
        """A text without what differs from run to run: ids are numbered as they appear."""
        text = str(told).replace(self.proxy.url, "https://api")
        text = re.sub(f"upvest-request-id {UUID}", "upvest-request-id …", text)
        for number, found in enumerate(dict.fromkeys(re.findall(UUID, text)), start=1):
            text = text.replace(found, f"id-{number}")
        return text

    def failure(self, call: Callable[[], object], kind: type[UpvestError] = UpvestError) -> UpvestError:
        """The error that a call ends with, of exactly this kind."""
        with pytest.raises(UpvestError) as caught:
            call()
        assert type(caught.value) is kind
        return caught.value


def _last_request(upvest: LocalUpvest, after: int) -> int:
    logged = upvest.requests(after)
    return logged[-1].number if logged else after


@dataclass
class Site:
    """One API and one proxy for all tests; each starts with an empty account."""

    upvest: LocalUpvest
    proxy: Proxy
    signing_key: SigningKey
    last_request: int = 0

    def account(self) -> Account:
        self.proxy.reset()
        for webhook in self.upvest.store.webhooks():
            self.upvest.store.delete_webhook(webhook["id"])
        self.last_request = _last_request(self.upvest, self.last_request)
        return Account(self.upvest, self.proxy, self.signing_key, self.last_request)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    state = tmp_path_factory.mktemp("upvest")
    with LocalUpvest(state, clock=lambda: NOW) as upvest, _running(Proxy(upvest.url)) as proxy:
        given = upvest.credentials
        key = load_signing_key(Path(given.private_key_file).read_bytes(), given.private_key_passphrase)
        yield Site(upvest, proxy, key)


@pytest.fixture
def account(site: Site) -> Account:
    return site.account()


@pytest.fixture
def proxy(account: Account) -> Proxy:
    return account.proxy
