"""One stack and the Upvest account that it lives on."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from upvest_provider.api import UpvestClient, Webhook
from upvest_provider.settings import Settings
from upvest_provider.testing import Outcome, PulumiCli, Rehearsal
from upvest_provider.testing.process import spawn

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from upvest_provider.local import LocalUpvest

API = {"upvest:api": "local"}

PREAMBLE = """
import signal
import pulumi
from upvest_provider import UpvestWebhook
signal.signal(signal.SIGINT, signal.SIG_DFL)
"""

USERS = """
users = UpvestWebhook(
    "users",
    title="User webhook",
    url="https://tenant.tld/webhooks/users",
    type=["USER"],
    config={"delay": "2s", "max_package_size": 51200},
)
"""

ORDERS = """
orders = UpvestWebhook("orders", title="Orders", url="https://tenant.tld/webhooks/orders", type=["ORDER"])
"""

CONFIG = '{"delay": "2s", "max_package_size": 51200}'


def life_on(engine: str, folder: Path, upvest: LocalUpvest) -> Life:
    """A stack in a folder of its own; skips the test where it is to be on a CLI that is not there."""
    if engine == "cli" and not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    (folder / "stack").mkdir()
    return Life(engine, folder / "stack", upvest)


class Life:
    """One stack, its program as text, and the Upvest account that it lives on."""

    def __init__(self, engine: str, folder: Path, upvest: LocalUpvest) -> None:
        self.upvest = upvest
        self.folder = folder
        self._engine = engine
        self._seen = 0
        self._project = folder / "project"
        self._project.mkdir()
        (self._project / "Pulumi.yaml").write_text("name: life\nruntime: python\nstackConfigDir: stacks\n")
        self.declare("")
        self.stack = self.stack_of(upvest)
        self.sent()

    def stack_of(self, upvest: LocalUpvest, **config: str) -> Rehearsal | PulumiCli:
        """The same stack with the credentials of an account."""
        environment = _environment(upvest)
        settings = API | {key.replace("__", ":"): value for key, value in config.items()}
        if self._engine == "cli":
            return PulumiCli(
                self._project,
                stack="dev",
                backend=self.folder / "backend",
                config=settings,
                environment=environment,
            )
        return Rehearsal(
            self._project,
            stack="dev",
            state=self.folder / "state.json",
            config=settings,
            environment=environment,
        )

    def begin(self, command: str, *options: str) -> subprocess.Popen[str]:
        """Start an operation in a process and a session of its own; whoever starts it ends it."""
        if isinstance(self.stack, PulumiCli):
            return self.stack.begin(command, "--yes", "--skip-preview", *options)
        arguments = [command, str(self._project), str(self.folder / "state.json"), json.dumps(API)]
        return spawn("tests.lifecycle.rehearse", arguments, None, _environment(self.upvest))

    def declare(self, program: str) -> None:
        """Replace the program."""
        (self._project / "__main__.py").write_text(PREAMBLE + program)

    def sent(self) -> list[str]:
        """The requests since it was last asked: methods, and the token and test deliveries by their names."""
        new = self.upvest.requests(after=self._seen)
        self._seen = new[-1].number if new else self._seen
        names = {"token": "token", "test": "test"}
        return [names.get(request.path.rpartition("/")[2], request.method) for request in new]

    @contextmanager
    def client(self) -> Iterator[UpvestClient]:
        """Somebody with curl and the same credentials; what is sent so does not count as sent."""
        state = str(self.upvest.state)
        settings = Settings({"upvest:api": "local"}.get, {"UPVEST_LOCAL_STATE": state})
        with UpvestClient(settings.credentials()) as client:
            yield client
        self.sent()

    def change_by_hand(self, **fields: object) -> None:
        """Set fields of the only webhook behind the program's back."""
        with self.client() as client:
            client.update_webhook(self.webhook().id, {"type": self.webhook().type, **fields})

    def delete_by_hand(self) -> None:
        """Delete the only webhook behind the program's back."""
        with self.client() as client:
            client.delete_webhook(self.webhook().id)

    def webhooks(self) -> list[Webhook]:
        """What the account holds, without a request."""
        return [Webhook.model_validate(document) for document in self.upvest.store.webhooks()]

    def webhook(self) -> Webhook:
        """The only one."""
        (webhook,) = self.webhooks()
        return webhook

    def age_webhooks(self) -> None:
        """Make all webhooks as old as those that a person meets."""
        for document in self.upvest.store.webhooks():
            self.upvest.store.save_webhook({**document, "created_at": "2026-01-01T00:00:00.00Z"})

    def written(self) -> str:
        """All that this stack has written to disk, the account's own files and the program left out."""
        files = [
            file
            for file in self.folder.rglob("*")
            if file.is_file() and not file.is_relative_to(self._project) and "upvest" not in file.parts
        ]
        return "\n".join(file.read_bytes().decode(errors="replace") for file in files)


def _environment(upvest: LocalUpvest) -> dict[str, str]:
    return {"UPVEST_LOCAL_STATE": str(upvest.state)}


def steps(outcome: Outcome) -> list[tuple[Any, ...]]:
    """Kind and name of each step, and the inputs that changed where any did."""
    assert outcome.error is None, outcome.error
    return [(step.kind, step.name, *([step.changed] if step.changed else [])) for step in outcome.steps]


def hook(name: str, **changes: str) -> str:
    """A webhook as source text, with other arguments than usual; an empty text leaves one out."""
    arguments = {
        "title": f'"Webhook {name}"',
        "url": f'"https://tenant.tld/webhooks/{name}"',
        "type": '["USER"]',
        **changes,
    }
    told = ", ".join(f"{argument}={value}" for argument, value in arguments.items() if value)
    return f'{name} = UpvestWebhook("{name}", {told})\n'


def users(**changes: str) -> str:
    """The user webhook, likewise."""
    return hook("users", **{"title": '"User webhook"', **changes})


def options(**given: str) -> str:
    """Resource options as source text."""
    return f"pulumi.ResourceOptions({', '.join(f'{name}={value}' for name, value in given.items())})"
