"""`upvest-webhooks list`."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

CLAIM = "pulumi-0123456789abcdef"


def three(shell: Shell) -> str:
    """Have the account hold three webhooks; writes the export of a stack that holds the first."""
    users = shell.hold(1, title="User webhook", type=["USER", "ORDER"])
    shell.hold(2, title="All", type=["ALL"], exclude_type=["USER"], enabled=False, url="https://tenant.tld:8443/x")
    shell.hold(3, title=CLAIM, enabled=False)
    return shell.export(users=users)


def test_a_table_where_it_fits(shell: Shell) -> None:
    state = three(shell)
    assert shell.run("list", "--stack", "dev", "--state", state, COLUMNS="160").stdout == snapshot("""\
id                                    title                    enabled  categories        origin                   created (UTC)     resource
00000000-0000-4000-8000-000000000001  User webhook             yes      USER ORDER        https://tenant.tld       2026-01-01 12:00  users
00000000-0000-4000-8000-000000000002  All                      no       ALL without USER  https://tenant.tld:8443  2026-01-02 12:00  -
00000000-0000-4000-8000-000000000003  pulumi-0123456789abcdef  no       USER              https://tenant.tld       2026-01-03 12:00  unfinished
""")


def test_a_wide_terminal(shell: Shell) -> None:
    shell.hold(1, title="Users")
    assert shell.run("list", "--stack", "dev", COLUMNS="120").stdout == snapshot("""\
id                                    title  enabled  categories  origin              created (UTC)
00000000-0000-4000-8000-000000000001  Users  yes      USER        https://tenant.tld  2026-01-01 12:00
""")


def test_a_narrow_terminal_shows_paragraphs_and_cuts_nothing_off(shell: Shell) -> None:
    state = three(shell)
    assert shell.run("list", "--stack", "dev", "--state", state, COLUMNS="60").stdout == snapshot("""\
id            00000000-0000-4000-8000-000000000001
title         User webhook
enabled       yes
categories    USER ORDER
origin        https://tenant.tld
created (UTC) 2026-01-01 12:00
resource      users

id            00000000-0000-4000-8000-000000000002
title         All
enabled       no
categories    ALL without USER
origin        https://tenant.tld:8443
created (UTC) 2026-01-02 12:00
resource      -

id            00000000-0000-4000-8000-000000000003
title         pulumi-0123456789abcdef
enabled       no
categories    USER
origin        https://tenant.tld
created (UTC) 2026-01-03 12:00
resource      unfinished
""")


def test_a_terminal_narrower_than_an_id_cuts_nothing_off(shell: Shell) -> None:
    shell.hold(1, title="A title that is longer than the line")
    assert shell.run("list", "--stack", "dev", COLUMNS="40").stdout == snapshot("""\
id            00000000-0000-4000-8000-000000000001
title         A title that is longer
              than the line
enabled       yes
categories    USER
origin        https://tenant.tld
created (UTC) 2026-01-01 12:00
""")


def test_an_unfinished_webhook_that_the_stack_holds_shows_both(shell: Shell) -> None:
    state = shell.export(users=shell.hold(1, title=CLAIM))
    assert "  users (unfinished)\n" in shell.run("list", "--stack", "dev", "--state", state).stdout


def test_what_the_stack_holds_and_the_account_does_not_is_told_beside(shell: Shell) -> None:
    state = shell.export(users=shell.hold(1), orders="00000000-0000-4000-8000-000000000009")
    shown = shell.run("list", "--stack", "dev", "--state", state)
    assert "orders" not in shown.stdout
    assert shown.stderr.splitlines()[1:] == [
        "the stack holds orders, webhook 00000000-0000-4000-8000-000000000009, and this account does not"
    ]


def test_a_pipe_gets_a_line_for_each_webhook_without_colour(shell: Shell) -> None:
    state = three(shell)
    shell.hold(4, title="x" * 100)
    shown = shell.run("list", "--stack", "dev", "--state", state).stdout
    assert len(shown.splitlines()) == 5
    assert "x" * 100 in shown
    assert "\x1b" not in shown


def test_a_terminal_gets_what_fits_its_width(shell: Shell) -> None:
    shell.hold(1, title="Users")
    assert "\n00000000-0000-4000-8000-000000000001  " in on_terminal(shell, columns=120)
    assert "id            00000000-0000-4000-8000-000000000001\n" in on_terminal(shell, columns=60)


def test_whose_webhooks_they_are_and_what_is_unfinished_is_told_beside(shell: Shell) -> None:
    three(shell)
    shown = shell.run("list", "--stack", "dev").stderr
    assert shown.replace(shell.upvest.credentials.client_id, "ID") == snapshot(
        "client ID of local: 3 webhooks, 1 unfinished: the next `pulumi up` of the stack that began removes it\n"
    )


def test_json_is_complete_but_for_the_path_of_urls(shell: Shell) -> None:
    state = three(shell)
    shown = shell.run("list", "--stack", "dev", "--state", state, "--json").stdout
    assert json.loads(shown)[:2] == snapshot(
        [
            {
                "id": "00000000-0000-4000-8000-000000000001",
                "title": "User webhook",
                "enabled": True,
                "type": ["USER", "ORDER"],
                "exclude_type": [],
                "origin": "https://tenant.tld",
                "created_at": "2026-01-01T12:00:00.00Z",
                "unfinished": False,
                "resource": "users",
            },
            {
                "id": "00000000-0000-4000-8000-000000000002",
                "title": "All",
                "enabled": False,
                "type": ["ALL"],
                "exclude_type": ["USER"],
                "origin": "https://tenant.tld:8443",
                "created_at": "2026-01-02T12:00:00.00Z",
                "unfinished": False,
                "resource": None,
            },
        ]
    )
    assert [each["unfinished"] for each in json.loads(shown)] == [False, False, True]


def test_json_of_an_empty_account_is_an_empty_list(shell: Shell) -> None:
    assert shell.run("list", "--stack", "dev", "--json").stdout == "[]\n"
    assert shell.run("list", "--stack", "dev").stdout == ""


def test_json_names_no_resources_where_no_state_is_given(shell: Shell) -> None:
    shell.hold(1)
    (entry,) = json.loads(shell.run("list", "--stack", "dev", "--json").stdout)
    assert "resource" not in entry


def test_no_path_of_a_url_is_shown(shell: Shell) -> None:
    state = three(shell)
    for arguments in ([], ["--json"], ["--state", state]):
        shown = shell.run("list", "--stack", "dev", *arguments)
        assert "tenant.tld" in shown.stdout
        assert "secret" not in shown.stdout + shown.stderr


def test_what_a_title_or_url_holds_cannot_act_on_the_terminal(shell: Shell) -> None:
    shell.hold(1, title="\x1b[31mred\x07 [bold]not markup[/bold] \u202egnp", url="https://[broken/\x1b")
    shown = shell.run("list", "--stack", "dev").stdout
    assert "\\x1b[31mred\\x07 [bold]not markup[/bold] \\u202egnp" in shown
    assert "(unreadable)" in shown
    assert "\x1b" not in shown


def test_nothing_but_a_list_is_asked_of_upvest(shell: Shell) -> None:
    shell.run("list", "--stack", "dev")
    assert [request.method for request in shell.upvest.requests()] == ["POST", "GET"]  # the token, the list


def test_a_reader_that_goes_away_ends_it_quietly(shell: Shell) -> None:
    for number in range(1, 28):
        shell.hold(number, title="x" * 100)
    listing = subprocess.Popen(
        [sys.executable, "-m", "upvest_provider", "list", "--stack", "dev"],
        cwd=shell.folder,
        env=shell.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert listing.stdout is not None
    listing.stdout.close()
    assert b"Traceback" not in listing.communicate()[1]


def on_terminal(shell: Shell, *, columns: int) -> str:
    """What `list` shows on a terminal of this width, without the codes for bold letters."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = shell.environment(TERM="xterm")
    command = [sys.executable, "-m", "upvest_provider", "list", "--stack", "dev"]
    with subprocess.Popen(command, cwd=shell.folder, env=environment, stdout=theirs, stderr=subprocess.DEVNULL):
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(ours)
    return re.sub("\x1b\\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n")
