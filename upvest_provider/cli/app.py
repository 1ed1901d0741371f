"""All commands, and how each is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from . import PROGRAM
from .delivery import send_test
from .doctor import doctor
from .import_ import import_webhooks
from .keys import keys
from .list_ import list_webhooks
from .local import local
from .local_event import local_event
from .local_fault import local_fault
from .probe import probe
from .review import review
from .show import show

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    help="Upvest webhook subscriptions.",
    epilog="Exit codes: 0 done, 1 failed (stderr says why), 2 called wrongly.",
    rich_markup_mode=None,  # help is plain text, the same on every terminal and in a pipe
    pretty_exceptions_enable=False,
)
app.command("probe")(probe)
app.command("doctor")(doctor)
app.command("list")(list_webhooks)
app.command("show")(show)
app.command("import")(import_webhooks)
app.command("review")(review)
app.command("test")(send_test)
app.command("keys")(keys)
app.command("local")(local)
app.command("local-event")(local_event)
app.command("local-fault")(local_fault)


def run(argv: Sequence[str] | None) -> None:
    """Run the command that the arguments name, and exit."""
    typer.main.get_command(app)(argv, prog_name=PROGRAM)
