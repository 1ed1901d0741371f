"""All that `doctor` checks, in its order: the stack's file, its accounts, and each account's settings and API."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from upvest_provider.errors import SettingsError
from upvest_provider.settings import ACCOUNTS, Settings

from .doctor_api import API_CHECKS, examine_api
from .doctor_findings import Finding, Outcome, each_fault_once, failed, ok, skipped, warned
from .doctor_fixes import for_stack
from .doctor_settings import SETTINGS_CHECKS, examine_settings
from .doctor_steps import Steps
from .stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from upvest_provider.api import Credentials

ACCOUNT_CHECKS = (*SETTINGS_CHECKS, *API_CHECKS)


def examine(
    stack: str,
    account: str | None,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """Check a stack of the project in this directory, one account after the other.

    Args:
        stack: Its name.
        account: The only one to check; all where None.
        clock: Unix seconds.
        sleep: Waits between attempts.
    """
    for finding in _examine(stack, account, clock, sleep):
        yield replace(finding, fix=for_stack(finding.fix, stack))


def _examine(
    name: str, account: str | None, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[Finding]:
    try:
        stack = Stack.here(name)
    except SettingsError as error:
        yield failed("stack", error)
        yield from (skipped(check, "stack") for check in ("account", *ACCOUNT_CHECKS))
        return
    yield ok("stack", str(stack.project.stack_file(name).relative_to(stack.project.root)))
    try:
        names = _names(stack, account)
    except SettingsError as error:
        yield _unknown_account(stack, error)
        yield from (skipped(check, "account") for check in ACCOUNT_CHECKS)
        return
    for each in names:
        yield replace(ok("account", f"{each} of {ACCOUNTS}" if each else "the only one"), account=each)
        for finding in _examine_account(stack, each, clock, sleep):
            yield replace(finding, account=each)


def _names(stack: Stack, account: str | None) -> list[str]:
    """The accounts to check; the one without a name is the empty one."""
    settings = Settings(stack.config().get, stack.environ)
    if Steps(stack, "", _ignore).is_encrypted("accounts"):
        raise SettingsError(
            f"{ACCOUNTS} is encrypted, so only Pulumi can read it; nothing of it is checked",
            fix=f"Encrypt only its secrets: `pulumi config set --secret --path '{ACCOUNTS}.NAME.clientSecret'`.",
        )
    return [settings.of(account).name] if account is not None else settings.names() or [""]


def _unknown_account(stack: Stack, error: SettingsError) -> Finding:
    if Steps(stack, "", _ignore).is_encrypted("accounts"):
        return warned("account", error.summary, error.fix)
    return failed("account", error)


def _examine_account(
    stack: Stack, name: str, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[Finding]:
    warnings: list[str] = []
    steps = Steps(stack, name, warnings.append)
    findings = list(each_fault_once(examine_settings(steps, warnings)))
    yield from findings
    credentials = _credentials(steps)
    if isinstance(credentials, SettingsError):
        cause = next((each.check for each in _worst_first(findings) if each.fix), "")
        if not cause:
            yield failed("settings", credentials)
        yield from (skipped(check, cause or "settings") for check in API_CHECKS)
    else:
        yield from examine_api(credentials, steps, clock=clock, sleep=sleep)


def _credentials(steps: Steps) -> Credentials | SettingsError:
    """The provider's own verdict over all settings."""
    try:
        return steps.credentials()
    except SettingsError as error:
        return error


def _worst_first(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.outcome is not Outcome.FAIL)


def _ignore(_: str) -> None:
    """Warnings are told once, by the checks."""
