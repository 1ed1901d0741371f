"""Webhooks that were there before the program: `upvest-webhooks import`, the engine's import, and the life after."""

from __future__ import annotations

import json
import os
import shutil
import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests import piped
from tests.lifecycle.life import USERS, Life, steps
from upvest_provider.api import UpvestClient
from upvest_provider.local import LocalUpvest
from upvest_provider.settings import Settings

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from upvest_provider.api import Webhook

FILE = "upvest-import.json"
LOCAL = "upvest:api: local"
IMPORTED = ("urn", "id", "type", "inputs", "outputs")


def made_by_hand(life: Life, title: str = "User webhook", **fields: object) -> Webhook:
    """A webhook that somebody made with curl, and enabled."""
    body: dict[str, Any] = {"title": title, "url": "https://tenant.tld/webhooks/users", "type": ["USER"], **fields}
    with life.client() as client:
        made = client.create_webhook(body)
        return client.update_webhook(made.id, {"enabled": True, "type": body["type"]})


def run_import(
    life: Life, *arguments: str, environment: dict[str, str] | None = None, config: str = LOCAL
) -> subprocess.CompletedProcess[str]:
    """The command, where the program lies and with the settings of the stack."""
    project = life.folder / "project"
    settings = project / "stacks" / "Pulumi.dev.yaml"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(f"config:\n  {config}\n")
    state = str(life.upvest.state)
    variables = {**os.environ, "UPVEST_LOCAL_STATE": state, **(environment or {})}
    return piped.run("import", "--stack", "dev", *arguments, folder=project, environment=variables)


def imported(life: Life, *arguments: str, config: str = LOCAL) -> str:
    """Have the file for the engine written, by what the stack holds; gives the code to paste."""
    export = life.folder / "export.json"
    export.write_text(json.dumps(life.stack.export()))
    run = run_import(life, "--state", str(export), *arguments, config=config)
    assert run.returncode == 0, run.stderr
    life.sent()
    return run.stdout


def file_of(life: Life) -> Path:
    return life.folder / "project" / FILE


def resources(life: Life) -> dict[str, dict[str, Any]]:
    """The stack's webhooks in its state, by the name of the resource."""
    found = life.stack.export()["deployment"]["resources"]
    return {each["urn"].rpartition("::")[2]: each for each in found if each["type"].endswith(":Webhook")}


class TestTheLifeOfAnImportedWebhook:
    def test_the_preview_after_import_and_pasting_is_clean_and_nothing_was_sent(self, life: Life) -> None:
        made_by_hand(life, config={"delay": "2s", "max_package_size": 51200})
        made_by_hand(life, "Orders", url="https://tenant.tld/orders", type=["ALL"], exclude_type=["USER", "ORDER"])
        before = life.webhooks()
        life.declare(imported(life))
        assert steps(life.stack.import_file(file_of(life))) == [
            ("import", "orders"),
            ("import", "user_webhook"),
        ]
        assert steps(life.stack.preview()) == [("same", "orders"), ("same", "user_webhook")]
        assert steps(life.stack.up()) == [("same", "orders"), ("same", "user_webhook")]
        assert life.sent() == []
        assert life.webhooks() == before

    def test_a_refresh_finds_no_drift_and_the_preview_stays_clean(self, life: Life) -> None:
        made_by_hand(life)
        life.declare(imported(life))
        life.stack.import_file(file_of(life), protect=False)
        assert steps(life.stack.refresh()) == [("refresh", "user_webhook")]
        assert steps(life.stack.preview()) == [("same", "user_webhook")]

    def test_from_then_on_it_is_updated_repaired_and_deleted_like_any_other(self, life: Life) -> None:
        made_by_hand(life)
        code = imported(life)
        life.declare(code)
        life.stack.import_file(file_of(life), protect=False)
        life.declare(code.replace("User webhook", "New title"))
        assert steps(life.stack.up()) == [("update", "user_webhook", ("title",))]
        assert life.sent() == ["token", "PATCH"]
        life.change_by_hand(enabled=False)
        assert steps(life.stack.up(refresh=True))[-1] == ("update", "user_webhook", ("enabled",))
        assert life.webhook().enabled
        life.declare("")
        assert steps(life.stack.up()) == [("delete", "user_webhook")]
        assert life.webhooks() == []

    def test_it_joins_what_the_stack_holds_and_leaves_that_out(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        made_by_hand(life, "Users", url="https://tenant.tld/other")
        code = imported(life)
        assert 'users_2 = UpvestWebhook(\n    "users_2",' in code
        life.declare(USERS + code)
        assert steps(life.stack.import_file(file_of(life), protect=False)) == [
            ("same", "users"),
            ("import", "users_2"),
        ]
        assert steps(life.stack.up()) == [("same", "users"), ("same", "users_2")]
        assert life.sent() == []

    def test_the_state_is_what_creating_it_would_have_left(self, life: Life, tmp_path: Path) -> None:
        life.declare(USERS)
        life.stack.up()
        created = resources(life)["users"]
        other = another(life, tmp_path)
        imported(other, life.webhook().id, "--name", "users")
        other.stack.import_file(file_of(other), protect=False)
        taken_over = resources(other)["users"]
        assert plain({key: taken_over[key] for key in IMPORTED}) == plain({key: created[key] for key in IMPORTED})

    def test_a_url_that_the_program_makes_secret_is_encrypted_by_the_first_up(self, life: Life) -> None:
        made_by_hand(life, url="https://tenant.tld/canary-8d1f")
        code = imported(life)
        life.stack.import_file(file_of(life), protect=False)
        secret = 'pulumi.Output.secret("https://tenant.tld/canary-8d1f")'
        life.declare(code.replace('"https://tenant.tld/canary-8d1f"', secret))
        assert life.stack.up().ok
        assert life.sent() == []
        webhook = resources(life)["user_webhook"]
        assert "plaintext" in webhook["inputs"]["url"]
        assert "plaintext" in webhook["outputs"]["url"]

    def test_with_another_organization_in_the_claim_nothing_changes_and_it_can_be_deleted(
        self, life: Life
    ) -> None:
        made_by_hand(life)
        code = imported(life, "--organization", "acme")
        life.stack.import_file(file_of(life), protect=False)
        life.declare(code)
        claim = resources(life)["user_webhook"]["inputs"]["__claim"]
        assert steps(life.stack.preview()) == [("same", "user_webhook")]
        assert steps(life.stack.up()) == [("same", "user_webhook")]
        assert resources(life)["user_webhook"]["inputs"]["__claim"] != claim
        assert life.sent() == []
        life.declare("")
        assert steps(life.stack.up()) == [("delete", "user_webhook")]
        assert life.webhooks() == []

    def test_a_rename_with_adopt_id_keeps_it_although_its_claim_was_made_elsewhere(self, life: Life) -> None:
        made = made_by_hand(life)
        code = imported(life, "--organization", "acme")
        life.stack.import_file(file_of(life), protect=False)
        life.declare(code.replace('"user_webhook",', f'"people", adopt_id="{made.id}",'))
        assert steps(life.stack.up()) == [("create", "people"), ("delete", "user_webhook")]
        assert life.webhook() == made

    def test_pulumis_protection_holds_until_the_program_does_without(self, life: Life) -> None:
        made_by_hand(life)
        code = imported(life)
        life.stack.import_file(file_of(life))
        life.declare(code)
        assert "protected" in (life.stack.destroy().error or "")
        assert steps(life.stack.preview()) == [("same", "user_webhook")]
        assert steps(life.stack.up()) == [("same", "user_webhook")]
        assert steps(life.stack.destroy()) == [("delete", "user_webhook")]

    def test_importing_what_is_there_under_another_id_is_refused(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        made = made_by_hand(life, url="https://tenant.tld/other")
        imported(life, made.id, "--name", "others")
        document = json.loads(file_of(life).read_text())
        document["resources"][0]["name"] = "users"
        file_of(life).write_text(json.dumps(document))
        assert "already exists" in (life.stack.import_file(file_of(life)).error or "")

    def test_inputs_that_the_provider_refuses_are_warned_of_and_taken(self, life: Life) -> None:
        made_by_hand(life)
        imported(life)
        document = json.loads(file_of(life).read_text())
        document["resources"][0]["inputs"]["url"] = "http://tenant.tld/"
        file_of(life).write_text(json.dumps(document))
        outcome = life.stack.import_file(file_of(life))
        assert steps(outcome) == [("import", "user_webhook")]
        assert any("must start with https://" in message for message in outcome.messages)


class TestWhatIsLeftOut:
    def test_an_unfinished_webhook_is_named(self, life: Life) -> None:
        with life.client() as client:
            claim = client.create_webhook(
                {"title": "pulumi-0123456789abcdef", "url": "https://tenant.tld/x", "type": ["USER"]}
            )
        made_by_hand(life)
        run = run_import(life, "--state", empty(life))
        assert f"left out: webhook {claim.id} (pulumi-0123456789abcdef) is unfinished\n" in run.stderr
        assert [each["name"] for each in json.loads(file_of(life).read_text())["resources"]] == ["user_webhook"]

    def test_a_second_webhook_that_delivers_the_same_is_named_and_the_preview_stays_clean(
        self, life: Life
    ) -> None:
        made_by_hand(life, "First")
        second = made_by_hand(life, "Second", url="https://TENANT.tld:443/webhooks/users", type=["ALL"])
        run = run_import(life, "--state", empty(life))
        assert f"left out: webhook {second.id} (Second): type must not share USER with 'first'" in run.stderr
        life.stack.import_file(file_of(life), protect=False)
        life.declare(run.stdout)
        assert steps(life.stack.up()) == [("same", "first")]

    def test_one_that_delivers_what_the_stack_holds_already_is_named(self, life: Life) -> None:
        life.declare(USERS)
        life.stack.up()
        with life.client() as client:
            fields = {"title": "Second", "url": life.webhook().url, "type": ["ALL"]}
            second = client.create_webhook(fields)
        export = life.folder / "export.json"
        export.write_text(json.dumps(life.stack.export()))
        run = run_import(life, second.id, "--state", str(export))
        assert run.returncode == 1
        assert "must not share USER with 'users'" in run.stderr
        assert not file_of(life).exists()

    def test_what_no_program_can_say_of_its_config_stays_as_it_is(self, life: Life) -> None:
        made_by_hand(life)
        old = {"delay": "1m", "max_package_size": 51200}
        (document,) = life.upvest.store.webhooks()
        life.upvest.store.save_webhook({**document, "config": old})
        code = imported(life)
        assert "# Upvest also holds delay '1m', which cannot be declared; it stays as it is.\n" in code
        assert 'config={"max_package_size": 51200}' in code
        life.stack.import_file(file_of(life), protect=False)
        life.declare(code)
        assert steps(life.stack.up(refresh=True))[-1] == ("same", "user_webhook")
        life.declare(code.replace("User webhook", "New title"))
        assert steps(life.stack.up()) == [("update", "user_webhook", ("title",))]
        assert life.webhook().config.model_dump() == old


def test_the_file_is_for_its_owner_only(life: Life) -> None:
    made_by_hand(life)
    imported(life)
    assert stat.S_IMODE(file_of(life).stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR


@pytest.mark.parametrize("engine", ["rehearsal", "cli"])
def test_a_webhook_of_one_of_several_accounts_is_imported_into_that(engine: str, tmp_path: Path) -> None:
    if engine == "cli" and not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    accounts = '{"tol": {"api": "local"}, "byol": {"api": "local"}}'
    with LocalUpvest(tmp_path / "upvest", accounts=["tol", "byol"]) as upvest:
        life = Life(engine, tmp_path, upvest)
        life.stack = life.stack_of(upvest, upvest__accounts=accounts)
        settings = Settings({"upvest:accounts": accounts}.get, {"UPVEST_LOCAL_STATE": str(tmp_path / "upvest")})
        for name in ("tol", "byol"):
            with UpvestClient(settings.of(name).credentials()) as client:
                client.create_webhook(
                    {"title": f"Users of {name}", "url": "https://tenant.tld/", "type": ["USER"]}
                )
        life.sent()
        code = imported(life, "--account", "byol", config=f"upvest:accounts: {accounts}")
        life.stack.import_file(file_of(life), protect=False)
        life.declare(code)
        assert steps(life.stack.up()) == [("same", "users_of_byol")]
        assert life.sent() == []
        life.declare("")
        assert steps(life.stack.up()) == [("delete", "users_of_byol")]
        with UpvestClient(settings.of("tol").credentials()) as client:
            assert [webhook.title for webhook in client.list_webhooks()] == ["Users of tol"]


@pytest.mark.parametrize("lacking", ["outputs", "parent"])
def test_a_rehearsal_says_what_it_does_not_import(lacking: str, tmp_path: Path, upvest: LocalUpvest) -> None:
    life = Life("rehearsal", tmp_path, upvest)
    made_by_hand(life)
    imported(life)
    document = json.loads(file_of(life).read_text())
    if lacking == "outputs":
        del document["resources"][0]["outputs"]
    else:
        document["resources"][0]["parent"] = "a"
    file_of(life).write_text(json.dumps(document))
    with pytest.raises(ValueError, match="user_webhook is not so\nimport it with the Pulumi CLI"):
        life.stack.import_file(file_of(life))


def test_both_engines_make_the_same_state_of_a_file(tmp_path: Path, upvest: LocalUpvest) -> None:
    if not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    states = []
    for engine in ("rehearsal", "cli"):
        (tmp_path / engine).mkdir()
        life = Life(engine, tmp_path / engine, upvest)
        if not life.webhooks():
            made_by_hand(life, config={"delay": "2s", "max_package_size": 51200})
            made_by_hand(life, "Orders", url="https://tenant.tld/orders", type=["ALL"], exclude_type=["USER"])
        imported(life)
        outcome = life.stack.import_file(file_of(life))
        kept = {name: {key: each[key] for key in (*IMPORTED, "protect")} for name, each in resources(life).items()}
        states.append((steps(outcome), plain(kept)))
    assert states[0] == states[1]


def test_what_the_stack_holds_is_asked_of_pulumi_where_no_file_says_it(
    tmp_path: Path, upvest: LocalUpvest
) -> None:
    if not shutil.which("pulumi"):
        pytest.skip("pulumi is not on PATH")
    life = Life("cli", tmp_path, upvest)
    life.declare(USERS)
    life.stack.up()
    backend = {
        "PULUMI_BACKEND_URL": (tmp_path / "backend").as_uri(),
        "PULUMI_HOME": str(tmp_path / "backend" / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    run = run_import(life, environment=backend)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "nothing to import\n")
    made = made_by_hand(life, "More", url="https://tenant.tld/more")
    run = run_import(life, environment=backend)
    assert run.returncode == 0, run.stderr
    assert [each["id"] for each in json.loads(file_of(life).read_text())["resources"]] == [made.id]


def another(life: Life, folder: Path) -> Life:
    """Another stack of the same name on the same account, and on the same engine, that holds nothing."""
    (folder / "another").mkdir()
    return Life("cli" if (life.folder / "backend").exists() else "rehearsal", folder / "another", life.upvest)


def empty(life: Life) -> str:
    """A file with the export of a stack that holds nothing."""
    file = life.folder / "export.json"
    file.write_text('{"version": 3, "deployment": {}}')
    return str(file)


def plain(value: Any) -> Any:  # noqa: ANN401 - anything in a state
    """Secrets are JSON texts whose members have no order that means something."""
    if isinstance(value, dict) and "plaintext" in value:
        return {**value, "plaintext": json.loads(value["plaintext"])}
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value
