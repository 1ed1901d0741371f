"""Pulumi's resource options that cannot work with a dynamic resource, so they are refused and not ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pulumi


def refuse_without_effect(name: str, options: pulumi.ResourceOptions, fixes: dict[str, str]) -> None:
    """Refuse options that Pulumi takes and then does nothing about.

    Args:
        name: The resource's.
        options: As the program gives them.
        fixes: By option: what to do instead.

    Raises:
        ValueError: One is set.
    """
    for option, reason in _REASONS.items():
        if getattr(options, option):
            raise ValueError(f"{name}: {option} {reason}.\n{fixes[option]}")


_REASONS = {
    "custom_timeouts": "has no effect on dynamic resources",
    "replace_on_changes": "has no effect on dynamic resources, for they do not tell Pulumi what changed",
    "import_": "cannot work with dynamic resources: Pulumi tells them nothing but an id",
}
"""As seen on Pulumi's engine 3.260 (November 2026)."""
