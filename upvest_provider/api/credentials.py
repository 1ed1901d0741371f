"""What a client needs to speak for one Upvest account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .keys import SigningKey


@dataclass(frozen=True, slots=True)
class Credentials:
    """One client of one Upvest environment; secrets do not show in its `repr`."""

    base_url: str
    """Scheme, host and port, no path."""
    client_id: str
    client_secret: str = field(repr=False)
    key_id: str
    """The id under which Upvest knows the public half of `signing_key`."""
    signing_key: SigningKey = field(repr=False)
