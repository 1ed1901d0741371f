"""Which account a command speaks for: the settings in the files of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

if TYPE_CHECKING:
    import subprocess

    from tests.cli.conftest import Shell

ID = "00000000-0000-4000-8000-000000000000"


def listed(
    shell: Shell, stack: str = "dev", *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return shell.run("list", "--stack", stack, "--json", *arguments, **variables)


def refused(shell: Shell, stack: str = "dev", *arguments: str, **variables: str) -> str:
    shown = listed(shell, stack, *arguments, **variables)
    assert shown.returncode == 1
    assert shell.upvest.requests() == []
    return shown.stderr


def by_url(shell: Shell) -> dict[str, str]:
    """The settings of the local API as those of any other, secrets left out."""
    credentials = shell.upvest.credentials
    return {
        "upvest:api": shell.upvest.url,
        "upvest:clientId": credentials.client_id,
        "upvest:keyId": credentials.key_id,
    }


def secrets(shell: Shell) -> dict[str, str]:
    credentials = shell.upvest.credentials
    return {
        "UPVEST_CLIENT_SECRET": credentials.client_secret,
        "UPVEST_PRIVATE_KEY_FILE": credentials.private_key_file,
        "UPVEST_PRIVATE_KEY_PASSPHRASE": credentials.private_key_passphrase,
    }


def test_who_you_are_comes_from_the_stack_and_secrets_from_the_environment(shell: Shell) -> None:
    shell.settle("staging", json.dumps({"config": by_url(shell)}))
    assert listed(shell, "staging", **secrets(shell)).stdout == "[]\n"


def test_a_value_for_all_stacks_may_stand_in_the_project(shell: Shell) -> None:
    shell.file(
        "Pulumi.yaml",
        "name: shop\nruntime: python\nstackConfigDir: stacks\nconfig:\n  upvest:api:\n    value: local\n",
    )
    shell.settle("dev", "config: {}\n")
    assert listed(shell).stdout == "[]\n"


def test_an_encrypted_secret_is_not_missed_where_the_environment_brings_it(shell: Shell) -> None:
    encrypted = {"upvest:clientSecret": {"secure": "v1:abc"}, "aws:secretKey": {"secure": "v1:def"}}
    shell.settle("staging", json.dumps({"config": by_url(shell) | encrypted}))
    assert listed(shell, "staging", **secrets(shell)).stdout == "[]\n"


def test_an_encrypted_secret_names_the_variable_to_set_instead(shell: Shell) -> None:
    encrypted = {"upvest:clientSecret": {"secure": "v1:abc"}}
    shell.settle("staging", json.dumps({"config": by_url(shell) | encrypted}))
    told = refused(shell, "staging", **{k: v for k, v in secrets(shell).items() if k != "UPVEST_CLIENT_SECRET"})
    assert told == snapshot("""\
upvest-webhooks: UPVEST_CLIENT_SECRET is not set, nor is upvest:clientSecret in the stack's configuration
Only Pulumi can decrypt what stands encrypted in Pulumi.staging.yaml: upvest:clientSecret.
Set UPVEST_CLIENT_SECRET in the environment, or run `pulumi config set --secret upvest:clientSecret`.
""")
    assert "abc" not in told


class TestSeveralAccounts:
    def test_the_one_that_is_named(self, shell: Shell) -> None:
        api, *ids = by_url(shell).values()
        account = dict(zip(("clientId", "keyId"), ids, strict=True))
        accounts = {"tol": account, "byol": {"clientId": ID, "keyId": ID}}
        shell.settle("staging", json.dumps({"config": {"upvest:api": api, "upvest:accounts": accounts}}))
        named = {name.replace("UPVEST_", "UPVEST_TOL_"): value for name, value in secrets(shell).items()}
        assert listed(shell, "staging", "--account", "tol", **named).stdout == "[]\n"
        shell.hold(1)
        export = shell.export()
        arguments = ["import", "--stack", "staging", "--account", "tol", "--state", export]
        assert '    account="tol",\n' in shell.run(*arguments, **named).stdout
        (entry,) = json.loads((shell.folder / "upvest-import.json").read_text())["resources"]
        assert entry["inputs"]["account"] == entry["outputs"]["account"] == "tol"

    def test_none_named_is_refused(self, shell: Shell) -> None:
        accounts = {name: {"clientId": ID, "keyId": ID} for name in ("tol", "byol")}
        accounts["byol"]["clientId"] = ID.replace("4", "5")
        shell.settle("staging", json.dumps({"config": {"upvest:api": "sandbox", "upvest:accounts": accounts}}))
        assert refused(shell, "staging") == snapshot("""\
upvest-webhooks: the stack 'staging' has several accounts: tol, byol
Name one, as --account tol.
""")

    def test_an_encrypted_member_names_the_variable_to_set_instead(self, shell: Shell) -> None:
        account = {"clientId": ID, "keyId": ID, "clientSecret": {"secure": "v1:abc"}}
        config = {"upvest:api": "sandbox", "upvest:accounts": {"tol": account}}
        shell.settle("staging", json.dumps({"config": config}))
        key = Path(shell.upvest.credentials.private_key_file).read_text()
        passphrase = shell.upvest.credentials.private_key_passphrase
        variables = {"UPVEST_TOL_PRIVATE_KEY": key, "UPVEST_TOL_PRIVATE_KEY_PASSPHRASE": passphrase}
        assert refused(shell, "staging", **variables) == snapshot("""\
upvest-webhooks: UPVEST_TOL_CLIENT_SECRET is not set, nor is upvest:accounts.tol.clientSecret in the stack's configuration
Only Pulumi can decrypt what stands encrypted in Pulumi.staging.yaml: upvest:accounts.tol.clientSecret.
Set UPVEST_TOL_CLIENT_SECRET in the environment, or run `pulumi config set --secret --path 'upvest:accounts.tol.clientSecret'`.
""")


class TestFilesThatAreNotAsTheyMustBe:
    def test_no_project(self, shell: Shell) -> None:
        (shell.folder / "Pulumi.yaml").unlink()
        assert refused(shell) == snapshot("""\
upvest-webhooks: there is no Pulumi.yaml in this directory
Run the command in the Pulumi project's directory.
""")

    def test_no_such_stack(self, shell: Shell) -> None:
        shell.settle("prod.eu", "config: {}\n")
        assert refused(shell, "prod").replace(str(shell.folder), "") == snapshot("""\
upvest-webhooks: the project has no settings for the stack 'prod'
Name another with --stack (dev, prod.eu), or write /stacks/Pulumi.prod.yaml.
""")

    def test_no_stack_at_all(self, shell: Shell) -> None:
        (shell.folder / "stacks" / "Pulumi.dev.yaml").unlink()
        assert refused(shell).replace(str(shell.folder), "") == snapshot("""\
upvest-webhooks: the project has no settings for the stack 'dev'
Name another with --stack, or write /stacks/Pulumi.dev.yaml.
""")

    def test_no_yaml(self, shell: Shell) -> None:
        shell.settle("dev", "config: {upvest:api: local\n")
        assert refused(shell).replace(str(shell.folder), "") == snapshot("""\
upvest-webhooks: /stacks/Pulumi.dev.yaml is no YAML (line 2)
Correct it there.
""")
