"""One stack and the Upvest account that it lives on."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from upvest_provider.api import UpvestClient, Webhook
from upvest_provider.settings import Settings
from upvest_provider.testing import Outcome, PulumiCli, Rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upvest_provider.local import LocalUpvest

PREAMBLE = """
import signal
import pulumi
from upvest_provider import UpvestWebhook
signal.signal(signal.SIGINT, signal.SIG_DFL)
"""


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

    def stack_of(self, upvest: LocalUpvest, **config: str) -> Rehearsal | PulumiCli:
        """The same stack with the credentials of an account."""
        environment = {"UPVEST_LOCAL_STATE": str(Path(upvest.credentials.private_key_file).parent)}
        settings = {"upvest:api": "local"} | {key.replace("__", ":"): value for key, value in config.items()}
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
        state = str(Path(self.upvest.credentials.private_key_file).parent)
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


def steps(outcome: Outcome) -> list[tuple[Any, ...]]:
    """Kind and name of each step, and the inputs that changed where any did."""
    assert outcome.error is None, outcome.error
    return [(step.kind, step.name, *([step.changed] if step.changed else [])) for step in outcome.steps]
