"""`EndpointReadiness`: a gate that opens once an endpoint's DNS and TLS are ready, and its provider."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from . import readiness_rules as rules
from ._pickle_v1 import load
from .engine import engine_of_this_process
from .options import refuse_without_effect
from .terminal import say
from .timestamps import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .probes.gate import Evidence, Verdict

State = dict[str, Any]

NAME = "__name"

TARGET = (
    "url",
    "reachable_from",
    "checks",
    "expect",
    "resolvers",
    "ca_file",
    "allow_private",
    "min_validity",
)
"""The inputs that say what is checked."""

REPORT = "report"


class EndpointReadiness(Resource, module="upvest", name="EndpointReadiness"):
    """A gate: it opens once the endpoint's DNS and TLS are as Upvest needs them, and has no side effects.

    An `up` waits here. Webhooks behind the gate (`gate=`, `url_at`) are created and enabled after it opened.
    DNS is asked at the zone's own name servers first, so that asking too early plants no negative answer in
    anybody's cache; then public resolvers; then each address is met over TLS. A preview and a refresh probe
    nothing, and a destroy does nothing.

    It runs again when `url`, what is checked, or `triggers` changes, and while it is not ready. Let it depend on
    everything that it waits for, by data (`triggers`) or `depends_on`: Pulumi runs four dynamic resources at a
    time, and a waiting gate is one of them.
    """

    url: pulumi.Output[str]
    """The endpoint; webhooks that take their URL from it come after the gate."""
    ready: pulumi.Output[bool]
    """Whether the gate is open."""
    checked_at: pulumi.Output[str]
    """When it was last asked (RFC 3339, UTC)."""
    evidence: pulumi.Output[list[dict[str, Any]]]
    """Of each check: status, what was seen, attempts and seconds, as seen from the machine that ran the `up`."""

    def __init__(
        self,
        resource_name: str,
        *,
        url: pulumi.Input[str],
        triggers: pulumi.Input[Sequence[Any]] | None = None,
        expect: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        reachable_from: pulumi.Input[str] | None = None,
        checks: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        resolvers: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        ca_file: pulumi.Input[str] | None = None,
        allow_private: pulumi.Input[bool] | None = None,
        min_validity: pulumi.Input[str] | None = None,
        timeout: pulumi.Input[str] | None = None,
        interval: pulumi.Input[str] | None = None,
        passes: pulumi.Input[int] | None = None,
        on_timeout: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a gate.

        Args:
            resource_name: The resource's name in Pulumi.
            url: The endpoint: https and a DNS name. Its path is looked at by the check `http` alone.
            triggers: Any values; a change runs the gate again, as the ARN of a certificate.
            expect: Where the host must lead: addresses, networks, or a CNAME target. Default: anywhere.
            reachable_from: `anywhere` (default), or `upvest`: the receiver lets only Upvest's addresses in, so
                only DNS is checked from here, and webhooks behind this gate must use `verify`.
            checks: For `dns`, `tls` and `http` each `require`, `warn`, or `skip: ` and a reason. Default: `dns`
                and `tls` are required, `http` is skipped, for a receiver may act on the request.
            resolvers: Recursive resolvers that stand for the world's, as `9.9.9.9` or `127.0.0.1:5353`.
                Default: 1.1.1.1, 8.8.8.8 and 9.9.9.9.
            ca_file: PEM file of the roots to trust. Default: those of certifi.
            allow_private: Whether addresses that the world cannot reach will do. Default: false.
            min_validity: How long the certificate must still be valid, as `24h` (default) or `14d`.
            timeout: How long to wait. Default: `10m`, with `on_timeout="report"` `60s`.
            interval: How long to pause between tries; grows to 15 s. Default: `5s`.
            passes: How often all checks must pass in a row. Default: 3.
            on_timeout: `fail` (default) ends the `up` with an error; `report` goes on with `ready` false, and
                webhooks behind the gate stay as they are until a later `up` finds it open.
            opts: Pulumi's resource options.

        Raises:
            ValueError: `opts` has `custom_timeouts` (`timeout` is the setting for it), `replace_on_changes` or
                `import_`.
        """
        refuse_without_effect(
            resource_name,
            opts or pulumi.ResourceOptions(),
            {
                "custom_timeouts": "Set timeout= of the gate instead.",
                "replace_on_changes": "Remove it: a change of what the gate looks at runs it again.",
                "import_": "Remove it: a gate has nothing to import.",
            },
        )
        self._target: dict[str, Any] = {
            "reachable_from": reachable_from,
            "checks": checks,
            "expect": expect,
            "resolvers": resolvers,
            "ca_file": ca_file,
            "allow_private": allow_private,
            "min_validity": min_validity,
        }
        inputs: dict[str, Any] = {
            "url": url,
            "triggers": triggers,
            **self._target,
            "timeout": timeout,
            "interval": interval,
            "passes": passes,
            "on_timeout": on_timeout,
            NAME: resource_name,
        }
        self._on_timeout = on_timeout
        outputs_only = dict.fromkeys(("ready", "checked_at", "evidence"))
        super().__init__(ReadinessProvider(), resource_name, inputs | outputs_only, opts)

    def url_at(self, path: str) -> pulumi.Output[str]:
        """The endpoint's URL with another path (and query), of the same origin; a secret stays one.

        Args:
            path: Starts with one `/`, as `/webhooks/users`.

        Raises:
            ValueError: It does not.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError("the path of url_at must start with one '/', as '/webhooks/users'")
        return self.url.apply(lambda url: "{0.scheme}://{0.netloc}".format(urlsplit(url)) + path)

    def as_input(self) -> dict[str, Any]:
        """What a webhook behind this gate has to know of it."""
        known = {name: value for name, value in self._target.items() if value is not None}
        return {"url": self.url, "ready": self.ready, "on_timeout": self._on_timeout or "fail", **known}


class ReadinessProvider(ResourceProvider):
    """Runs gates for Pulumi's dynamic provider process; pickled by the name of its loader alone."""

    serialize_as_secret_always = False

    def __reduce__(self) -> tuple[Callable[..., ResourceProvider], tuple[str, int]]:
        return load, ("readiness", 1)

    def check(self, _olds: State, news: State) -> CheckResult:
        """Offline: what is wrong with the inputs; and `ready`, where it is certain."""
        inputs = {key: value for key, value in news.items() if key != "ready"}
        if "passes" in inputs and isinstance(inputs["passes"], float):
            inputs["passes"] = int(inputs["passes"]) if inputs["passes"].is_integer() else inputs["passes"]
        if inputs.get("on_timeout", "fail") == "fail":
            inputs["ready"] = True  # else the resource would not be there; so previews show no false unknowns
        faults = rules.faults(inputs, pulumi.contains_unknowns)
        # Of a property that is named apart the engine prints the value, a secret one too.
        return CheckResult(inputs, [CheckFailure("", str(fault)) for fault in faults])

    def diff(self, _id: str, olds: State, news: State) -> DiffResult:
        """Offline: whether something asks for another run."""
        asked = (*TARGET, "triggers")
        if olds.get("ready") is False:
            say(f"gate {news.get(NAME)!r} still waits: {_last_seen(olds)}")
        changes = (
            olds.get("ready") is False
            or pulumi.contains_unknowns({name: news.get(name) for name in asked})
            or any(olds.get(name) != news.get(name) for name in asked)
        )
        return DiffResult(changes=changes)

    def create(self, props: State) -> CreateResult:
        """Wait until the endpoint is ready."""
        return CreateResult(str(uuid.uuid4()), self._run(props))

    def update(self, _id: str, _olds: State, news: State) -> UpdateResult:
        """Wait until the endpoint is ready, as it is described now."""
        return UpdateResult(self._run(news))

    def _run(self, inputs: State) -> State:
        from .gates import GATES, closed  # noqa: PLC0415 - DNS and TLS are loaded where a gate runs

        name = inputs[NAME]
        verdict = GATES.wait(
            inputs, alive=engine_of_this_process().require, say=lambda line: say(f"gate {name!r}: {line}")
        )
        if not verdict.ready:
            error = closed(inputs, verdict)
            if inputs.get("on_timeout") != REPORT:
                raise error
            say(f"warning: gate {name!r}: {error}")
        return {
            **inputs,
            "ready": verdict.ready,
            "checked_at": rfc3339(time.time()),
            "evidence": _evidence(verdict),
        }


def _evidence(verdict: Verdict) -> list[dict[str, Any]]:
    return [_told(evidence) for evidence in verdict.evidence]


def _told(evidence: Evidence) -> dict[str, Any]:
    return {
        "check": str(evidence.check),
        "status": evidence.status,
        "seen": evidence.seen,
        "warnings": list(evidence.warnings),
        "attempts": evidence.attempts,
        "seconds": round(evidence.seconds, 1),
        "seen_from": "this runner",
    }


def _last_seen(state: State) -> str:
    for evidence in state.get("evidence") or []:
        if evidence.get("status") == "wait":
            return f"{evidence['check']}: {evidence['seen']} (at {state.get('checked_at')})"
    return "it was not ready"
