"""Upvest's webhook API on loopback: real tokens, real signatures, the documented errors, kept in SQLite.

It is made from the public documentation only. Where that is silent, the choice made here is marked as
`Undocumented` beside the code.
"""

from __future__ import annotations

from .credentials import Credentials
from .request_log import LoggedRequest, requests
from .server import LocalUpvest, serve

__all__ = ["Credentials", "LocalUpvest", "LoggedRequest", "requests", "serve"]
