"""`upvest-webhooks doctor`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .doctor_examination import examine
from .doctor_findings import Outcome
from .doctor_lines import Lines
from .options import StackName  # noqa: TC001 - typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .doctor_findings import Finding


def doctor(
    *,
    stack: StackName,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="NAME", help="One of its `upvest:accounts`; default: each of them."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check whether a stack can speak to Upvest, and how to mend what keeps it from that.

    It shows where each setting comes from, asks for a token and a list of the webhooks, and changes nothing. No
    secret is shown. A warning is no failure: the exit code is 1 where a check fails.
    """
    lines = Lines()
    findings = []
    for finding in examine(stack, account):
        findings.append(finding)
        if not as_json:
            lines.print(finding)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))  # noqa: T201 - the answer
    print(_summary(stack, findings), file=sys.stderr)  # noqa: T201 - beside the answer
    if any(finding.outcome is Outcome.FAIL for finding in findings):
        raise typer.Exit(1)


def _summary(stack: str, findings: Sequence[Finding]) -> str:
    counts = {outcome: sum(each.outcome is outcome for each in findings) for outcome in Outcome}
    return f"stack {stack}: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
