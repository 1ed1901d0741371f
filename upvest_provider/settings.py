"""Who you are, and where secrets come from.

Who you are stands in the reviewed stack file (`upvest:api`, `upvest:clientId`, `upvest:keyId`); the
environment brings secrets only. Before the first request, only what tells one account from another is read.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import os
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .api import Credentials, SigningKey

ENVIRONMENTS = {"sandbox": "https://sandbox.upvest.co", "live": "https://api.upvest.co"}
"""Source: servers of the specification 1.86.0 (February 2026)."""

LOCAL = "local"
LOCAL_STATE = ".upvest-local"
"""Where the embedded API keeps its state, below the directory that it is started in."""

CREDENTIALS_FILE = "credentials.json"
CREDENTIALS_MEMBERS = (
    "api",
    "client_id",
    "client_secret",
    "key_id",
    "private_key_file",
    "private_key_passphrase",
)

_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|[0-9a-f:.]+")
"""A DNS name or an IP address, as `urlsplit` gives it: in lower case, without brackets."""


@dataclass(frozen=True, slots=True)
class Account:
    """One client of one Upvest environment: what a webhook belongs to."""

    api: str
    """`local`, `sandbox`, `live`, or the URL of another environment."""
    client_id: str

    def __str__(self) -> str:
        return f"client {self.client_id} of {self.api}"


class Settings:
    """The settings of one Pulumi stack.

    Args:
        config: Looks up a key of the stack's configuration, as `upvest:api`; secrets come decrypted.
        environ: The environment.
    """

    def __init__(self, config: Callable[[str], str | None], environ: Mapping[str, str] = os.environ) -> None:
        self._config = config
        self._environ = environ

    def known_account(self) -> Account | None:
        """Whose webhooks these settings speak of, as far as it can be told offline and without secrets."""
        api = self._config("upvest:api")
        if not api:
            return None
        try:
            if api.strip() == LOCAL:
                client_id: str | None = self._local()["client_id"]
            else:
                _base_url(api.strip())
                client_id = self._config("upvest:clientId")
            return Account(_canonical(api), _canonical_id(client_id)) if client_id else None
        except SettingsError:
            return None

    def former_client_ids(self) -> frozenset[str]:
        """Client ids that were reissued: their webhooks belong to today's client.

        Raises:
            SettingsError: `upvest:formerClientIds` is no list.
        """
        text = self._config("upvest:formerClientIds") or "[]"
        try:
            ids = json.loads(text)
        except json.JSONDecodeError:
            ids = None
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            raise SettingsError(
                "upvest:formerClientIds is no list of client ids",
                fix="Set it with `pulumi config set --path 'upvest:formerClientIds[0]' ID`.",
            )
        return frozenset(_canonical_id(item) for item in ids)

    def account(self) -> Account:
        """Whose webhooks these settings speak of.

        Raises:
            SettingsError: A setting is missing, unusable, or contradicted by the environment.
        """
        api = self._api()
        client_id = self._local()["client_id"] if api == LOCAL else self._identifier("upvest:clientId")
        self._refuse_contradiction("UPVEST_CLIENT_ID", "upvest:clientId", client_id)
        return Account(_canonical(api), client_id)

    def credentials(self) -> Credentials:
        """All that a client needs, secrets included.

        Raises:
            SettingsError: A setting is missing, unusable, or contradicted by the environment.
        """
        account = self.account()
        return self._local_credentials() if self._api() == LOCAL else self._remote_credentials(account)

    def _remote_credentials(self, account: Account) -> Credentials:
        from .api import Credentials  # noqa: PLC0415 - cryptography is loaded with the first request

        name, pem = self._private_key()
        return Credentials(
            base_url=_base_url(self._api()),
            client_id=account.client_id,
            client_secret=self._secret("UPVEST_CLIENT_SECRET", "upvest:clientSecret"),
            key_id=self._identifier("upvest:keyId"),
            signing_key=_signing_key(
                name, pem, self._optional("UPVEST_PRIVATE_KEY_PASSPHRASE", "upvest:privateKeyPassphrase")
            ),
        )

    def _local_credentials(self) -> Credentials:
        from .api import Credentials  # noqa: PLC0415 - as above

        local = self._local()
        file = Path(local["private_key_file"])
        try:
            pem = _read(str(self._local_file()), file)
            signing_key = _signing_key(str(file), pem, local["private_key_passphrase"])
        except SettingsError as error:
            raise SettingsError(error.summary, fix=self._local_anew()) from None
        return Credentials(
            base_url=local["api"],
            client_id=local["client_id"],
            client_secret=local["client_secret"],
            key_id=local["key_id"],
            signing_key=signing_key,
        )

    def _api(self) -> str:
        api = (self._config("upvest:api") or "").strip()
        if not api:
            raise SettingsError(
                "upvest:api is not set: which Upvest environment holds the webhooks is not known",
                fix="Set it with `pulumi config set upvest:api sandbox` (or `live`, or `local`).",
            )
        if api != LOCAL:
            _base_url(api)
        self._refuse_contradiction("UPVEST_API", "upvest:api", api)
        return api

    def _refuse_contradiction(self, variable: str, key: str, value: str) -> None:
        other = self._environ.get(variable, "").strip()
        canonical = _canonical if key == "upvest:api" else _canonical_id
        if other and canonical(other) != canonical(value):
            raise SettingsError(
                f"{variable} in the environment ({_shown(other)}) contradicts "
                f"{key} of the stack ({_shown(value)})",
                fix=f"Unset {variable}: the stack's file decides.",
            )

    def _identifier(self, key: str) -> str:
        text = (self._config(key) or "").strip()
        if not text:
            raise SettingsError(
                f"{key} is not set",
                fix=f"Set it with `pulumi config set {key} UUID`, as Upvest gave it to you.",
            )
        try:
            return str(uuid.UUID(text))
        except ValueError:
            raise SettingsError(
                f"{key} is {text!r}, and Upvest's ids are UUIDs", fix=f"Correct {key} in the stack's file."
            ) from None

    def _secret(self, variable: str, key: str) -> str:
        value = self._optional(variable, key)
        if not value:
            raise SettingsError(
                f"{variable} is not set, nor is {key} in the stack's configuration",
                fix=f"Set {variable} in the environment, or run `pulumi config set --secret {key}`.",
            )
        return value

    def _optional(self, variable: str, key: str) -> str | None:
        return self._environ.get(variable) or self._config(key)

    def _private_key(self) -> tuple[str, bytes]:
        """The name of the setting that brings the key, and the key."""
        text, file = self._environ.get("UPVEST_PRIVATE_KEY"), self._environ.get("UPVEST_PRIVATE_KEY_FILE")
        if text and file:
            raise SettingsError(
                "UPVEST_PRIVATE_KEY and UPVEST_PRIVATE_KEY_FILE are both set", fix="Unset one of them."
            )
        if file:
            return "UPVEST_PRIVATE_KEY_FILE", _read("UPVEST_PRIVATE_KEY_FILE", Path(file))
        if text:
            return "UPVEST_PRIVATE_KEY", _pem("UPVEST_PRIVATE_KEY", text)
        configured = self._config("upvest:privateKey")
        if configured:
            return "upvest:privateKey", _pem("upvest:privateKey", configured)
        raise SettingsError(
            "no private key: neither UPVEST_PRIVATE_KEY nor UPVEST_PRIVATE_KEY_FILE is set",
            fix="Set UPVEST_PRIVATE_KEY_FILE to the PEM file whose public half Upvest holds.",
        )

    def _local(self) -> dict[str, str]:
        """The credentials that the embedded API wrote when it was started."""
        file = self._local_file()
        for key in ("upvest:clientId", "upvest:keyId"):
            if self._config(key):
                raise SettingsError(
                    f"{key} is set, but upvest:api is `local`, which has its own",
                    fix=f"Remove it with `pulumi config rm {key}`, or set upvest:api to another environment.",
                )
        try:
            credentials = json.loads(file.read_text())
        except FileNotFoundError:
            raise SettingsError(
                f"upvest:api is `local`, but {file} is not there",
                fix="Start the local API with `make local` (`python -m upvest_provider local`).",
            ) from None
        except (OSError, ValueError) as error:
            raise SettingsError(f"{file} cannot be read: {type(error).__name__}", fix=self._local_anew()) from None
        members = credentials if isinstance(credentials, dict) else {}
        lacking = [name for name in CREDENTIALS_MEMBERS if not isinstance(members.get(name), str)]
        if lacking:
            raise SettingsError(f"{file} is damaged: it lacks {', '.join(lacking)}", fix=self._local_anew())
        return members

    def _local_file(self) -> Path:
        return Path(self._environ.get("UPVEST_LOCAL_STATE") or LOCAL_STATE) / CREDENTIALS_FILE

    def _local_anew(self) -> str:
        return f"Remove {self._local_file().parent} and start the local API anew."


def _canonical(api: str) -> str:
    """One name for one environment, whether it is given by name or by URL; loopback is always `local`."""
    text = api.strip().rstrip("/").lower().removesuffix(":443")
    for name, url in ENVIRONMENTS.items():
        if text in (name, url):
            return name
    try:
        return LOCAL if _is_loopback(urlsplit(text).hostname) else text
    except ValueError:  # nothing that can be read as a URL
        return text


def _canonical_id(text: str) -> str:
    """The one form of a UUID; what is none stays, in lower case."""
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        return text.strip().lower()


def _shown(value: str) -> str:
    """A setting as messages show it: of a URL scheme and host only, for the rest may be a secret."""
    scheme, separator, rest = value.rstrip("/").partition("://") if "://" in value else ("", "", value)
    host = "" if "@" in rest else re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}{separator}{host}" + ("" if host == rest else "…")


def _base_url(api: str) -> str:
    """The origin that requests go to."""
    if api in ENVIRONMENTS:
        return ENVIRONMENTS[api]
    try:
        parts = urlsplit(api)
        parts.port  # noqa: B018 - the property raises where the port is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(parts.hostname or ""):
        raise SettingsError(
            f"upvest:api is {_shown(api)!r}, which is neither `local`, `sandbox` or `live` nor a https URL",
            fix="Set it with `pulumi config set upvest:api sandbox` (or `live`, or `local`).",
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise SettingsError(
            f"upvest:api is http://{parts.hostname}: credentials would travel unencrypted",
            fix="Set upvest:api to the https URL; plain http is for loopback only.",
        )
    if parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(
            f"upvest:api has more than scheme, host and port ({parts.scheme}://{parts.hostname}…)",
            fix=f"Set it to {parts.scheme}://{parts.netloc.rpartition('@')[2]}.",
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _read(name: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"the private key file that {name} names cannot be read: {error.strerror} ({file})",
            fix=f"Make {file} readable for this user, or correct {name}.",
        ) from None


def _pem(name: str, text: str) -> bytes:
    r"""A PEM as CI systems hand it over: as it is, with `\n` for line ends, or in base64."""
    if "-----BEGIN" in text:
        return text.replace("\\n", "\n").encode(errors="replace")
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if b"-----BEGIN" not in decoded:
        raise SettingsError(
            f"{name} is neither a PEM nor a PEM in base64",
            fix=f"Set {name} to the content of the PEM file, from -----BEGIN to -----END.",
        )
    return decoded


def _signing_key(name: str, pem: bytes, passphrase: str | None) -> SigningKey:
    from .api import KeyUnusable, load_signing_key  # noqa: PLC0415 - as above

    try:
        return load_signing_key(pem, passphrase)
    except KeyUnusable as reason:
        needs_passphrase = "passphrase" in str(reason)
        raise SettingsError(
            f"{name} {reason}",
            fix="Set UPVEST_PRIVATE_KEY_PASSPHRASE to the key's passphrase."
            if needs_passphrase
            else f"Set {name} to the private key whose public half Upvest holds.",
        ) from None
