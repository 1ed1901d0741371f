"""Webhooks that somebody made by hand come into the program; more of it in `tests/lifecycle/test_import_life.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lifecycle.life import API, Life, steps, users
from tests.runbooks.book import Runbook, on_cli

if TYPE_CHECKING:
    from upvest_provider.api import Webhook

TITLE = "Take over webhooks made by hand"
LIST = "upvest-webhooks list"
IMPORT = "upvest-webhooks import --stack prod"
TAKE = "pulumi import --file upvest-import.json --generate-code=false --yes"


def by_hand(life: Life, title: str, path: str) -> Webhook:
    with life.client() as client:
        made = client.create_webhook({"title": title, "url": f"https://tenant.tld/{path}", "type": ["USER"]})
        return client.update_webhook(made.id, {"type": ["USER"], "enabled": True})


def told(life: Life, command: str) -> str:
    """What the command line prints where the program lies; the stack's state comes as a file."""
    project, export = life.folder / "project", life.folder / "export.json"
    (project / "stacks").mkdir(exist_ok=True)
    (project / "stacks" / "Pulumi.dev.yaml").write_text(json.dumps({"config": API}))
    export.write_text(json.dumps(life.stack.export()))
    _, name, *options = command.replace("--stack prod", f"--state {export}").split()
    run = subprocess.run(
        [sys.executable, "-m", "upvest_provider", name, "--stack", "dev", *options],
        cwd=project,
        env={**os.environ, "UPVEST_LOCAL_STATE": str(Path(life.upvest.credentials.private_key_file).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    life.sent()
    return run.stdout


def test_one_by_its_id(life: Life) -> None:
    book, made = Runbook(TITLE, life), by_hand(life, "By hand", "webhooks/users")
    assert made.id in told(life, LIST)
    life.declare(users(adopt_id=f'"{made.id}"'))
    assert steps(book.preview()) == [("create", "users")]
    assert steps(book.up()) == [("create", "users")]
    assert "POST" not in life.sent()
    assert (life.webhook().id, life.webhook().title) == (made.id, "User webhook")
    life.declare(users())
    assert life.stack.up().ok
    assert life.sent() == []


@on_cli
def test_many_by_a_file(life: Life) -> None:
    book = Runbook(TITLE, life)
    made = [by_hand(life, "First", "a"), by_hand(life, "Second", "b")]
    life.declare(told(life, IMPORT))
    # The CLI works in a copy of the project's settings.
    file = life.folder / "project" / "upvest-import.json"
    file.rename(life.folder / "backend" / "workspace" / file.name)
    book.run(TAKE)
    assert steps(book.preview()) == [("same", "first"), ("same", "second")]
    assert steps(book.up()) == [("same", "first"), ("same", "second")]
    assert life.sent() == []
    assert life.webhooks() == made
