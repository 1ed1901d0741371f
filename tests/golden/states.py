"""States as released versions wrote them: recorded once, and brought to life again by every later version.

A recording is a folder `<version>/<engine>` with the program (`program.txt`), the state (`state.json`, in the
rehearsal's format or as `pulumi stack export` gives it) and the account's webhooks (`webhooks.json`). Its secrets
are encrypted with the test's own key, which lies beside a rehearsal's state or stands in `PulumiCli`.

`0.0.1` stands for the main branch of before 24 November 2026, whose states repeated each field twice.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from upvest_provider.local import ControlClient
from upvest_provider.testing import PulumiCli
from upvest_provider.testing.urn import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lifecycle.life import Life

FOLDER = Path(__file__).parent

HOST = "hooks.tenant.tld"

PROGRAM = """
from upvest_provider import EndpointReadiness

ready = EndpointReadiness(
    "ready",
    url="https://{host}:{port}",
    reachable_from="upvest",
    resolvers=["{resolver}"],
    allow_private=True,
    triggers=["1"],
    interval="1s",
    passes=1,
)
UpvestWebhook(
    "users",
    title="User webhook",
    url=pulumi.Output.secret("https://tenant.tld/a-secret-path"),
    type=["USER"],
    config={{"delay": "2s", "max_package_size": 51200}},
)
UpvestWebhook(
    "orders", title="Orders", url=ready.url_at("/orders"), type=["ORDER"], gate=ready, verify="require"
)
"""


def recordings(engine: str) -> list[Path]:
    """The recordings of an engine, oldest version first."""
    return sorted(
        FOLDER.glob(f"*/{engine}"), key=lambda folder: [int(part) for part in folder.parent.name.split(".")]
    )


def record(life: Life, folder: Path) -> None:
    """Write what today's version makes of the program."""
    control = ControlClient(Path(life.upvest.surroundings.ca_file).parent)
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    control.put("listeners", HOST)
    control.put("certificates", HOST)
    program = PROGRAM.format(
        host=HOST, port=life.upvest.world.receiver.port, resolver=life.upvest.surroundings.resolver
    )
    life.declare(program)
    outcome = life.stack.up()
    if outcome.error:
        raise RuntimeError(outcome.error)
    folder.mkdir(parents=True)
    (folder / "program.txt").write_text(program.lstrip())
    (folder / "webhooks.json").write_text(json.dumps(life.upvest.store.webhooks(), indent=2) + "\n")
    if isinstance(life.stack, PulumiCli):
        exported = json.loads(life.stack.run("stack", "export", "--stack", "dev").stdout)
        for resource in exported["deployment"]["resources"]:
            for where_in_the_program in ("sourcePosition", "stackTrace"):  # paths of this machine
                resource.pop(where_in_the_program, None)
        (folder / "state.json").write_text(json.dumps(exported, indent=2) + "\n")
    else:
        for name in ("state.json", "state.json.key"):
            shutil.copyfile(life.folder / name, folder / name)


def restore(life: Life, folder: Path, change: Callable[[str], str] = lambda state: state) -> None:
    """Give a fresh stack a recorded state, as if this account had been the recorded one.

    Args:
        life: The stack.
        folder: The recording.
        change: What to make of the state's text.
    """
    recorded = (folder / "state.json").read_text()
    (client_id,) = set(re.findall(r'"client_id": "([0-9a-f-]+)"', recorded))
    state = change(recorded.replace(client_id, life.upvest.credentials.client_id))
    file = life.folder / "state.json"
    file.write_text(state)
    if isinstance(life.stack, PulumiCli):
        imported = life.stack.run("stack", "import", "--stack", "dev", "--file", str(file))
        if imported.returncode:
            raise RuntimeError(imported.stderr)
    else:
        shutil.copyfile(folder / "state.json.key", life.folder / "state.json.key")
    for webhook in json.loads((folder / "webhooks.json").read_text()):
        life.upvest.store.save_webhook(webhook)
    life.declare((folder / "program.txt").read_text())


@dataclass(frozen=True)
class Shape:
    """What a state holds of a resource, without the values."""

    provider: str
    inputs: frozenset[str]
    outputs: frozenset[str]


def shapes(state: str) -> dict[str, Shape]:
    """The dynamic resources in a state, by name."""
    document = json.loads(state)
    kept = document.get("rehearsal") or document["deployment"]
    return {
        name_of(resource["urn"]): Shape(
            resource["inputs"]["__provider"], frozenset(resource["inputs"]), frozenset(resource["outputs"])
        )
        for resource in kept["resources"]
        if resource["type"].startswith("pulumi-python:")
    }
