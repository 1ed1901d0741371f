"""The private key that signs requests, as settings bring it."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from typing import TYPE_CHECKING

from .errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .api import SigningKey

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_key_file(name: str, file: Path, say: Callable[[str], None]) -> bytes:
    """The content of a key file; one that others can read is warned of.

    Args:
        name: Of the setting that names it, for messages.
        file: Where it is.
        say: Takes the warning.

    Raises:
        SettingsError: It cannot be read.
    """
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        content = file.read_bytes()
    except OSError as error:
        reason = error.strerror
    else:
        if mode & _OTHERS:
            say(f"warning: others may read the private key file {file} (mode {mode:04o}); run `chmod 600 {file}`")
        return content
    # Raised here and not above: the name that the error beneath quotes may be a key, given in place of its file.
    raise SettingsError(
        f"the private key file that {name} names cannot be read: {reason} (found up to {_existing(file)})",
        fix=f"Set {name} to the PEM file, and see that this user may read it.",
    )


def _existing(file: Path) -> Path:
    """As much of the name as is there; that is no key."""
    whole = file.absolute()
    return next(part for part in (whole, *whole.parents) if os.path.exists(part))  # noqa: PTH110 - never raises


def pem_of(name: str, text: str) -> bytes:
    r"""A PEM as CI systems hand it over: as it is, with `\n` for line ends, or in base64.

    Raises:
        SettingsError: It is none of these.
    """
    pem = _pem_in(text)
    if pem is None:
        raise SettingsError(
            f"{name} is neither a PEM nor a PEM in base64",
            fix=f"Set {name} to the content of the PEM file, from -----BEGIN to -----END.",
        )
    return pem


def is_pem(text: str) -> bool:
    """Whether a text is a PEM in one of the forms of `pem_of`, and not the name of a file."""
    return _pem_in(text) is not None


def _pem_in(text: str) -> bytes | None:
    if "-----BEGIN" in text:
        return text.replace("\\n", "\n").encode(errors="replace")
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if b"-----BEGIN" in decoded else None


def signing_key(name: str, pem: bytes, passphrase: str | None, passphrase_name: str) -> SigningKey:
    """The key of a PEM.

    Raises:
        SettingsError: It cannot be opened, or Upvest takes no such key.
    """
    from .api import KeyUnusable, load_signing_key  # noqa: PLC0415 - cryptography is loaded with the first request

    try:
        return load_signing_key(pem, passphrase)
    except KeyUnusable as reason:
        needs_passphrase = "passphrase" in str(reason)
        raise SettingsError(
            f"{name} {reason}",
            fix=f"Set {passphrase_name} to the key's passphrase."
            if needs_passphrase
            else f"Set {name} to the private key whose public half Upvest holds.",
        ) from None
