"""Secret, key and client id change one after the other, and no webhook does."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.lifecycle.life import USERS, Life, steps
from tests.runbooks.book import Runbook, on_cli
from upvest_provider.testing import PulumiCli

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from upvest_provider.local.store import Client

TITLE = "Rotate credentials"
SET_KEY = 'pulumi config set upvest:keyId "$NEW_KEY_ID"'
LIST_FORMER = 'pulumi config set --path "upvest:formerClientIds[0]" "$OLD_CLIENT_ID"'
SET_CLIENT = 'pulumi config set upvest:clientId "$NEW_CLIENT_ID"'


@dataclass
class Rotation:
    """What Upvest knows of the client, and what the runner's environment holds."""

    life: Life
    folder: Path
    shell: pytest.MonkeyPatch
    client: Client

    def another_secret(self) -> None:
        self._become(replace(self.client, client_secret="another"))
        self.shell.setenv("UPVEST_CLIENT_SECRET", "another")
        self._new_shell()

    def another_key(self) -> None:
        """Upvest forgets the old one at once, which it need not."""
        key, file = ec.generate_private_key(ec.SECP521R1()), self.folder / "another.pem"
        file.touch(mode=0o600)
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self._become(replace(self.client, key_id=str(uuid.uuid4()), public_key=public))
        self.shell.setenv("UPVEST_PRIVATE_KEY_FILE", str(file))
        self.shell.delenv("UPVEST_PRIVATE_KEY_PASSPHRASE")
        self._new_shell()

    def another_client_id(self) -> None:
        """A key is of one client, so the old client keeps none."""
        old = self.client
        self._become(replace(old, client_id=str(uuid.uuid4())))
        gone = replace(old, client_secret=str(uuid.uuid4()), key_id=str(uuid.uuid4()))
        self.life.upvest.store.add_client(gone)

    def _become(self, client: Client) -> None:
        self.life.upvest.store.add_client(client)
        self.life.upvest.store.revoke_tokens()
        self.client = client

    def _new_shell(self) -> None:
        """The CLI's driver keeps the environment that it was made in."""
        if isinstance(self.life.stack, PulumiCli):
            file = self.life.folder / "backend" / "workspace" / "Pulumi.dev.yaml"
            self.life.stack = self.life.stack_of(self.life.upvest, **yaml.safe_load(file.read_text())["config"])


@pytest.fixture
def rotation(life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rotation:
    """The stack speaks as to any API, with ids in its file and secrets in the environment."""
    given = life.upvest.credentials
    monkeypatch.setenv("UPVEST_CLIENT_SECRET", given.client_secret)
    monkeypatch.setenv("UPVEST_PRIVATE_KEY_FILE", given.private_key_file)
    monkeypatch.setenv("UPVEST_PRIVATE_KEY_PASSPHRASE", given.private_key_passphrase)
    life.stack = life.stack_of(
        life.upvest, upvest__api=life.upvest.url, upvest__clientId=given.client_id, upvest__keyId=given.key_id
    )
    life.declare(USERS)
    assert life.stack.up().ok
    life.sent()
    client = life.upvest.store.client(given.client_id)
    assert client
    return Rotation(life, tmp_path, monkeypatch, client)


def test_all_three_one_after_the_other(life: Life, rotation: Rotation) -> None:
    book, live = Runbook(TITLE, life), life.webhook()
    rotation.another_secret()
    assert book.nightly_check_is_quiet()
    assert life.sent() == ["token", "GET"]

    rotation.another_key()
    book.configure(SET_KEY, NEW_KEY_ID=rotation.client.key_id)
    assert steps(book.up()) == [("same", "users")]
    assert life.sent() == []
    assert steps(book.refresh()) == [("refresh", "users")]

    former = rotation.client.client_id
    rotation.another_client_id()
    book.configure(LIST_FORMER, OLD_CLIENT_ID=former)
    book.configure(SET_CLIENT, NEW_CLIENT_ID=rotation.client.client_id)
    life.sent()
    assert steps(book.up()) == [("same", "users")]
    assert life.sent() == []
    assert steps(book.refresh()) == [("refresh", "users")]
    assert life.sent() == ["token", "GET"]

    life.stack.set_config("upvest:formerClientIds", json.dumps([]))
    assert steps(life.stack.up()) == [("same", "users")]
    assert book.nightly_check_is_quiet()
    assert life.webhook() == live


@on_cli
def test_a_new_client_id_without_the_former_one_stops_everything(life: Life, rotation: Rotation) -> None:
    book, live = Runbook(TITLE, life), life.webhook()
    rotation.another_client_id()
    book.configure(SET_CLIENT, NEW_CLIENT_ID=rotation.client.client_id)
    for outcome in (life.stack.preview(), book.up(), life.stack.up(refresh=True)):
        assert outcome.error is not None
    assert life.webhook() == live


def test_a_refresh_before_the_up_speaks_with_the_old_keys_id_and_changes_nothing(
    life: Life, rotation: Rotation
) -> None:
    book, live = Runbook(TITLE, life), life.webhook()
    rotation.another_key()
    book.configure(SET_KEY, NEW_KEY_ID=rotation.client.key_id)
    assert "no key is registered under keyid" in (life.stack.up(refresh=True).error or "")
    assert "no key is registered under keyid" in (life.stack.preview(refresh=True).error or "")
    assert steps(book.up()) == [("same", "users")]
    assert life.webhook() == live


@on_cli
@pytest.mark.parametrize("command", ["preview", "up --yes --skip-preview"])
def test_a_refresh_that_runs_the_program_speaks_with_the_new_one(
    life: Life, rotation: Rotation, command: str
) -> None:
    rotation.another_key()
    Runbook(TITLE, life).configure(SET_KEY, NEW_KEY_ID=rotation.client.key_id)
    run = refreshing(life, command)
    assert run.returncode == 0, run.stderr
    assert life.sent() == ["token", "GET"]


def refreshing(life: Life, command: str) -> CompletedProcess[str]:
    assert isinstance(life.stack, PulumiCli)
    return life.stack.run(*command.split(), "--refresh", "--run-program", "--expect-no-changes")
