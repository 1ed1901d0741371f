"""`make demo`: webhook subscriptions on the embedded Upvest API, alone and beside their receiver."""

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

from upvest_provider.api import UpvestClient
from upvest_provider.local import ControlClient, received_events
from upvest_provider.settings import Settings
from upvest_provider.testing.process import forking

from .act import Act, Unexpected, console, heading, introduce, show_requests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

PROJECT = Path(__file__).resolve().parent.parent
INSTALLED_CLI = PROJECT / ".pulumi-cli" / "bin"

DELIVERY_SECONDS = 10.0
"""How long an event may take: it is gathered for a second."""


def main() -> None:
    """Show both acts in a folder of their own, and leave nothing behind."""
    signal.signal(signal.SIGTERM, _interrupt)
    os.environ["PATH"] = os.pathsep.join(_path(rehearsal="--rehearsal" in sys.argv[1:]))
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="upvest-demo-") as name:
            folder = Path(name)
            with forking(), _local_api(folder / "upvest") as address:
                console.print(f"[dim]The embedded Upvest API answers at {address}. {_engine()}[/]")
                _subscriptions(folder)
                _receiver(folder)
    except KeyboardInterrupt:
        sys.exit("interrupted; nothing is left behind")
    except Unexpected as error:
        sys.exit(f"the demo went wrong: {error}")
    console.print(f"\n[bold green]Done[/] in {time.monotonic() - started:.1f} s; nothing is left behind.")


def _path(*, rehearsal: bool) -> list[str]:
    """Where programs are looked for; for a rehearsal without the places that have a `pulumi`."""
    places = [str(INSTALLED_CLI), *os.environ["PATH"].split(os.pathsep)]
    return [place for place in places if not (rehearsal and (Path(place) / "pulumi").exists())]


def _subscriptions(folder: Path) -> None:
    """The life of two webhooks."""
    introduce(
        "1 of 2: two subscriptions",
        "`users` sends USER events to https://tenant.tld/webhooks/users, `orders` sends ORDER and EXECUTION\n"
        "events to https://tenant.tld/webhooks/orders. Below each step: what Pulumi does (+ create, ~ update,\n"
        "- delete, ? look again, = leave as it is), and each request that reaches Upvest's API.",
    )
    shutil.copytree(PROJECT / "demo" / "subscriptions", folder / "subscriptions")
    upvest = folder / "upvest"
    act = Act(folder / "subscriptions", folder / "first", upvest)
    both = ("orders", "users")
    act.step(
        "preview",
        "What would be done. A preview is offline: it needs no credentials and sends nothing.",
        act.stack.preview,
        does=dict.fromkeys(both, "create"),
    )
    act.step(
        "up",
        "Each webhook is made under a title that marks it as unfinished, then named and enabled in one go.\n"
        "The list shows whether an earlier run left something, or another webhook already does the job.",
        act.stack.up,
        does=dict.fromkeys(both, "create"),
        sends=6,
    )
    act.step(
        "up again, nothing changed",
        "The state knows what Upvest holds, so there is nothing to ask.",
        act.stack.up,
        does=dict.fromkeys(both, "same"),
    )
    heading("somebody changes a webhook by hand", "As with curl: the user webhook is disabled and renamed.")
    _change_by_hand(upvest)
    show_requests(act.new_requests())
    act.step(
        "refresh",
        "Finds what was changed behind the program's back, with one list for all webhooks.",
        act.stack.refresh,
        does=dict.fromkeys(both, "refresh"),
        sends=2,
    )
    act.step(
        "up, which repairs it",
        "One PATCH, with what differs and nothing else. Before a webhook is enabled again, the list shows that\n"
        "nothing else delivers the same by now.",
        act.stack.up,
        does={"orders": "same", "users": "update"},
        sends=3,
    )
    act.stack.set_config("userEventDelay", "45s")
    act.step(
        "preview of a bad value",
        "userEventDelay is 45s now, and Upvest allows 30s: refused before anything is sent.",
        act.stack.preview,
        refused="must have a `delay`",
    )
    act.stack.set_config("userEventDelay", "2s")
    act.step(
        "destroy",
        "Each webhook is deleted; one that is already gone counts as deleted.",
        act.stack.destroy,
        does=dict.fromkeys(both, "delete"),
        sends=3,
    )


def _receiver(folder: Path) -> None:
    """The same beside the receiver's DNS and TLS, which take effect after a while, as in life."""
    introduce(
        "2 of 2: the same beside their receiver",
        "The program makes the receiver's DNS name, certificate and listener, too; a gate holds the webhooks\n"
        "back until these work.",
    )
    program = folder / "program"
    program.mkdir()
    for part in ("Pulumi.yaml", "__main__.py", "stacks", "receiver"):
        source = PROJECT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, program / part)
    upvest = folder / "upvest"
    config = {"dnsDelay": "1", "certificateDelay": "3", "gateInterval": "1s"}
    act = Act(program, folder / "second", upvest, config)
    all_three = ("orders", "receiver-ready", "users")
    act.step(
        "up with the receiver: record, certificate, listener, gate, webhooks",
        "The gate asks the zone's name servers, then resolvers, then meets the receiver over TLS. When it opens,\n"
        "Upvest sends a test delivery to each webhook, still disabled; only then each is enabled.",
        act.stack.up,
        does=dict.fromkeys(all_three, "create"),
        sends=8,
    )
    heading(
        "an order is made at Upvest", "Signed by Upvest, delivered over TLS; the receiver checks the signature."
    )
    _order(upvest)
    for key, value in (("certificateLifetime", "-1"), ("certificateDelay", "0"), ("gateTimeout", "1s")):
        act.stack.set_config(key, value)
    act.step(
        "up with a certificate that has expired",
        "A new certificate runs the gate again. It stays shut, so the webhooks are left as they are: enabled.",
        act.stack.up,
        refused="certificate expired",
    )
    with UpvestClient(_settings(upvest).credentials()) as client:
        if not all(webhook.enabled for webhook in client.list_webhooks()):
            raise Unexpected("a webhook was disabled")
    act.new_requests()
    act.step(
        "destroy",
        "Webhooks first, then the gate, then the receiver.",
        act.stack.destroy,
        does=dict.fromkeys(all_three, "delete"),
        sends=3,
    )


def _change_by_hand(upvest: Path) -> None:
    with UpvestClient(_settings(upvest).credentials()) as client:
        webhook = next(webhook for webhook in client.list_webhooks() if webhook.title == "User webhook")
        client.update_webhook(webhook.id, {"title": "paused by hand", "enabled": False, "type": webhook.type})


def _order(upvest: Path) -> None:
    known = len(received_events(upvest))
    ControlClient(upvest).make_events("ORDER", kind="ORDER.NEW")
    deadline = time.monotonic() + DELIVERY_SECONDS
    while len(events := received_events(upvest)) == known:
        if time.monotonic() > deadline:
            raise Unexpected("no event was delivered")
        time.sleep(0.05)
    event = events[-1]
    console.print(
        f"  [green]✓[/] {event.type} [dim]{event.event_id}[/] came to {event.host}, signature and digest right"
    )


def _engine() -> str:
    if shutil.which("pulumi"):
        return "Pulumi's own engine runs the programs."
    return (
        "There is no `pulumi` on PATH, so this is a rehearsal:\nthe real programs, SDK and provider process, and "
        "a small loop in place of Pulumi's engine. `make pulumi` gets the real one."
    )


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


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
