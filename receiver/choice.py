"""The receiver of a stage, imported only because it was chosen."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .stage import Stage, StageError

if TYPE_CHECKING:
    import pulumi

    from .interface import Receiver


def receiver_of(stage: Stage, config: pulumi.Config) -> Receiver:
    """Declare the receiver of a stage: `declare` of the module that is named as it is.

    Args:
        stage: With `receiver` and `host`.
        config: The program's own configuration, with what that receiver needs.

    Raises:
        StageError: A package that it needs is not installed.
    """
    try:
        module = import_module(f".{stage.receiver}", __package__)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise StageError(
            f"receiver is {stage.receiver}, and the package {package} is not installed",
            fix=f"Install it with `.venv/bin/pip install -r requirements-{stage.receiver}.txt`.",
        ) from None
    receiver: Receiver = module.declare(stage, config)
    return receiver
