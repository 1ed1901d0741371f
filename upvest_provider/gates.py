"""The gates of this process: what they check together, and what they proved lately."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import readiness_rules as rules
from .errors import NotReady
from .overlap import HTTPS_PORT, origin
from .probes.dns import Expect, probe_dns
from .probes.finding import Check, Finding
from .probes.gate import REQUIRE, WARN, Plan, Skip, check_once, failure, wait_until_ready
from .probes.handshake import UnusableRoots
from .probes.http import probe_http
from .probes.network import PUBLIC_RESOLVERS, Network, Resolver
from .probes.shared_probes import SharedProbes, attended
from .probes.tls import probe_tls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .probes.gate import Mode, Probe, Verdict

FRESH = 60.0
"""Seconds for which a proof of this process holds; then a webhook's enabling asks once more."""

WORKERS = 4
"""Pulumi's dynamic provider process runs as many calls at once; a gate that waits takes one."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a gate looks at; gates with one target share their probes."""

    url: str
    """The origin alone where HTTP is not asked."""
    modes: tuple[tuple[Check, Mode], ...]
    expect: tuple[str, ...]
    allow_private: bool
    min_validity: float
    resolvers: tuple[Resolver, ...]
    ca_file: str | None

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> Target:
        """The target that a gate's inputs describe."""
        modes = {Check(name): _mode(text) for name, text in rules.modes(inputs).items()}
        asks_http = not isinstance(modes[Check.HTTP], Skip)
        return cls(
            url=inputs["url"] if asks_http else origin(inputs["url"]),
            modes=tuple(sorted(modes.items())),
            expect=tuple(inputs.get("expect") or ()),
            allow_private=bool(inputs.get("allow_private")),
            min_validity=rules.min_validity(inputs),
            resolvers=tuple(_resolver(text) for text in inputs.get("resolvers") or ()) or PUBLIC_RESOLVERS,
            ca_file=inputs.get("ca_file"),
        )


class Gates:
    """All gates of this process; safe for threads.

    Args:
        clock: Seconds, monotonic.
        sleep: Takes seconds.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._shared = SharedProbes(clock)
        self._lock = threading.Lock()
        self._proven: dict[Target, float] = {}
        self._waiting = 0

    def wait(self, inputs: Mapping[str, Any], *, alive: Callable[[], None], say: Callable[[str], None]) -> Verdict:
        """Wait until the endpoint is ready, or the time-out has passed.

        Raises:
            NotReady: `ca_file` cannot be read.
            UpvestError: What `alive` raises.
        """
        target = Target.of(inputs)
        plan = Plan(
            checks=dict(target.modes),
            timeout=rules.timeout(inputs),
            interval=rules.interval(inputs),
            passes=int(inputs.get("passes") or rules.DEFAULT_PASSES),
        )
        with self._counted(say), _told_of_roots():
            verdict = wait_until_ready(
                plan,
                self._probe(target, plan.interval, alive),
                clock=self._clock,
                sleep=self._sleep,
                alive=alive,
                say=say,
            )
        self._note(target, verdict)
        return verdict

    def confirm(self, inputs: Mapping[str, Any], *, alive: Callable[[], None]) -> None:
        """Ask the gate's checks once more, unless they passed in this process within the last minute.

        Raises:
            NotReady: They do not pass now.
            UpvestError: What `alive` raises.
        """
        target = Target.of(inputs)
        with self._lock:
            if self._clock() - self._proven.get(target, -FRESH) < FRESH:
                return
        with _told_of_roots():
            verdict = check_once(
                Plan(checks=dict(target.modes)),
                self._probe(target, rules.interval(inputs), alive),
                clock=self._clock,
            )
        self._note(target, verdict)
        if not verdict.ready:
            raise closed(inputs, verdict, left="nothing was changed at Upvest")

    def _probe(self, target: Target, interval: float, alive: Callable[[], None]) -> Probe:
        return attended(self._shared.of(target, _Probe(target), max_age=interval / 2), alive)

    def _note(self, target: Target, verdict: Verdict) -> None:
        with self._lock:
            if verdict.ready:
                self._proven[target] = self._clock()
            else:
                self._proven.pop(target, None)

    @contextmanager
    def _counted(self, say: Callable[[str], None]) -> Iterator[None]:
        with self._lock:
            self._waiting += 1
            is_last_worker = self._waiting == WORKERS
        if is_last_worker:
            say(
                f"warning: {WORKERS} gates wait at once, so no other dynamic resource of this stack moves until "
                "one ends; let each gate depend on everything that it waits for"
            )
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1


GATES = Gates()
"""Those of this process: a gate's proof serves the webhooks behind it."""


def closed(inputs: Mapping[str, Any], verdict: Verdict, *, left: str = "nothing was sent to Upvest") -> NotReady:
    """What to tell of a gate that stayed shut."""
    summary, details, fix = failure(verdict)
    return NotReady(
        f"{origin(inputs['url'])} is not ready: {summary}",
        f"As seen from this machine, after {verdict.seconds:.0f} s; {left}:",
        *(f"  {line}" for line in details),
        fix=fix,
    )


class _Probe:
    """Asks the checks of one target; what DNS gave is where TLS and HTTP knock."""

    def __init__(self, target: Target) -> None:
        self._target = target
        parts = urlsplit(target.url)
        self._host, self._port = parts.hostname or "", parts.port or HTTPS_PORT
        self._network = Network(resolvers=target.resolvers, ca_file=target.ca_file)
        self._asks_dns = not isinstance(dict(target.modes)[Check.DNS], Skip)
        self._addresses: tuple[str, ...] = ()

    def __call__(self, check: Check) -> Finding:
        match check:
            case Check.DNS:
                finding = self._dns()
                self._addresses = finding.addresses
                return finding
            case Check.TLS:
                return self._tls()
            case Check.HTTP:
                return self._http()

    def _dns(self) -> Finding:
        expect = Expect.of(self._target.expect)
        return probe_dns(self._host, self._network, expect, allow_private=self._target.allow_private)

    def _tls(self) -> Finding:
        return probe_tls(
            self._host,
            self._port,
            self._known_addresses(),
            self._network,
            min_validity=self._target.min_validity,
            fresh=lambda: self._dns().addresses if self._asks_dns else self._addresses_of_this_machine(),
        )

    def _http(self) -> Finding:
        addresses = self._known_addresses()
        if not addresses:
            return Finding(Check.HTTP, passed=False, seen=f"{self._host} has no address", fix="Make its record.")
        return probe_http(self._target.url, addresses[0], self._network)

    def _known_addresses(self) -> tuple[str, ...]:
        # None from DNS, where that is no more than warned of.
        return self._addresses or self._addresses_of_this_machine()

    def _addresses_of_this_machine(self) -> tuple[str, ...]:
        """Where DNS is not to be checked, what this machine makes of the name will do."""
        try:
            found = socket.getaddrinfo(self._host, self._port, socket.AF_INET, socket.SOCK_STREAM)
        except OSError:
            return ()
        return tuple(sorted({str(address[4][0]) for address in found}))


@contextmanager
def _told_of_roots() -> Iterator[None]:
    try:
        yield
    except UnusableRoots as error:
        raise NotReady(str(error), fix="Set ca_file to a PEM file of root certificates.") from None


def _mode(text: str) -> Mode:
    match text:
        case "require":
            return REQUIRE
        case "warn":
            return WARN
        case _:
            return Skip(text.removeprefix("skip").removeprefix(":").strip())


def _resolver(text: str) -> Resolver:
    parts = urlsplit(f"//{text}")
    return Resolver(parts.hostname or "", parts.port or 53)
