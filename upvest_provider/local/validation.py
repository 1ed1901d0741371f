"""What is wrong with members that somebody gave, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def wrong_members(error: ValidationError) -> str:
    """Each member that is wrong, and how."""
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
