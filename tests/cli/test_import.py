"""`upvest-webhooks import`, up to the file and the code; what engines make of them is in `tests/lifecycle`."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

FILE = "upvest-import.json"


def names(shell: Shell) -> list[str]:
    return [each["name"] for each in json.loads((shell.folder / FILE).read_text())["resources"]]


class TestWhatItWrites:
    def test_the_code_of_every_webhook_that_the_stack_does_not_hold(self, shell: Shell) -> None:
        users = shell.hold(1)
        shell.hold(2, title="User webhook", type=["USER", "ORDER"])
        shell.hold(3, title="All but users", type=["ALL"], exclude_type=["USER"], enabled=False)
        shown = shell.run("import", "--stack", "dev", "--state", shell.export(users=users))
        assert shown.stdout == snapshot("""\
from upvest_provider import UpvestWebhook

user_webhook = UpvestWebhook(
    "user_webhook",
    title="User webhook",
    url="https://tenant.tld/secret-2",
    type=["USER", "ORDER"],
    enabled=True,
    config={"delay": "1s", "max_package_size": 51200},
)

all_but_users = UpvestWebhook(
    "all_but_users",
    title="All but users",
    url="https://tenant.tld/secret-3",
    type=["ALL"],
    exclude_type=["USER"],
    enabled=False,
    config={"delay": "1s", "max_package_size": 51200},
)
""")
        assert shown.stderr == snapshot("""\
wrote upvest-import.json, readable by you alone, for it holds the URLs as they are
Paste the code into the program, run
  pulumi import --file upvest-import.json --stack dev --generate-code=false
  pulumi preview --stack dev
which shows no change, and delete upvest-import.json.
Pulumi protects what it imports until the first `pulumi up` of a program that does not; with
--protect=false, it does not from the beginning.
""")
        assert names(shell) == ["user_webhook", "all_but_users"]

    def test_code_is_code_whatever_the_width_of_the_terminal(self, shell: Shell) -> None:
        shell.hold(1)
        narrow, wide = (
            shell.run("import", "--stack", "dev", "--state", shell.export(), COLUMNS=columns)
            for columns in ("40", "160")
        )
        assert (narrow.returncode, narrow.stdout, narrow.stderr) == (wide.returncode, wide.stdout, wide.stderr)

    def test_one_by_its_id_under_a_name_of_choice(self, shell: Shell) -> None:
        shell.hold(1)
        wanted = shell.hold(2)
        shown = shell.run(
            "import", wanted.upper(), "--name", "my-hook", "--stack", "dev", "--state", shell.export()
        )
        assert 'my_hook = UpvestWebhook(\n    "my-hook",\n' in shown.stdout
        assert names(shell) == ["my-hook"]

    def test_names_are_made_unique(self, shell: Shell) -> None:
        held = shell.hold(1)
        for number in (2, 3, 4):
            shell.hold(number, title="Users")
        shown = shell.run("import", "--stack", "dev", "--state", shell.export(users=held))
        assert names(shell) == ["users_2", "users_3", "users_4"], shown.stderr

    def test_an_old_file_is_replaced_by_one_for_its_owner_only(self, shell: Shell) -> None:
        shell.hold(1)
        file = shell.folder / shell.file(FILE, "old")
        file.chmod(0o644)
        assert shell.run("import", "--stack", "dev", "--state", shell.export()).returncode == 0
        assert stat.S_IMODE(file.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
        assert names(shell) == ["webhook_1"]
        assert not list(shell.folder.glob(".upvest-*"))

    def test_nothing_to_import_writes_no_file(self, shell: Shell) -> None:
        shown = shell.run("import", "--stack", "dev", "--state", shell.export(users=shell.hold(1)))
        assert (shown.returncode, shown.stdout, shown.stderr) == (0, "", "nothing to import\n")
        assert not (shell.folder / FILE).exists()

    def test_at_upvest_nothing_changes(self, shell: Shell) -> None:
        shell.hold(1)
        before = shell.upvest.store.webhooks()
        shell.run("import", "--stack", "dev", "--state", shell.export())
        assert shell.upvest.store.webhooks() == before
        assert [request.method for request in shell.upvest.requests()] == ["POST", "GET"]  # the token, the list

    def test_no_path_of_a_url_is_told_beside_the_code(self, shell: Shell) -> None:
        shell.hold(1)
        shell.hold(2)
        shell.hold(3, url="https://tenant.tld/secret-1")
        shown = shell.run("import", "--stack", "dev", "--state", shell.export())
        assert "left out" in shown.stderr
        assert "secret" not in shown.stderr

    def test_no_twin_of_a_webhook_joins_where_components_use_one_name_twice(self, shell: Shell) -> None:
        type_ = "pulumi-python:dynamic/upvest:Webhook"
        held = [
            {"urn": f"urn:pulumi:dev::shop::{component}${type_}::users", "id": shell.hold(number), "type": type_}
            for number, component in enumerate(("shop:index:Germany", "shop:index:Austria"), start=1)
        ]
        for number in (1, 2):
            shell.hold(number + 2, url=f"https://tenant.tld/secret-{number}")
        state = shell.file("components.json", json.dumps({"deployment": {"resources": held}}))
        shown = shell.run("import", "--stack", "dev", "--state", state)
        told = shown.stderr.splitlines()
        assert told[0].startswith("left out: webhook 00000000-0000-4000-8000-000000000003 (Webhook 3): ")
        assert told[2].startswith("left out: webhook 00000000-0000-4000-8000-000000000004 (Webhook 4): ")
        assert told[-1] == "nothing to import"


class TestRefusals:
    def test_a_webhook_that_the_account_does_not_have(self, shell: Shell) -> None:
        shown = shell.run("import", "x", "--stack", "dev", "--state", shell.export())
        assert shown.returncode == 1
        assert shown.stderr.replace(shell.upvest.credentials.client_id, "ID") == snapshot("""\
upvest-webhooks: client ID of local has no webhook x
`upvest-webhooks list --stack dev` shows which it has.
""")

    def test_a_webhook_that_the_stack_holds(self, shell: Shell) -> None:
        id_ = shell.hold(1)
        shown = shell.run("import", id_, "--stack", "dev", "--state", shell.export(users=id_))
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: the stack 'dev' holds webhook 00000000-0000-4000-8000-000000000001 already, as 'users'
`upvest-webhooks list --stack dev --state FILE` shows which no resource holds.
""")

    def test_an_unfinished_webhook(self, shell: Shell) -> None:
        id_ = shell.hold(1, title="pulumi-0123456789abcdef")
        shown = shell.run("import", id_, "--stack", "dev", "--state", shell.export())
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: webhook 00000000-0000-4000-8000-000000000001 (pulumi-0123456789abcdef) is unfinished
The next `pulumi up` of the stack that began it removes it; if none does, delete it.
""")

    def test_a_webhook_that_no_program_can_declare(self, shell: Shell) -> None:
        id_ = shell.hold(1, url="http://10.0.0.1/x", type=[])
        shown = shell.run("import", id_, "--stack", "dev", "--state", shell.export())
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: webhook 00000000-0000-4000-8000-000000000001 (Webhook 1): url must start with https://; url must have a DNS name as its host; Upvest takes no IP address; type must be a list of at least one event category
Change it at Upvest first, or leave it as it is.
""")

    def test_a_name_that_the_stack_has(self, shell: Shell) -> None:
        held, id_ = shell.hold(1), shell.hold(2)
        shown = shell.run("import", id_, "--name", "users", "--stack", "dev", "--state", shell.export(users=held))
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: the stack has a webhook 'users' already
Name another with --name.
""")

    def test_a_name_for_all_is_no_right_call(self, shell: Shell) -> None:
        shown = shell.run("import", "--name", "users", "--stack", "dev", "--state", shell.export())
        assert shown.returncode == 2
        assert "Invalid value for --name: needs the ID of one webhook" in shown.stderr

    def test_a_file_that_is_no_exported_stack(self, shell: Shell) -> None:
        for number, text in enumerate(["{", "[]", "{}", '{"deployment": {"resources": [{}]}}']):
            file = shell.file(f"{number}.json", text)
            shown = shell.run("import", "--stack", "dev", "--state", file)
            assert shown.returncode == 1
            assert shown.stderr == (
                f"upvest-webhooks: {file} is no exported stack\n"
                "Write one with `pulumi stack export --stack NAME --file FILE`.\n"
            )

    def test_a_file_that_is_not_there(self, shell: Shell) -> None:
        shown = shell.run("import", "--stack", "dev", "--state", "none.json")
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: none.json cannot be read: FileNotFoundError
Write it with `pulumi stack export --stack NAME --file none.json`.
""")

    def test_a_file_that_cannot_be_written_leaves_nothing_behind(self, shell: Shell) -> None:
        shell.hold(1)
        for file in (".", "stacks"):
            shown = shell.run("import", "--stack", "dev", "--state", shell.export(), "--file", file)
            assert shown.stderr.startswith(f"upvest-webhooks: {file} cannot be written: ")
        shown = shell.run("import", "--stack", "dev", "--state", shell.export(), "--file", "none/x.json")
        assert not list(shell.folder.glob(".upvest-*"))
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: none/x.json cannot be written: No such file or directory
Name another with --file.
""")
        assert shown.stdout == ""

    def test_without_pulumi_and_without_a_file_what_the_stack_holds_is_not_known(self, shell: Shell) -> None:
        shown = shell.run("import", "--stack", "dev", PATH=str(shell.folder))
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: pulumi is not on PATH, so what the stack holds is not known
Run `pulumi stack export --stack dev --file FILE` elsewhere, then say --state FILE.
""")
        assert shell.upvest.requests() == []

    def test_a_pulumi_that_fails_is_quoted(self, shell: Shell) -> None:
        (shell.folder / "pulumi").write_text(
            "#!/bin/sh\necho \"error: no stack named 'dev' found\" >&2\nexit 255\n"
        )
        (shell.folder / "pulumi").chmod(0o755)
        shown = shell.run("import", "--stack", "dev", PATH=f"{shell.folder}{os.pathsep}/usr/bin:/bin")
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: `pulumi stack export --stack dev` failed
error: no stack named 'dev' found
Make it work, or say --state FILE.
""")
