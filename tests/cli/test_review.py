"""`upvest-webhooks review`, on previews that the Pulumi CLI wrote (`python -m tests.cli.record_previews`)."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from upvest_provider.cli import main
from upvest_provider.cli.review import review as command

PREVIEWS = Path(__file__).parent / "previews"
ALIKE = ["create", "faulty", "renamed", "same", "trigger", "unknown", "update"]
"""Both forms say the same of these; only events hold what policies say and what a refresh found."""

WEBHOOK = "urn:pulumi:dev::shop::pulumi-python:dynamic/upvest:Webhook::users"
FIELDS = {"title": "Users", "url": "https://tenant.tld/hidden", "type": ["USER"], "enabled": True}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "upvest_provider", "review", *arguments],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def review(name: str, file: Path) -> str:
    """What the command writes, called in this process."""
    written = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(written, encoding="ascii")):
        command([f"{name}={file}"])
        return written.getvalue().decode()


def planned(folder: Path, *steps: dict[str, Any], stage: str = "dev") -> str:
    """The review of a document with these steps."""
    file = folder / "preview.json"
    file.write_text(json.dumps({"steps": list(steps), "changeSummary": {}}))
    return review(stage, file)


def update(old: dict[str, Any], new: dict[str, Any], **outputs: object) -> dict[str, Any]:
    return {
        "op": "update",
        "urn": WEBHOOK,
        "oldState": {"inputs": FIELDS | old, "outputs": FIELDS | old | outputs},
        "newState": {"inputs": FIELDS | new},
    }


@pytest.mark.parametrize("name", ALIKE)
def test_both_forms_of_a_preview_are_told_alike(name: str) -> None:
    assert review("dev", PREVIEWS / f"{name}.json") == review("dev", PREVIEWS / f"{name}.jsonl")


@pytest.mark.parametrize("file", sorted(PREVIEWS.iterdir()), ids=lambda file: file.name)
def test_no_path_of_a_url_is_told(file: Path) -> None:
    without = {"same.json", "trigger.json", "faulty.json", "faulty.jsonl"}
    assert ("hidden" in file.read_text()) is (file.name not in without)  # they hold no webhook, or nothing of it
    assert "hidden" not in review("prod", file)


def test_webhooks_that_appear_behind_a_gate_and_without() -> None:
    assert review("dev", PREVIEWS / "create.jsonl") == snapshot("""\
### Webhooks at `dev`

**Webhooks**

- `gated` (`Gated`) appears, enabled, leading to `https://hooks.tenant.tld:8443`.
- `users` (`Users`) appears, enabled, leading to `https://tenant.tld`.

**Categories**

- `gated`: `REPORT` starts at `https://hooks.tenant.tld:8443`.
- `users`: `USER, USER_CHECK` starts at `https://tenant.tld`.

**Gates**

- `ready` runs, and looks at `https://hooks.tenant.tld:8443`; `gated` waits for it. Should it stay shut, the up fails.
""")


def test_no_change_is_one_line() -> None:
    assert review("dev", PREVIEWS / "same.jsonl") == snapshot("`dev`: no change.\n")


def test_changes_of_every_kind() -> None:
    assert review("dev", PREVIEWS / "update.jsonl") == snapshot("""\
### Webhooks at `dev`

**Look at first**

- `audit` no longer delivers `every category but POSITION`.
- `orders` no longer delivers `ORDER`.
- `token`: its URL is secret, so it cannot be told here whether it changes.
- `users` is enabled and gets a new URL, at `https://new.tenant.tld`: events go there from then on.
- `kept` is no longer protected from being deleted.

**Webhooks**

- `audit` is disabled.
- `audit`: its exclude_type becomes `ORDER`, from `POSITION`.
- `orders`: its type becomes `EXECUTION`, from `ORDER`.
- `orders`: the delay of its packages becomes `5s`, from `2s`.
- `orders`: the size of its packages becomes `102400`, from `51200`.
- `tax`: its title becomes `` Tax | `2` ``, from `Tax`.
- `tax` is enabled.
- `token` perhaps moves: its URL is (secret).
- `users` moves to `https://new.tenant.tld`, from `https://tenant.tld`.

**Categories**

- `audit`: `every category but POSITION` stops at `https://tenant.tld`.
- `orders`: `ORDER` stops at `https://tenant.tld`.
- `orders`: `EXECUTION` starts at `https://tenant.tld`.
- `tax`: `TAX_COLLECTION` starts at `https://tenant.tld`.
- `users`: `USER, USER_CHECK` stops at `https://tenant.tld`.
- `users`: `USER, USER_CHECK` starts at `https://new.tenant.tld`.

**Errors and warnings**

- Warning: `webhook 'tax': the API may refuse its title: Upvest's newest rule is 1 to 32 of a-z A-Z 0-9 space ()[]{}.-`
""")


def test_a_rename_a_replacement_and_a_delete() -> None:
    assert review("dev", PREVIEWS / "renamed.jsonl") == snapshot("""\
### Webhooks at `dev`

**Look at first**

- `audit` is enabled and is deleted: its events are no longer delivered to `https://tenant.tld`.
- `orders` is enabled and is replaced: events of the time between are not delivered.

**Webhooks**

- `audit` (`Audit`) is deleted; it led to `https://tenant.tld`.
- `customers` is `users` renamed; at Upvest it stays the same webhook.
- `customers`: its title becomes `Customers`, from `Users`.
- `orders` is replaced: deleted, and created anew.

**Categories**

- `audit`: `every category but POSITION` stops at `https://tenant.tld`.

**Errors and warnings**

- Warning: `the webhook audit goes`
""")


def test_a_gate_that_runs_again() -> None:
    assert review("dev", PREVIEWS / "trigger.jsonl") == snapshot("""\
### Webhooks at `dev`

**Gates**

- `ready` runs, and looks at `https://hooks.tenant.tld:8443`; nothing that changes waits for it. Should it stay shut, the up fails.
""")


def test_a_url_that_is_not_known_before_the_up() -> None:
    assert review("dev", PREVIEWS / "unknown.jsonl") == snapshot("""\
### Webhooks at `dev`

**Look at first**

- `users`: not known before the up, and so not reviewed here: `url`.

**Webhooks**

- `first` (`First`) appears, enabled, leading to `https://tenant.tld`.
- `users` moves to (not known before the up), from `https://tenant.tld`.

**Categories**

- `first`: `WITHDRAWAL` starts at `https://tenant.tld`.
- `users`: `USER, USER_CHECK` stops at `https://tenant.tld`.
- `users`: `USER, USER_CHECK` starts at (not known before the up).
""")


def test_what_a_check_refuses() -> None:
    assert review("dev", PREVIEWS / "faulty.jsonl") == snapshot("""\
### Webhooks at `dev`

**Look at first**

- The preview failed: what follows may be a part of what would happen.

**Errors and warnings**

- Error: `pulumi-python:dynamic/upvest:Webhook resource 'users' has a problem: url must start with https://`
""")


def test_what_drifted_at_upvest() -> None:
    assert review("dev", PREVIEWS / "drift.jsonl") == snapshot("""\
### Webhooks at `dev`

**Webhooks**

- `tax` (`Tax`) appears, disabled, leading to `https://tenant.tld`.
- `tax` is gone at Upvest; it led to `https://tenant.tld`.
- `users` is enabled.

**Categories**

- `users`: `USER, USER_CHECK` starts at `https://tenant.tld`.
""")


def test_violations_and_the_risks_of_prod() -> None:
    assert review("prod", PREVIEWS / "policy.jsonl") == snapshot("""\
### Webhooks at `prod`

**Look at first**

- The preview failed: what follows may be a part of what would happen.
- `audit` takes `ALL`: whatever category Upvest adds flows by itself.
- `audit` is enabled in prod without a test delivery (verify is off).
- `audit` is enabled in prod without a gate: nothing proves that its receiver is ready.
- `kept` is enabled in prod without a test delivery (verify is off).
- `kept` is enabled in prod without a gate: nothing proves that its receiver is ready.
- `tax` is disabled in prod: it delivers nothing.
- `token` is enabled in prod without a test delivery (verify is off).
- `token` is enabled in prod without a gate: nothing proves that its receiver is ready.
- `users` is enabled in prod without a test delivery (verify is off).
- `users` is enabled in prod without a gate: nothing proves that its receiver is ready.

**Policies**

- `mandatory`: `prod-names-its-categories` says of `audit`: ``A webhook in prod lists its categories. / audit takes ALL, so whatever category Upvest adds starts to flow by itself / List its categories in type=, or add "audit" to `allowed` in policy/config.json.``
- `mandatory`: `prod-waits-for-gates` says of `audit`: `A webhook that is enabled in prod has a gate. / audit is enabled, and nothing proves that its receiver is ready / Give it gate=EndpointReadiness(...), or enabled=False.`
- `mandatory`: `prod-waits-for-gates` says of `kept`: `A webhook that is enabled in prod has a gate. / kept is enabled, and nothing proves that its receiver is ready / Give it gate=EndpointReadiness(...), or enabled=False.`
- `mandatory`: `prod-waits-for-gates` says of `token`: `A webhook that is enabled in prod has a gate. / token is enabled, and nothing proves that its receiver is ready / Give it gate=EndpointReadiness(...), or enabled=False.`
- `mandatory`: `prod-waits-for-gates` says of `users`: `A webhook that is enabled in prod has a gate. / users is enabled, and nothing proves that its receiver is ready / Give it gate=EndpointReadiness(...), or enabled=False.`
- `mandatory`: `stage-has-its-api` says of `default`: ``Each stage talks to its own Upvest environment, and prod alone to live. / upvest:api is not `live`, as it must be in the stage prod / Set it with `pulumi config set --path 'upvest:api' live`.``
- `advisory`: `prod-tests-deliveries` says of `audit`: `A webhook that is enabled in prod was proven by a test delivery. / audit is enabled without a test delivery of Upvest's / Say verify="require", or verify="after_enable" where Upvest tests enabled webhooks only.`
- `advisory`: `prod-tests-deliveries` says of `kept`: `A webhook that is enabled in prod was proven by a test delivery. / kept is enabled without a test delivery of Upvest's / Say verify="require", or verify="after_enable" where Upvest tests enabled webhooks only.`
- `advisory`: `prod-tests-deliveries` says of `token`: `A webhook that is enabled in prod was proven by a test delivery. / token is enabled without a test delivery of Upvest's / Say verify="require", or verify="after_enable" where Upvest tests enabled webhooks only.`
- `advisory`: `prod-tests-deliveries` says of `users`: `A webhook that is enabled in prod was proven by a test delivery. / users is enabled without a test delivery of Upvest's / Say verify="require", or verify="after_enable" where Upvest tests enabled webhooks only.`

**Webhooks**

- `audit` (`Audit`) appears, enabled, leading to `https://tenant.tld`.
- `kept` (`Kept`) appears, enabled, leading to `https://tenant.tld`.
- `tax` (`Tax`) appears, disabled, leading to `https://tenant.tld`.
- `token` (`Token`) appears, enabled, leading to (secret).
- `users` (`Users`) appears, enabled, leading to `https://tenant.tld`.

**Categories**

- `audit`: `every category but POSITION` starts at `https://tenant.tld`.
- `kept`: `TOPUP` starts at `https://tenant.tld`.
- `token`: `ROLE` starts at (secret).
- `users`: `USER, USER_CHECK` starts at `https://tenant.tld`.
""")


@pytest.mark.parametrize(
    ("name", "is_prod"), [("prod", True), ("eu-prod", True), ("nonprod", False), ("dev", False)]
)
def test_the_name_says_whether_a_stage_is_prod(name: str, is_prod: bool) -> None:
    assert ("in prod" in review(name, PREVIEWS / "create.jsonl")) is is_prod


def test_another_path_of_the_same_host_is_a_move_without_its_path(tmp_path: Path) -> None:
    told = planned(tmp_path, update({}, {"url": "https://tenant.tld/hidden-2"}))
    assert "- `users` moves to another path of `https://tenant.tld`." in told
    assert "- `users` is enabled and gets a new URL, at `https://tenant.tld`" in told
    assert "hidden" not in told


def test_what_the_server_wrote_in_another_form_is_no_change(tmp_path: Path) -> None:
    told = planned(tmp_path, update({}, {"verify": "warn"}, url="https://TENANT.tld:443/hidden", title="users"))
    assert "- `users`: verify becomes `warn`, from `not said`.\n" in told
    assert told.count("- ") == 1


def test_categories_beside_all_that_stop_and_start(tmp_path: Path) -> None:
    told = planned(tmp_path, update({"type": ["ALL"], "exclude_type": ["USER"]}, {"type": ["USER", "ORDER"]}))
    assert "- `users`: `every category but ORDER, USER` stops at `https://tenant.tld`." in told
    assert "- `users`: `USER` starts at `https://tenant.tld`." in told


def test_a_webhook_that_waits_for_a_gate_that_is_shut(tmp_path: Path) -> None:
    gate = {"url": "https://tenant.tld/", "ready": False, "on_timeout": "report"}
    told = planned(tmp_path, update({"enabled": False}, {"gate": gate}))
    assert "- `users` stays as it is, or disabled, for as long as its gate `https://tenant.tld` is shut." in told


def test_an_enabled_webhook_that_is_gone_at_upvest_is_a_risk(tmp_path: Path) -> None:
    gone = {"op": "refresh", "urn": WEBHOOK, "old": {"inputs": FIELDS, "outputs": FIELDS}, "new": None}
    (tmp_path / "events").write_text(
        "\n".join(map(json.dumps, [{"resOutputsEvent": {"metadata": gone}}, {"cancelEvent": {}}]))
    )
    told = review("dev", tmp_path / "events")
    assert "- `users` was enabled and is gone at Upvest: its events reach `https://tenant.tld` no more." in told


def test_other_resources_are_counted(tmp_path: Path) -> None:
    records = [
        {"op": op, "urn": f"urn:pulumi:dev::shop::aws:route53/record:Record::{op}"} for op in ("create", "same")
    ]
    assert planned(tmp_path, *records).endswith(
        "**Other resources**\n\n- `aws:route53/record:Record`: 1 `created`\n"
    )


def test_files_that_are_empty_or_cut_off_fail_no_other(tmp_path: Path) -> None:
    events = (PREVIEWS / "create.jsonl").read_text()
    document = (PREVIEWS / "create.json").read_text()
    texts = {"a": "", "b": events[: events.index("gated") * 2], "c": document[:200], "d": events}
    arguments = []
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        arguments += ["--stage", f"{name}={tmp_path / name}"]
    told = run(*arguments)
    assert told.returncode == 0
    parts = told.stdout.split("### Webhooks at ")[1:]
    assert [part.split("\n")[0] for part in parts] == ["`a`", "`b`", "`c`", "`d`"]
    assert "The file is empty" in parts[0]
    assert "The file is cut off: what follows may be a part" in parts[1]
    assert "The file is cut off, or holds no preview" in parts[2]
    assert "`users` (`Users`) appears" in parts[3]


def test_what_is_too_long_ends_with_a_line_that_says_so(tmp_path: Path) -> None:
    policies = [
        {"policyEvent": {"message": f"{number} {'ä`' * 300}", "policyName": "p", "enforcementLevel": "advisory"}}
        for number in range(200)
    ]
    (tmp_path / "long").write_text("\n".join(map(json.dumps, [*policies, {"cancelEvent": {}}])))
    told = review("dev", tmp_path / "long")
    assert 50_000 < len(told.encode()) < 60_000
    assert told.splitlines()[-1].startswith("*The rest is cut off")


@pytest.mark.parametrize(
    "arguments", [[], ["--stage", "dev"], ["--stage", "=x"], ["--stage", "a=x", "--stage", "a=y"]]
)
def test_a_wrong_call_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["review", *arguments])
    assert ended.value.code == 2


def test_a_file_that_is_not_there_exits_with_1(tmp_path: Path) -> None:
    told = run("--stage", f"dev={tmp_path / 'none'}")
    assert told.returncode == 1
    assert told.stderr.splitlines()[0].endswith("none cannot be read: No such file or directory")
