"""What `doctor` finds: one line for each check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upvest_provider.errors import UpvestError


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    """Not checked, or not to be told, because another check did not succeed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; never the value of a secret."""

    check: str
    outcome: Outcome
    found: str
    source: str = ""
    """Where a setting comes from."""
    fix: str = ""
    """The command or edit that mends it; empty where all is well."""
    account: str = ""
    """Of `upvest:accounts`; empty where the stack has but one, and for what is no account's."""


def ok(check: str, found: str, source: str = "") -> Finding:
    """All is well."""
    return Finding(check, Outcome.OK, found, source)


def warned(check: str, found: str, fix: str, source: str = "") -> Finding:
    """It works, or may work, and something should be done about it."""
    return Finding(check, Outcome.WARN, found, source, fix)


def failed(check: str, error: UpvestError, fix: str = "") -> Finding:
    """What the provider would say, with a fix that fits better where there is one."""
    return Finding(check, Outcome.FAIL, error.summary, fix=fix or error.fix)


def skipped(check: str, because: str, found: str = "not checked") -> Finding:
    """Not checked because of another check."""
    return Finding(check, Outcome.SKIP, found, fix=f"Mend this first: {because}.")


def each_fault_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, without those that say again what an earlier one said."""
    said: dict[str, str] = {}
    for finding in findings:
        if finding.outcome is Outcome.FAIL and finding.found in said:
            yield skipped(finding.check, said[finding.found])
        else:
            said.setdefault(finding.found, finding.check)
            yield finding
