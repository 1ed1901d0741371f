"""The environments of Upvest's API, by name and by URL."""

from __future__ import annotations

import functools
import ipaddress
import re
from urllib.parse import urlsplit

from .errors import SettingsError

ENVIRONMENTS = {"sandbox": "https://sandbox.upvest.co", "live": "https://api.upvest.co"}
"""Source: servers of the specification 1.86.0 (February 2026)."""

LOCAL = "local"

_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|[0-9a-f:.]+")
"""A DNS name or an IP address, as `urlsplit` gives it: in lower case, without brackets."""


@functools.cache
def canonical(api: str) -> str:
    """One name for one environment, whether it is given by name or by URL; loopback is always `local`."""
    text = api.strip().rstrip("/").lower().removesuffix(":443")
    for name, url in ENVIRONMENTS.items():
        if text in (name, url):
            return name
    try:
        return LOCAL if _is_loopback(urlsplit(text).hostname) else text
    except ValueError:  # nothing that can be read as a URL
        return text


def base_url(api: str, key: str, path: str) -> str:
    """The origin that requests go to.

    Args:
        api: A name or a URL.
        key: The setting that it stands in, for messages.
        path: The same as `pulumi config set` takes it.

    Raises:
        SettingsError: It is neither, or credentials would not be safe on the way.
    """
    if api in ENVIRONMENTS:
        return ENVIRONMENTS[api]
    try:
        parts = urlsplit(api)
        parts.port  # noqa: B018 - the property raises where the port is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(parts.hostname or ""):
        raise SettingsError(
            f"{key} is {shown(api)!r}, which is neither `local`, `sandbox` or `live` nor a https URL",
            fix=f"Set it with `pulumi config set {path} sandbox` (or `live`, or `local`).",
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise SettingsError(
            f"{key} is http://{parts.hostname}: credentials would travel unencrypted",
            fix=f"Set {key} to the https URL; plain http is for loopback only.",
        )
    if parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(
            f"{key} has more than scheme, host and port ({parts.scheme}://{parts.hostname}…)",
            fix=f"Set it to {parts.scheme}://{parts.netloc.rpartition('@')[2]}.",
        )
    return f"{parts.scheme}://{parts.netloc}"


def shown(value: str) -> str:
    """A setting as messages show it: of a URL scheme and host only, for the rest may be a secret."""
    scheme, separator, rest = value.rstrip("/").partition("://") if "://" in value else ("", "", value)
    host = "" if "@" in rest else re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}{separator}{host}" + ("" if host == rest else "…")


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
