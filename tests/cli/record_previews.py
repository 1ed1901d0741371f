"""Records previews of the Pulumi CLI: `python -m tests.cli.record_previews`, with `pulumi` on PATH.

Each scenario becomes `previews/NAME.json`, the document that `pulumi preview --json` writes, and
`previews/NAME.jsonl`, the events that it writes with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true. One on a policy pack
needs `make policy/.venv/installed`. Paths, ports, and what differs in each run of the same are replaced.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.lifecycle.life import Life, life_on
from upvest_provider.local import ControlClient, LocalUpvest
from upvest_provider.testing import PulumiCli

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "previews"
HOST = "hooks.tenant.tld"
PACK = ("--policy-pack", f"{PROJECT}/policy", "--policy-pack-config", f"{PROJECT}/policy/config.json")
FORMS = {".json": "false", ".jsonl": "true"}

GATE = """
from upvest_provider import EndpointReadiness

ready = EndpointReadiness(
    "ready", url="https://{host}:{port}", resolvers=["{resolver}"], ca_file="{ca_file}",
    allow_private=True, triggers=["{trigger}"], interval="1s", passes=1, timeout="10s",
)
gated = UpvestWebhook("gated", title="Gated", url=ready.url_at("/hidden-gated"), type=["REPORT"], gate=ready)
"""

USERS = """
users = UpvestWebhook("users", title="Users", url="https://tenant.tld/hidden-users", type=["USER", "USER_CHECK"])
"""

ORDERS = """
orders = UpvestWebhook(
    "orders", title="Orders", url="https://tenant.tld/hidden-orders", type=["ORDER"],
    config={"delay": "2s", "max_package_size": 51200},
)
"""

OTHERS = """
audit = UpvestWebhook("audit", title="Audit", url="https://tenant.tld/hidden-audit", type=["ALL"],
    exclude_type=["POSITION"])
tax = UpvestWebhook("tax", title="Tax", url="https://tenant.tld/hidden-tax", type=["TAX_COLLECTION"], enabled=False)
token = UpvestWebhook("token", title="Token", url=pulumi.Output.secret("https://tenant.tld/hidden-token"),
    type=["ROLE"])
kept = UpvestWebhook("kept", title="Kept", url="https://tenant.tld/hidden-kept", type=["TOPUP"],
    opts=pulumi.ResourceOptions(protect=True))
"""

CHANGED = """
users = UpvestWebhook("users", title="Users", url="https://new.tenant.tld/hidden-users", type=["USER", "USER_CHECK"])
orders = UpvestWebhook(
    "orders", title="Orders", url="https://tenant.tld/hidden-orders", type=["EXECUTION"],
    config={"delay": "5s", "max_package_size": 102400},
)
audit = UpvestWebhook("audit", title="Audit", url="https://tenant.tld/hidden-audit", type=["ALL"],
    exclude_type=["ORDER"], enabled=False)
tax = UpvestWebhook("tax", title="Tax | `2`", url="https://tenant.tld/hidden-tax", type=["TAX_COLLECTION"])
token = UpvestWebhook("token", title="Token", url=pulumi.Output.secret("https://tenant.tld/hidden-token-2"),
    type=["ROLE"])
kept = UpvestWebhook("kept", title="Kept", url="https://tenant.tld/hidden-kept", type=["TOPUP"])
"""

RENAMED = """
pulumi.warn("the webhook audit goes")
customers = UpvestWebhook("customers", title="Customers", url="https://tenant.tld/hidden-users",
    type=["USER", "USER_CHECK"], opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="users")]))
tax = UpvestWebhook("tax", title="Tax", url="https://tenant.tld/hidden-tax", type=["TAX_COLLECTION"], enabled=False)
token = UpvestWebhook("token", title="Token", url=pulumi.Output.secret("https://tenant.tld/hidden-token"),
    type=["ROLE"])
kept = UpvestWebhook("kept", title="Kept", url="https://tenant.tld/hidden-kept", type=["TOPUP"],
    opts=pulumi.ResourceOptions(protect=True))
"""

UNKNOWN = """
first = UpvestWebhook("first", title="First", url="https://tenant.tld/hidden-first", type=["WITHDRAWAL"])
users = UpvestWebhook("users", title="Users", url=first.id.apply(lambda id_: f"https://{id_}.tenant.tld/hidden"),
    type=["USER", "USER_CHECK"])
"""

FAULTY = """
users = UpvestWebhook("users", title="Users", url="http://tenant.tld/hidden-users", type=["USER"])
"""


class Scenario(NamedTuple):
    """A preview: of which program, and on an empty stack or on one that holds everything."""

    program: str
    is_new: bool = False
    options: tuple[str, ...] = ()
    stack: str = "dev"
    trigger: str = "1"


EVERYTHING = GATE + USERS + ORDERS + OTHERS

SCENARIOS = {
    "create": Scenario(GATE + USERS, is_new=True),
    "same": Scenario(EVERYTHING),
    "update": Scenario(GATE + CHANGED),
    "renamed": Scenario(GATE + ORDERS + RENAMED, options=("--replace", "urn:**::orders")),
    "trigger": Scenario(EVERYTHING, trigger="2"),
    "unknown": Scenario(GATE + UNKNOWN + ORDERS + OTHERS),
    "faulty": Scenario(FAULTY, is_new=True),
    "policy": Scenario(USERS + OTHERS, is_new=True, options=PACK, stack="prod"),
}


def main() -> int:
    """Writes all recordings anew."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, LocalUpvest(Path(folder) / "upvest") as upvest:
        life = life_on("cli", Path(folder), upvest)
        _open_gate(upvest)
        _declare(life, Scenario(EVERYTHING))
        outcome = life.stack.up()
        if outcome.error:
            raise RuntimeError(outcome.error)
        for name, scenario in SCENARIOS.items():
            _declare(life, scenario)
            for ending, streaming in FORMS.items():
                (FOLDER / f"{name}{ending}").write_text(_preview(life, scenario, name, streaming))
        _drift(life)
        drifted = Scenario(EVERYTHING, options=("--refresh",))
        _declare(life, drifted)
        for ending, streaming in FORMS.items():
            (FOLDER / f"drift{ending}").write_text(_preview(life, drifted, "drift", streaming))
    return 0


def _drift(life: Life) -> None:
    """Change two webhooks behind the program's back: `users` is disabled, `tax` deleted."""
    with life.client() as client:
        for webhook in life.webhooks():
            if webhook.title == "Users":
                client.update_webhook(webhook.id, {"type": webhook.type, "enabled": False})
            if webhook.title == "Tax":
                client.delete_webhook(webhook.id)


def _open_gate(upvest: LocalUpvest) -> None:
    control = ControlClient(Path(upvest.surroundings.ca_file).parent)
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    control.put("listeners", HOST)
    control.put("certificates", HOST)


def _declare(life: Life, scenario: Scenario) -> None:
    upvest = life.upvest
    values = {
        "host": HOST,
        "port": str(upvest.world.receiver.port),
        "resolver": upvest.surroundings.resolver,
        "ca_file": str(upvest.surroundings.ca_file),
        "trigger": scenario.trigger,
    }
    life.declare(re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), scenario.program))


def _preview(life: Life, scenario: Scenario, name: str, streaming: str) -> str:
    """What the CLI writes to stdout, scrubbed."""
    os.environ["PULUMI_ENABLE_STREAMING_JSON_PREVIEW"] = streaming
    environment = {"UPVEST_LOCAL_STATE": str(life.upvest.state)}
    backend = life.folder / name if scenario.is_new else life.folder / "backend"
    stack = PulumiCli(
        life.folder / "project",
        stack=scenario.stack,
        backend=backend,
        config={"upvest:api": "local"},
        environment=environment,
    )
    run = stack.run("preview", "--json", "--stack", scenario.stack, *scenario.options)
    if not run.stdout:
        raise RuntimeError(run.stderr)
    return _scrubbed(run.stdout, life)


def _scrubbed(text: str, life: Life) -> str:
    """The same on every machine, but for ids and times."""
    replaced = {
        life.upvest.surroundings.resolver: "127.0.0.1:5353",
        f":{life.upvest.world.receiver.port}": ":8443",
        str(life.folder.parent): "/project",
        str(PROJECT): "/checkout",
    }
    for found, instead in replaced.items():
        text = text.replace(found, instead)
    if "\n{" in text:
        return "".join(f"{json.dumps(_without_places(json.loads(line)))}\n" for line in text.splitlines())
    return json.dumps(_without_places(json.loads(text)), indent=4) + "\n"


def _without_places(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same without the places in the program, which are paths of this machine, and the pickles."""
    if isinstance(value, list):
        return [_without_places(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: "(a pickle)" if key == "__provider" else _without_places(item)
        for key, item in value.items()
        if key not in {"sourcePosition", "stackTrace"}
    }


if __name__ == "__main__":
    sys.exit(main())
