"""What `doctor` finds in the private key."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from upvest_provider.errors import SettingsError
from upvest_provider.private_key import is_pem, signing_key

from .doctor_findings import Finding, failed, ok, skipped, warned
from .doctor_fixes import give_to_this_shell, set_encrypted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .doctor_steps import Key, Steps

KEY_CHECKS = ("private key", "permissions", "passphrase", "key kind")

ED25519_SIGNATURE = 64
"""Bytes (RFC 8032 §5.1.6); those of ECDSA on P-521 are twice as long."""


def examine_key(steps: Steps, warnings: list[str]) -> Iterator[Finding]:
    """Whether the key can be read, by whom else, can be opened, and is one that Upvest takes."""
    try:
        key = steps.key()
    except SettingsError as error:
        yield _unreadable(steps, error)
        yield from (skipped(check, "private key") for check in KEY_CHECKS[1:])
        return
    try:
        signature = signing_key(key.name, key.pem, key.passphrase, key.passphrase_name).sign(b"")
    except SettingsError as error:
        yield from _unusable(steps, key, warnings, error)
        return
    yield _readable(steps, key)
    yield _permissions(key, warnings)
    yield _passphrase(steps, key)
    kind = "Ed25519" if len(signature) == ED25519_SIGNATURE else "ECDSA on P-521"
    yield ok("key kind", f"{kind} ({_form(key)})")


def _unreadable(steps: Steps, error: SettingsError) -> Finding:
    check, variable = "private key", steps.variable("PRIVATE_KEY_FILE")
    named = steps.in_environment("PRIVATE_KEY_FILE")
    if steps.is_local:
        return failed(check, error, "" if str(steps.local_file.parent) in error.fix else steps.local_anew())
    if named and steps.in_environment("PRIVATE_KEY"):
        return failed(check, error, f"Unset one of them, as with `unset {steps.variable('PRIVATE_KEY')}`.")
    if named and not is_pem(named):
        return failed(check, error, _fix_of_file(variable, Path(named)))
    if steps.is_encrypted("privateKey"):
        return give_to_this_shell(check, steps, "PRIVATE_KEY", "privateKey")
    return failed(check, error)


def _fix_of_file(variable: str, file: Path) -> str:
    return (
        f"Run `chmod 600 {shlex.quote(str(file))}` as its owner."
        if file.is_file()
        else f"Name the key's file: `export {variable}=FILE`."
    )


def _unusable(steps: Steps, key: Key, warnings: list[str], error: SettingsError) -> Iterator[Finding]:
    fix = steps.local_anew() if steps.is_local else ""
    if "passphrase" in error.summary:
        yield _readable(steps, key)
        yield _permissions(key, warnings)
        if not key.passphrase and steps.is_encrypted("privateKeyPassphrase"):
            yield give_to_this_shell("passphrase", steps, "PRIVATE_KEY_PASSPHRASE", "privateKeyPassphrase")
        else:
            yield failed("passphrase", error, fix)
        yield skipped("key kind", "passphrase")
        return
    fix = fix or (
        f"Set {key.name} to a private key that Upvest holds the public half of, on P-521 or Ed25519; "
        "`openssl ecparam -name secp521r1 -genkey -noout` makes one."
    )
    told = SettingsError(f"{error.summary}; {_seen(key)}")
    if "Upvest takes" in error.summary:
        yield _readable(steps, key)
        yield _permissions(key, warnings)
        yield _passphrase(steps, key)
        yield failed("key kind", error, fix)
        return
    yield failed("private key", told, fix)
    yield _permissions(key, warnings)
    yield from (skipped(check, "private key") for check in KEY_CHECKS[2:])


def _readable(steps: Steps, key: Key) -> Finding:
    source = steps.source("privateKey", "PRIVATE_KEY_FILE" if key.file else "PRIVATE_KEY")
    if key.file:
        return ok("private key", f"readable: {key.file}", source)
    if not steps.in_environment("PRIVATE_KEY"):
        return warned("private key", "stands in plain text", set_encrypted(steps, "privateKey"), source)
    return ok("private key", "readable", source)


def _permissions(key: Key, warnings: list[str]) -> Finding:
    if key.file is None:
        return ok("permissions", "no file")
    if not warnings:
        return ok("permissions", "for its owner only")
    told = warnings[0].removeprefix("warning: ").partition("; run ")[0]
    return warned("permissions", told, f"Run `chmod 600 {shlex.quote(str(key.file))}`.")


def _passphrase(steps: Steps, key: Key) -> Finding:
    check, what, member = "passphrase", "PRIVATE_KEY_PASSPHRASE", "privateKeyPassphrase"
    if not key.passphrase:
        return ok(check, "none, and none is needed")
    source, in_environment = steps.source(member, what), steps.in_environment(what)
    if b"ENCRYPTED" not in key.pem:
        fix = (
            f"Unset {steps.variable(what)}."
            if in_environment
            else f"Run `pulumi config rm {steps.path_of(member)}`."
        )
        return warned(check, "set, and the key has none", fix, source)
    if not steps.is_local and not in_environment:
        return warned(check, "stands in plain text", set_encrypted(steps, member), source)
    return ok(check, "opens the key", source)


def _label(key: Key) -> str:
    """What a PEM says that it is."""
    found = re.search(rb"-----BEGIN ([A-Z0-9 ]+)-----", key.pem)
    return found.group(1).decode() if found else ""


def _form(key: Key) -> str:
    return "SEC1" if _label(key) == "EC PRIVATE KEY" else "PKCS#8"


def _seen(key: Key) -> str:
    if not key.pem.strip():
        return "it is empty"
    label = _label(key)
    return f"its PEM says {label}" if label else "it is no PEM at all"
