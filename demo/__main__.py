"""`make demo`: the life of two webhook subscriptions on the embedded Upvest API."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from upvest_provider.api import UpvestClient
from upvest_provider.local import LoggedRequest, requests
from upvest_provider.settings import Settings
from upvest_provider.testing import Outcome, PulumiCli, Rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

PROJECT = Path(__file__).resolve().parent.parent
PROGRAM = ("Pulumi.yaml", "__main__.py", "stacks")
INSTALLED_CLI = PROJECT / ".pulumi-cli" / "bin"
MARKS = {"create": "[green]+", "update": "[yellow]~", "delete": "[red]-", "refresh": "[cyan]?", "same": "[dim]="}

console = Console(highlight=False, soft_wrap=True)


class Unexpected(Exception):
    """A step did not do what the demo says it does."""


def main() -> None:
    """Show the steps in a folder of their own, and leave nothing behind."""
    signal.signal(signal.SIGTERM, _interrupt)
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="upvest-demo-") as name:
            folder = Path(name)
            with _local_api(folder / "upvest") as address:
                console.print(f"[dim]The embedded Upvest API answers at {address}.[/]")
                Demo(folder).run()
    except KeyboardInterrupt:
        sys.exit("interrupted; nothing is left behind")
    except Unexpected as error:
        sys.exit(f"the demo went wrong: {error}")
    console.print(f"\n[bold green]Done[/] in {time.monotonic() - started:.1f} s; nothing is left behind.")


class Demo:
    """The steps, on one stack.

    Args:
        folder: For the program, its state, and what the embedded API keeps (in `upvest/`).
    """

    def __init__(self, folder: Path) -> None:
        self._upvest = folder / "upvest"
        self._seen = 0
        project = folder / "program"
        project.mkdir()
        for part in PROGRAM:
            source = PROJECT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, project / part)
        self._stack = _stack(project, folder, {"UPVEST_LOCAL_STATE": str(self._upvest)})

    def run(self) -> None:
        """All steps, each checked: a demo that shows something else than it says is no demo."""
        self._step(
            "preview",
            "What would be done. A preview is offline: it needs no credentials and sends nothing.",
            self._stack.preview,
            kinds=("create", "create"),
        )
        self._step(
            "up",
            "Each webhook is made under a title that marks it as unfinished, then named and enabled in one go.\n"
            "The list shows whether an earlier run left something, or another webhook already does the job.",
            self._stack.up,
            kinds=("create", "create"),
            count=6,
        )
        self._step(
            "up again, nothing changed",
            "The state knows what Upvest holds, so there is nothing to ask.",
            self._stack.up,
            kinds=("same", "same"),
        )
        self._change_by_hand()
        self._step(
            "refresh",
            "Finds what was changed behind the program's back, with one list for all webhooks.",
            self._stack.refresh,
            kinds=("refresh", "refresh"),
            count=2,
        )
        self._step(
            "up, which repairs it",
            "One request, with what differs and nothing else.",
            self._stack.up,
            kinds=("same", "update"),
            count=2,
        )
        self._stack.set_config("userEventDelay", "45s")
        self._step(
            "preview of a bad value",
            "userEventDelay is 45s now, and Upvest allows 30s: refused before anything is sent.",
            self._stack.preview,
            kinds=(),
            refused="must have a `delay`",
        )
        self._stack.set_config("userEventDelay", "2s")
        self._step(
            "destroy",
            "Each webhook is deleted; one that is already gone counts as deleted.",
            self._stack.destroy,
            kinds=("delete", "delete"),
            count=3,
        )

    def _step(
        self,
        title: str,
        why: str,
        operation: Callable[[], Outcome],
        *,
        kinds: tuple[str, ...],
        count: int = 0,
        refused: str = "",
    ) -> None:
        _heading(title, why)
        started = time.monotonic()
        outcome = operation()
        seconds = time.monotonic() - started
        sent = self._requests()
        _show(outcome, sent, seconds)
        seen = tuple(step.kind for step in outcome.steps)
        if bool(outcome.error) != bool(refused) or refused not in (outcome.error or ""):
            raise Unexpected(f"{title} said {outcome.error!r}")
        if not refused and seen != kinds:
            raise Unexpected(f"{title} did {seen}, not {kinds}")
        if len(sent) != count:
            raise Unexpected(f"{title} sent {len(sent)} requests, not {count}")

    def _change_by_hand(self) -> None:
        _heading("somebody changes a webhook by hand", "As with curl: the user webhook is disabled and renamed.")
        with UpvestClient(_settings(self._upvest).credentials()) as client:
            webhook = next(webhook for webhook in client.list_webhooks() if webhook.title == "User webhook")
            client.update_webhook(webhook.id, {"title": "paused by hand", "enabled": False, "type": webhook.type})
        _show_requests(self._requests())

    def _requests(self) -> list[LoggedRequest]:
        """What reached the API since it was last asked."""
        new = requests(self._upvest, after=self._seen)
        self._seen = new[-1].number if new else self._seen
        return new


def _stack(project: Path, folder: Path, environment: dict[str, str]) -> Rehearsal | PulumiCli:
    """The real engine where there is one."""
    os.environ["PATH"] = f"{INSTALLED_CLI}{os.pathsep}{os.environ['PATH']}"
    if shutil.which("pulumi"):
        console.print("[dim]Pulumi's own engine runs the program.[/]")
        backend = folder / "backend"
        backend.mkdir()
        return PulumiCli(project, stack="dev", backend=backend, environment=environment)
    console.print(
        "[dim]There is no `pulumi` on PATH, so this is a rehearsal: the real program, SDK and provider process, "
        "and a small loop\nin place of Pulumi's engine. `make pulumi` gets the real one.[/]"
    )
    return Rehearsal(project, stack="dev", state=folder / "state.json", environment=environment)


def _settings(upvest: Path) -> Settings:
    return Settings({"upvest:api": "local"}.get, {"UPVEST_LOCAL_STATE": str(upvest)})


@contextmanager
def _local_api(state: Path) -> Iterator[str]:
    """The embedded API as a process of its own, as `make local` runs it."""
    command = [sys.executable, "-m", "upvest_provider", "local", "--state", str(state), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            ready = re.fullmatch(r"ready (http://\S+)\n", process.stdout.readline() if process.stdout else "")
            if not ready:
                raise Unexpected("the embedded API did not start")
            yield ready[1]
        finally:
            process.terminate()


def _heading(title: str, why: str) -> None:
    console.print(f"\n[bold]▸ {title}[/]\n  [dim]{escape(why).replace(chr(10), chr(10) + '  ')}[/]")


def _show(outcome: Outcome, sent: list[LoggedRequest], seconds: float) -> None:
    for step in outcome.steps:
        changed = f"  [dim]{', '.join(step.changed)}[/]" if step.changed else ""
        console.print(f"  {MARKS.get(step.kind, '?')} {step.kind:8}[/] {step.name}{changed}")
    if outcome.error:
        console.print(f"  [red]refused:[/] {escape(_last_words(outcome.error))}")
    _show_requests(sent)
    console.print(f"  [dim]{seconds:.1f} s[/]")


def _show_requests(sent: list[LoggedRequest]) -> None:
    if not sent:
        console.print("  [bold]0 requests[/]")
        return
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 2))
    for request in sent:
        table.add_row(f"[blue]{request.method}[/]", _short(request.path), str(request.status), _meaning(request))
    console.print(table)


def _meaning(request: LoggedRequest) -> str:
    body = request.body if isinstance(request.body, dict) else {}
    told = [f"{name}={body[name]}" for name in ("title", "enabled") if name in body]
    return f"[dim]{escape(', '.join(told))}[/]"


def _short(path: str) -> str:
    """Ids by their first block: the rest tells a reader nothing."""
    return re.sub(r"([0-9a-f]{8})-[0-9a-f-]{27}", r"\1…", path)


def _last_words(error: str) -> str:
    return "\n  ".join(line.strip() for line in error.strip().splitlines())


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
