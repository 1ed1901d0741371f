"""A receiver that is managed elsewhere: nothing is made, and the gate proves what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pulumi

    from .interface import GateInputs
    from .stage import Stage


class ExistingReceiver:
    """A receiver on a host that others look after.

    Args:
        host: Its DNS name.
    """

    def __init__(self, *, host: str) -> None:
        self.url = f"https://{host}"
        self.gate: GateInputs = {}


def declare(stage: Stage, _config: pulumi.Config) -> ExistingReceiver:
    """The receiver of a stage."""
    return ExistingReceiver(host=stage.host)
