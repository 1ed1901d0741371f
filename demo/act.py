"""A stack of the demo: its steps are run, shown and checked."""

from __future__ import annotations

import re
import shutil
import textwrap
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from upvest_provider.local import LoggedRequest, requests
from upvest_provider.testing import Outcome, PulumiCli, Rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MARKS = {"create": "[green]+", "update": "[yellow]~", "delete": "[red]-", "refresh": "[cyan]?", "same": "[dim]="}

WIDTH = 108
"""Characters of a line of what a gate says."""

console = Console(highlight=False, soft_wrap=True)


class Unexpected(Exception):
    """A step did not do what the demo says it does."""


class Act:
    """One stack, on the real engine where there is one.

    Args:
        project: The directory with `Pulumi.yaml`.
        folder: An empty one, for the stack's state.
        upvest: What the embedded API keeps.
        config: Configuration above the stack's file.

    Attributes:
        stack: The stack itself.
    """

    def __init__(self, project: Path, folder: Path, upvest: Path, config: Mapping[str, str] | None = None) -> None:
        folder.mkdir()
        self._upvest = upvest
        self._seen = 0
        self.new_requests()
        environment = {"UPVEST_LOCAL_STATE": str(upvest)}
        self.stack: PulumiCli | Rehearsal
        if shutil.which("pulumi"):
            self.stack = PulumiCli(project, stack="dev", backend=folder, config=config, environment=environment)
        else:
            state = folder / "state.json"
            self.stack = Rehearsal(project, stack="dev", state=state, config=config, environment=environment)

    def step(
        self,
        title: str,
        why: str,
        operation: Callable[[], Outcome],
        *,
        does: Mapping[str, str] | None = None,
        sends: int = 0,
        refused: str = "",
    ) -> None:
        """Run a step, show it, and stop the demo where it did something else than is said of it.

        Args:
            title: What is done.
            why: What to see in it.
            operation: Does it.
            does: The kind of step for each webhook and gate, by name; left out where the step is refused, for how
                far an engine comes before is its own affair.
            sends: How many requests reach the API.
            refused: What the error must say; empty where there must be none.
        """
        heading(title, why)
        started = time.monotonic()
        outcome = operation()
        seconds = time.monotonic() - started
        sent = self.new_requests()
        _show(outcome, seconds)
        show_requests(sent)
        done = {step.name: step.kind for step in outcome.steps if "upvest:" in step.type}
        if bool(outcome.error) != bool(refused) or refused not in (outcome.error or ""):
            raise Unexpected(f"{title} said {outcome.error!r}")
        if does is not None and done != does:
            raise Unexpected(f"{title} did {done}, not {does}")
        if len(sent) != sends:
            raise Unexpected(f"{title} sent {len(sent)} requests, not {sends}")

    def new_requests(self) -> list[LoggedRequest]:
        """What reached the API since it was last asked, the world's own controls left out."""
        new = requests(self._upvest, after=self._seen)
        self._seen = new[-1].number if new else self._seen
        return [request for request in new if not request.path.startswith("/_local")]


def heading(title: str, why: str) -> None:
    """Say what comes."""
    console.print(f"\n[bold]▸ {title}[/]\n  [dim]{escape(why).replace(chr(10), chr(10) + '  ')}[/]")


def introduce(title: str, what: str) -> None:
    """Say what the next steps are about."""
    console.print(f"\n[bold cyan]{title}[/]\n{escape(what)}")


def show_requests(sent: list[LoggedRequest]) -> None:
    """Say what reached the API."""
    console.print(f"  [bold]{len(sent)} requests[/] to Upvest")
    if not sent:
        return
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 2))
    for request in sent:
        table.add_row(f"[blue]{request.method}[/]", _short(request.path), str(request.status), _meaning(request))
    console.print(table)


def _show(outcome: Outcome, seconds: float) -> None:
    for step in outcome.steps:
        changed = f"  [dim]{', '.join(step.changed)}[/]" if step.changed else ""
        kind = step.type.rpartition(":")[2]
        console.print(f"  {MARKS.get(step.kind, '?')} {step.kind:8}[/] {step.name} [dim]({kind})[/]{changed}")
    for message in outcome.messages:
        if "gate" in message:
            for line in textwrap.wrap(message.removeprefix("upvest: "), WIDTH):
                console.print(f"  [magenta]│[/] {escape(line)}")
    if outcome.error:
        console.print(f"  [red]refused:[/] {escape(_last_words(outcome.error))}")
    console.print(f"  [dim]{seconds:.1f} s[/]")


def _meaning(request: LoggedRequest) -> str:
    """In words, or what the request sets."""
    body = request.body or {}
    told = [f"{name}={body[name]}" for name in ("title", "enabled") if name in body]
    words = {
        ("POST", "token"): "log in",
        ("GET", "webhooks"): "list all",
        ("POST", "test"): "send a test delivery",
    }
    said = words.get((request.method, request.path.rpartition("/")[2]), ", ".join(told))
    return f"[dim]{escape(said)}[/]"


def _short(path: str) -> str:
    """Ids by their first block: the rest tells a reader nothing."""
    return re.sub(r"([0-9a-f]{8})-[0-9a-f-]{27}", r"\1…", path)


def _last_words(error: str) -> str:
    """What the provider says, without the traceback before it."""
    lines = error.strip().splitlines()
    starts = [number for number, line in enumerate(lines) if "upvest_provider.errors." in line]
    said = [re.sub(r".*upvest_provider\.errors\.\w+: ", "", line) for line in lines[starts[-1] if starts else 0 :]]
    return "\n  ".join(line for line in said if line.strip())
