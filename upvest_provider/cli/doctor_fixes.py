"""Fixes that name this account's settings, as commands that can be run or edits that can be made."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from upvest_provider.settings import LOCAL_STATE

from .doctor_findings import warned

if TYPE_CHECKING:
    from .doctor_findings import Finding
    from .doctor_steps import Key, Steps

SET_CLOCK = "Have this machine's clock set by NTP: `sudo timedatectl set-ntp true`, then wait until it is."


def for_stack(fix: str, stack: str) -> str:
    """The fix with commands for this stack, whichever is selected, and for members of an account as such."""
    return re.sub(r"\bpulumi config (set|rm|get) ", rf"pulumi config \1 --stack {shlex.quote(stack)} ", fix)


def start_local(steps: Steps) -> str:
    """Start the local API where the settings look for it."""
    state = steps.local_file.parent
    arguments = [] if state == Path(LOCAL_STATE) else ["--state", str(state)]
    accounts = ["--account", steps.name] if steps.name else []
    return f"Start the local API with `{shlex.join(['upvest-webhooks', 'local', *arguments, *accounts])}`."


def set_encrypted(steps: Steps, member: str) -> str:
    """Keep a secret encrypted in the stack's file."""
    return f"Encrypt it with `pulumi config set --secret {steps.path_of(member)}`."


def give_to_this_shell(check: str, steps: Steps, what: str, member: str) -> Finding:
    """What only Pulumi can decrypt is not checked, unless the environment brings it."""
    command = f"export {steps.variable(what)}=$(pulumi config get {steps.path_of(member)})"
    return warned(
        check,
        "is encrypted, so only Pulumi can read it; nothing that needs it is checked",
        f"Have it checked: `{command}`.",
        steps.source(member),
    )


def of_one_client(steps: Steps, key: Key) -> str:
    """Client id, key id and key are not of one client; which of them is wrong only Upvest's letter tells."""
    if steps.is_local:
        return steps.local_anew()
    return (
        "Take all three from one client, as Upvest gave them: "
        f"`pulumi config set {steps.path_of('clientId')} UUID`, "
        f"`pulumi config set {steps.path_of('keyId')} UUID`, and set {key.name} to the private key of that id."
    )


def right_secret(steps: Steps, client_id: str) -> str:
    """The secret is not this client's."""
    if steps.is_local:
        return steps.local_anew()
    what, member = "CLIENT_SECRET", "clientSecret"
    if steps.in_environment(what):
        return f"Set {steps.variable(what)} in the environment to the secret of client {client_id}."
    return f"Set it to the secret of client {client_id} with `pulumi config set --secret {steps.path_of(member)}`."


def whole_client(steps: Steps, key: Key) -> str:
    """Upvest does not say which of the credentials is wrong."""
    if steps.is_local:
        return steps.local_anew()
    return f"{of_one_client(steps, key)} Then set {steps.variable('CLIENT_SECRET')} to its secret."
