"""How long after the receiver is ready is the webhook enabled? A part of `make bench`.

Twenty times a receiver of the embedded world gets its DNS record and its certificate, each after up to 4 s, while
the gate waits in the real provider process; then the webhook behind it is created and enabled. After that twenty
receivers are ready from the start, which is what a gate costs where nothing is wrong.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi.dynamic.dynamic import serialize_provider

from upvest_provider.claims import claim_of
from upvest_provider.local import ControlClient, LocalUpvest
from upvest_provider.probes.gate import GROWTH, LONGEST_INTERVAL
from upvest_provider.readiness import ReadinessProvider
from upvest_provider.testing import Servicer
from upvest_provider.webhook import WebhookProvider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNS = 20
INTERVAL = 2
"""Seconds; the gate's `interval`."""
PASSES = 3
LONGEST_DELAY = 4.0
"""Seconds until a record or a certificate takes effect."""
GRACE = 2.0
"""Seconds above the interval in force that the enabling may take."""
MOST_COST = 3.0
"""Seconds that a gate may cost where the receiver is ready from the start."""
SEED = 4
"""For the delays, so that two benchmarks differ by what they measure alone."""


@dataclass(frozen=True)
class Run:
    """One webhook behind one gate; times are in seconds."""

    dns_delay: float
    certificate_delay: float
    interval: float
    """The pause that was in force when the receiver became ready."""
    opened: float
    """From 'the receiver is ready' to 'the gate is open'."""
    enabled: float
    """From 'the receiver is ready' to 'the webhook is enabled'."""

    @property
    def bar(self) -> float:
        """What `enabled` may be."""
        return self.interval + GRACE


class Bench:
    """The embedded world, and the provider process that waits for it."""

    def __init__(self, upvest: LocalUpvest, servicer: Servicer, control: ControlClient) -> None:
        self._upvest = upvest
        self._servicer = servicer
        self._control = control

    def run(self, number: int, dns_delay: float, certificate_delay: float) -> Run:
        """Make a receiver and wait for its webhook."""
        host = f"hooks{number}.bench.tld"
        ready_at = self._receiver(host, dns_delay, certificate_delay)
        gate = self._gate(host)
        opened_at = time.time()
        enabled_at = self._webhook(f"w{number}", gate)
        return Run(dns_delay, certificate_delay, _interval(gate), opened_at - ready_at, enabled_at - ready_at)

    def cost(self, number: int) -> float:
        """Seconds that the gate of a receiver takes that is ready from the start."""
        host = f"ready{number}.bench.tld"
        self._receiver(host, 0, 0)
        began = time.monotonic()
        self._gate(host)
        return time.monotonic() - began

    def _receiver(self, host: str, dns_delay: float, certificate_delay: float) -> float:
        """When it is ready, in seconds since 1970."""
        self._control.put("listeners", host)
        made = (
            self._control.put("dns", host, "A", values=["127.0.0.1"], delay=dns_delay),
            self._control.put("certificates", host, delay=certificate_delay),
        )
        return max(float(thing["effective_at"]) for thing in made)

    def _gate(self, host: str) -> dict[str, Any]:
        inputs = {
            "__provider": serialize_provider(ReadinessProvider()),
            "__name": host,
            "url": f"https://{host}:{self._upvest.world.receiver.port}",
            "resolvers": [self._upvest.surroundings.resolver],
            "ca_file": self._upvest.surroundings.ca_file,
            "allow_private": True,
            "interval": f"{INTERVAL}s",
            "passes": PASSES,
            "timeout": "60s",
        }
        return self._servicer.create(self._servicer.check({}, inputs).inputs).outputs

    def _webhook(self, name: str, gate: Mapping[str, Any]) -> float:
        """When it was enabled, by the API's clock, in seconds since 1970."""
        target = ("url", "ready", "resolvers", "ca_file", "allow_private")
        inputs = {
            "__provider": serialize_provider(WebhookProvider()),
            "__claim": claim_of("organization", "project", "stack", "", name),
            "__name": name,
            "title": f"Webhook {name}",
            "url": f"{gate['url']}/webhooks/{name}",
            "type": ["USER"],
            "gate": {"on_timeout": "fail", **{member: gate[member] for member in target}},
        }
        made = self._servicer.create(self._servicer.check({}, inputs).inputs).outputs
        if made["enabled"] is not True:
            raise RuntimeError(f"webhook {name} is not enabled: {made}")
        return datetime.fromisoformat(str(made["updated_at"])).timestamp()


def _interval(gate: Mapping[str, Any]) -> float:
    """The pause in force when the receiver became ready: it grows while one check stops them all."""
    attempts = {evidence["check"]: evidence["attempts"] for evidence in gate["evidence"]}
    stuck_at_tls = attempts["tls"] - PASSES
    stuck_at_dns = attempts["dns"] - attempts["tls"]
    stuck = stuck_at_tls or stuck_at_dns
    return float(min(INTERVAL * GROWTH ** max(stuck - 1, 0), LONGEST_INTERVAL))


def _distribution(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p95 = statistics.quantiles(ordered, n=20, method="inclusive")[-1]
    told = {"min": ordered[0], "median": statistics.median(ordered), "p95": p95, "max": ordered[-1]}
    return ", ".join(f"{name} {value:.2f} s" for name, value in told.items())


def show(runs: Sequence[Run], costs: Sequence[float]) -> None:
    """Prints the distributions."""
    print(f"\nFrom 'the receiver is ready' to 'the webhook is enabled', interval {INTERVAL} s, {PASSES} passes:")
    print("  run   dns  cert  interval then   gate open   enabled    bar")
    for number, run in enumerate(runs, start=1):
        verdict = "within" if run.enabled <= run.bar else "MISSED"
        print(
            f"  {number:3} {run.dns_delay:5.2f} {run.certificate_delay:5.2f} {run.interval:14.2f} "
            f"{run.opened:11.2f} {run.enabled:9.2f} {run.bar:6.2f}  {verdict}"
        )
    within = sum(run.enabled <= run.bar for run in runs)
    print(f"  {_distribution([run.enabled for run in runs])}")
    print(f"  over the interval then in force: {_distribution([run.enabled - run.interval for run in runs])}")
    print(f"  {within} of {len(runs)} within the interval then in force + {GRACE:g} s")
    print("\nThe gate of a receiver that is ready from the start:")
    quick = sum(cost <= MOST_COST for cost in costs)
    print(f"  {_distribution(costs)}\n  {quick} of {len(costs)} within {MOST_COST:g} s")


def measure() -> tuple[list[Run], list[float]]:
    """The runs, and the seconds that the gate of a receiver takes that is ready from the start."""
    chance = random.Random(SEED)  # noqa: S311 - delays are no secrets
    print(f"{RUNS} receivers that become ready, then {RUNS} that are; this takes some two minutes.", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "upvest"
        environment = {"UPVEST_LOCAL_STATE": str(state)}
        with (
            LocalUpvest(state) as upvest,
            Servicer(config={"upvest:api": "local"}, environment=environment) as servicer,
        ):
            bench = Bench(upvest, servicer, ControlClient(state))
            runs = [
                bench.run(number, chance.uniform(0, LONGEST_DELAY), chance.uniform(0, LONGEST_DELAY))
                for number in range(RUNS)
            ]
            return runs, [bench.cost(number) for number in range(RUNS)]
