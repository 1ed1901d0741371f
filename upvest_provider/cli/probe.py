"""`upvest-webhooks probe`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from upvest_provider import readiness_rules as rules
from upvest_provider.environments import LOCAL
from upvest_provider.errors import NotReady
from upvest_provider.overlap import HTTPS_PORT, origin
from upvest_provider.timestamps import rfc3339

from .local_world import local_world
from .options import AsJson  # noqa: TC001 - typer reads the annotations
from .stack import Stack
from .table import print_rows
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upvest_provider.probes.gate import Evidence, Verdict

ONCE = {"timeout": "0s", "passes": 1}
"""A gate with these asks each check once, and no more."""

OK = {"pass": "yes", "warn": "no, only warned of", "wait": "no", "skip": "skipped"}

FLAGS = {"url": "URL", "checks": "--check", "resolvers": "--resolver"}
"""The options that are not called as the gate's inputs are."""


def probe(
    url: Annotated[str, typer.Argument(metavar="URL", help="As https://hooks.tenant.tld.")],
    *,
    stack: Annotated[str | None, typer.Option(metavar="NAME", help="If it is local: look there.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until it is ready, as a gate does.")] = False,
    timeout: Annotated[str, typer.Option(metavar="T", help="For --wait.")] = "10m",
    interval: Annotated[str, typer.Option(metavar="T", help="Between tries.")] = "5s",
    check: Annotated[
        list[str] | None, typer.Option(metavar="C=MODE", help="dns, tls, http: require, warn, skip.")
    ] = None,
    reachable_from: Annotated[str, typer.Option(metavar="WHO", help="`upvest`: ask DNS alone.")] = "anywhere",
    expect: Annotated[list[str] | None, typer.Option(metavar="A", help="Address, network or CNAME.")] = None,
    resolver: Annotated[list[str] | None, typer.Option(metavar="A", help="Default: three public ones.")] = None,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Default: public roots.", exists=True, dir_okay=False)
    ] = None,
    allow_private: Annotated[bool, typer.Option("--allow-private", help="Allow such addresses.")] = False,
    min_validity: Annotated[str, typer.Option(metavar="T", help="Of the certificate.")] = "24h",
    as_json: AsJson = False,
) -> None:
    """Ask a gate's checks by hand: is a receiver's DNS and TLS ready?

    Exit codes: 0 ready, 1 not ready, 2 called wrongly.
    """
    said = {
        "timeout": timeout,
        "interval": interval,
        "checks": _checks(check or []),
        "reachable_from": reachable_from,
        "expect": expect,
        "resolvers": resolver,
        "ca_file": str(ca_file) if ca_file else None,
        "allow_private": allow_private or None,
        "min_validity": min_validity,
    }
    inputs = {"url": url, **_world(stack), **{name: value for name, value in said.items() if value}}
    _refuse_faults(inputs)
    verdict = _verdict(inputs if wait else inputs | ONCE)
    rows = [(evidence, _where(evidence, inputs)) for evidence in verdict.evidence]
    if as_json:
        print(json.dumps(_document(inputs, verdict, rows), indent=2))  # noqa: T201 - the answer
    else:
        print_rows([_row(evidence, where) for evidence, where in rows])
    if not verdict.ready:
        raise _not_ready(inputs, verdict)
    _tell(f"{origin(url)} is ready, as seen from this machine ({verdict.seconds:.0f} s)")


def _world(stack: str | None) -> dict[str, Any]:
    """What a stack on the local API brings: the public resolvers do not know its receivers."""
    if stack is None:
        return {}
    here = Stack.here(stack)
    return local_world(os.environ) if here.config().get("upvest:api") == LOCAL else {}


def _checks(said: list[str]) -> dict[str, str]:
    return {name: _mode(mode) for name, _, mode in (each.partition("=") for each in said)}


def _mode(text: str) -> str:
    """In a program that others read, a reason is asked for; whoever asks by hand knows it."""
    return "skip: as asked" if text == "skip" else text


def _refuse_faults(inputs: Mapping[str, Any]) -> None:
    """Refuse what a gate would refuse.

    Raises:
        BadParameter: With all that is wrong.
    """
    faults = rules.faults(inputs, lambda _: False)
    if faults:
        told = (f"{FLAGS.get(fault.property, _flag(fault.property))} {fault.reason}" for fault in faults)
        raise typer.BadParameter(printable("; ".join(told)))


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _verdict(inputs: Mapping[str, Any]) -> Verdict:
    from upvest_provider.gates import GATES  # noqa: PLC0415 - DNS and TLS are loaded where they are asked

    try:
        return GATES.wait(inputs, alive=lambda: None, say=_tell_progress)
    except NotReady as error:  # the roots cannot be read, so nothing was asked
        raise typer.BadParameter(error.summary, param_hint="--ca-file") from None


def _tell_progress(line: str) -> None:
    """A gate's first line also says what holds under Pulumi alone: Ctrl-C ends this at once."""
    _tell(line.partition(". Waiting for up to")[0])


def _where(evidence: Evidence, inputs: Mapping[str, Any]) -> str:
    if evidence.attempts == 0:
        return "-"
    resolvers = ", ".join(inputs.get("resolvers") or ["1.1.1.1", "8.8.8.8", "9.9.9.9"])
    port = urlsplit(inputs["url"]).port or HTTPS_PORT
    return {
        "dns": f"name servers of its zone, then {resolvers}",
        "tls": f"each address, port {port}",
        "http": f"one address, port {port}",
    }[str(evidence.check)]


def _row(evidence: Evidence, where: str) -> dict[str, str]:
    warnings = "".join(f"; warning: {warning}" for warning in evidence.warnings)
    return {
        "check": str(evidence.check),
        "ok": OK[evidence.status],
        "asked": where,
        "seen": evidence.seen + warnings,
    }


def _document(inputs: Mapping[str, Any], verdict: Verdict, rows: list[tuple[Evidence, str]]) -> dict[str, object]:
    return {
        "origin": origin(inputs["url"]),
        "ready": verdict.ready,
        "checked_at": rfc3339(time.time()),
        "evidence": [
            {
                "check": str(evidence.check),
                "status": evidence.status,
                "asked": where,
                "seen": evidence.seen,
                "warnings": list(evidence.warnings),
                "fix": evidence.fix,
                "attempts": evidence.attempts,
                "seconds": round(evidence.seconds, 1),
            }
            for evidence, where in rows
        ],
    }


def _not_ready(inputs: Mapping[str, Any], verdict: Verdict) -> NotReady:
    stopped_by = next(evidence for evidence in verdict.evidence if evidence.status == "wait")
    return NotReady(
        f"{origin(inputs['url'])} is not ready: {stopped_by.check}: {stopped_by.seen}",
        fix=stopped_by.fix or "Mend what was seen, then run the command again.",
    )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - beside the answer
