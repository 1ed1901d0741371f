"""Commands that print lines and no tables: the terminal's width changes nothing of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

PREVIEW = Path(__file__).parent / "previews" / "same.json"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("review", "--stage", f"dev={PREVIEW}"), snapshot("`dev`: no change.\n")),
        (("local-event", "USER", "--state", "STATE"), snapshot("1 USER to 0 enabled webhooks\n")),
        (
            ("local-fault", "status", "--status", "400", "--state", "STATE"),
            snapshot(
                '{"kind": "status", "method": "", "path": "", "skip": 0, "count": 1, "probability": 1.0, "status": 400, "seconds": 0.0, "retry_after": null, "behaviour": {}}\n'
            ),
        ),
        (("local-fault", "--clear", "--state", "STATE"), snapshot("")),
    ],
)
def test_a_command_prints_the_same_narrow_and_wide(shell: Shell, arguments: tuple[str, ...], told: str) -> None:
    state = shell.environment()["UPVEST_LOCAL_STATE"]
    run = [state if argument == "STATE" else argument for argument in arguments]
    narrow, wide = (shell.run(*run, COLUMNS=columns).stdout for columns in ("40", "160"))
    assert narrow == wide
    assert wide == told


def test_the_local_api_says_why_it_does_not_start_the_same_narrow_and_wide(shell: Shell) -> None:
    state = shell.environment()["UPVEST_LOCAL_STATE"]
    narrow, wide = (shell.run("local", "--state", state, COLUMNS=columns) for columns in ("40", "160"))
    assert narrow.returncode == wide.returncode == 1
    assert narrow.stderr == wide.stderr
    assert wide.stderr.replace(state, "STATE") == snapshot("""\
another local API runs on STATE
stop it, or name another directory
""")
