"""What `doctor` finds in the settings of one account, offline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from upvest_provider.environments import ENVIRONMENTS
from upvest_provider.errors import SettingsError

from .doctor_findings import Outcome, failed, ok, skipped, warned
from .doctor_fixes import give_to_this_shell, set_encrypted, start_local
from .doctor_key import KEY_CHECKS, examine_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .doctor_findings import Finding
    from .doctor_steps import Steps

SETTINGS_CHECKS = ("api", "client id", "key id", "client secret", *KEY_CHECKS)


def examine_settings(steps: Steps, warnings: list[str]) -> Iterator[Finding]:
    """Check each setting of an account.

    Args:
        steps: How they are read.
        warnings: Where `steps` leaves its warnings.
    """
    api = _setting("api", lambda: _shown_api(steps.api()), lambda: steps.source("api"))
    yield api
    if not steps.says_api:  # the local API brings its own, so what is missing is not known
        yield from (skipped(check, "api") for check in SETTINGS_CHECKS[1:])
        return
    # Asked for the account, the settings would only repeat what is wrong with the API.
    client_id = steps.client_id if api.outcome is Outcome.FAIL else lambda: _account(steps)
    yield _locally(steps, _setting("client id", client_id, lambda: steps.source("clientId")))
    yield _locally(steps, _setting("key id", steps.key_id, lambda: steps.source("keyId")))
    yield _locally(steps, _secret(steps))
    yield from (_locally(steps, finding) for finding in examine_key(steps, warnings))


def _setting(check: str, read: Callable[[], str], source: Callable[[], str]) -> Finding:
    try:
        return ok(check, read(), source())
    except SettingsError as error:
        return failed(check, error)


def _shown_api(api: str) -> str:
    return f"{api} ({ENVIRONMENTS[api]})" if api in ENVIRONMENTS else api


def _account(steps: Steps) -> str:
    steps.former_client_ids()
    return steps.account().client_id


def _secret(steps: Steps) -> Finding:
    check, what, member = "client secret", "CLIENT_SECRET", "clientSecret"
    try:
        steps.client_secret()
    except SettingsError as error:
        if steps.is_encrypted(member):
            return give_to_this_shell(check, steps, what, member)
        return failed(check, error)
    source = steps.source(member, what)
    if not steps.is_local and not steps.in_environment(what):
        return warned(check, "stands in plain text", set_encrypted(steps, member), source)
    return ok(check, "set", source)


def _locally(steps: Steps, finding: Finding) -> Finding:
    """With the right command where the local API's file is missing: it may be expected elsewhere than usual."""
    is_missing = steps.is_local and not steps.local_file.exists() and str(steps.local_file) in finding.found
    return replace(finding, fix=start_local(steps)) if is_missing else finding
