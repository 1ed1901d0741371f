"""`upvest-webhooks show`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

CLAIM = "pulumi-0123456789abcdef"


def test_all_fields_on_a_wide_terminal(shell: Shell) -> None:
    id_ = shell.hold(1, title="All but users", type=["ALL"], exclude_type=["USER"], enabled=False)
    shown = shell.run("show", id_, "--stack", "dev", "--state", shell.export(users=id_), COLUMNS="160")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == snapshot("""\
id            00000000-0000-4000-8000-000000000001
title         All but users
claim         none
enabled       no
categories    ALL without USER
origin        https://tenant.tld
config        delay 1s, max_package_size 51200
created (UTC) 2026-01-01 12:00
updated (UTC) 2026-01-01 12:00
resource      users
""")


def test_a_narrow_terminal_cuts_nothing_off(shell: Shell) -> None:
    id_ = shell.hold(1, title="A title that is longer than the line", type=["USER", "ORDER", "EXECUTION"])
    assert shell.run("show", id_, "--stack", "dev", COLUMNS="40").stdout == snapshot("""\
id            00000000-0000-4000-8000-000000000001
title         A title that is longer
              than the line
claim         none
enabled       yes
categories    USER ORDER EXECUTION
origin        https://tenant.tld
config        delay 1s, max_package_size
              51200
created (UTC) 2026-01-01 12:00
updated (UTC) 2026-01-01 12:00
""")


def test_an_unfinished_one_shows_the_claim_it_carries(shell: Shell) -> None:
    id_ = shell.hold(1, title=CLAIM, enabled=False)
    shown = shell.run("show", id_, "--stack", "dev", "--state", shell.export())
    assert shown.stdout == snapshot("""\
id            00000000-0000-4000-8000-000000000001
title         pulumi-0123456789abcdef
claim         pulumi-0123456789abcdef
enabled       no
categories    USER
origin        https://tenant.tld
config        delay 1s, max_package_size 51200
created (UTC) 2026-01-01 12:00
updated (UTC) 2026-01-01 12:00
resource      unfinished
""")
    assert shown.stderr == snapshot("unfinished: the next `pulumi up` of the stack that began it removes it\n")


def test_json_has_the_names_of_the_api_and_no_path_of_the_url(shell: Shell) -> None:
    id_ = shell.hold(1, title=CLAIM)
    shown = shell.run("show", id_, "--stack", "dev", "--state", shell.export(users=id_), "--json")
    assert json.loads(shown.stdout) == snapshot(
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "title": "pulumi-0123456789abcdef",
            "enabled": True,
            "type": ["USER"],
            "exclude_type": [],
            "config": {"delay": "1s", "max_package_size": 51200},
            "created_at": "2026-01-01T12:00:00.00Z",
            "updated_at": "2026-01-01T12:00:00.00Z",
            "origin": "https://tenant.tld",
            "claim": "pulumi-0123456789abcdef",
            "resource": "users",
        }
    )
    assert "secret" not in shown.stdout


def test_an_id_may_be_written_in_upper_case(shell: Shell) -> None:
    id_ = "abcdef00-0000-4000-8000-000000000001"
    shell.hold(1, id=id_)
    assert id_ in shell.run("show", id_.upper(), "--stack", "dev").stdout


def test_a_webhook_that_the_account_does_not_have(shell: Shell) -> None:
    shown = shell.run("show", "00000000-0000-4000-8000-000000000009", "--stack", "dev")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr.replace(shell.upvest.credentials.client_id, "CLIENT") == snapshot("""\
upvest-webhooks: client CLIENT of local has no webhook 00000000-0000-4000-8000-000000000009
`upvest-webhooks list --stack dev` shows which it has.
""")


def test_what_is_no_id_is_a_wrong_call_and_sent_nowhere(shell: Shell) -> None:
    for command in ("show", "test"):
        shown = shell.run(command, "x/../../auth/verify_keys", "--stack", "dev")
        assert (shown.returncode, shown.stdout) == (2, "")
        assert "Upvest's ids are UUIDs" in shown.stderr
    assert shell.upvest.requests() == []


def test_nothing_but_the_webhook_is_asked_of_upvest(shell: Shell) -> None:
    id_ = shell.hold(1)
    shell.run("show", id_, "--stack", "dev")
    assert [(request.method, request.path) for request in shell.upvest.requests()][1:] == [
        ("GET", f"/webhooks/{id_}")
    ]


def test_what_a_title_holds_cannot_act_on_the_terminal(shell: Shell) -> None:
    id_ = shell.hold(1, title="\x1b[31mred [bold]x[/bold]", config={"delay": "1s", "new\x1b": "\x07"})
    shown = shell.run("show", id_, "--stack", "dev").stdout
    assert "\\x1b[31mred [bold]x[/bold]" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown
