from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from upvest_provider.errors import SettingsError, UpvestError
from upvest_provider.local import Behaviour, ControlClient, LocalUpvest, load_behaviour, received_events
from upvest_provider.local.behaviour import FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.local.conftest import Caller, Clock, Reply
    from upvest_provider.local import Credentials

    Behave = Callable[..., None]

URL = "https://hooks.tenant.tld/users"


@pytest.fixture
def behave(upvest: LocalUpvest) -> Behave:
    """Changes some answers."""

    def behave(**answers: Any) -> None:  # noqa: ANN401 - those of `Behaviour`
        upvest.behaviour = replace(upvest.behaviour, **answers)

    return behave


def patch(client: Caller, webhook: dict[str, Any], **changes: object) -> Any:  # noqa: ANN401 - JSON
    reply = client.call("PATCH", f"/webhooks/{webhook['id']}", changes)
    assert reply.status == 200, reply.json
    return reply.json


def post(client: Caller, **members: object) -> Reply:
    return client.call("POST", "/webhooks", {"title": "t", "url": URL, **members})


def is_taken(reply: Reply) -> bool:
    assert reply.status in (201, 400)
    return reply.status == 201


class TestWrites:
    @pytest.mark.parametrize(("answer", "size"), [("merged", 100), ("replaced", 51200)])
    def test_a_partial_config(self, client: Caller, behave: Behave, answer: str, size: int) -> None:
        behave(config_patch=answer)
        webhook = client.create(config={"delay": "9s", "max_package_size": 100})
        assert patch(client, webhook, title="T")["config"] == webhook["config"]
        changed = patch(client, webhook, config={"delay": "8s"})
        assert changed["config"] == {"delay": "8s", "max_package_size": size}

    @pytest.mark.parametrize(("answer", "type_"), [("kept", ["USER"]), ("all", ["ALL"])])
    def test_a_change_without_a_type(self, client: Caller, behave: Behave, answer: str, type_: list[str]) -> None:
        behave(patch_without_type=answer)
        webhook = client.create(type=["USER"])
        assert patch(client, webhook, title="T")["type"] == type_
        assert patch(client, webhook, type=["ORDER"])["type"] == ["ORDER"]

    @pytest.mark.parametrize(("answer", "enabled"), [("kept", True), ("disables", False)])
    def test_a_changed_url(self, client: Caller, behave: Behave, answer: str, enabled: bool) -> None:
        behave(url_change=answer)
        webhook = client.create()
        patch(client, webhook, enabled=True)
        assert patch(client, webhook, url=URL, title="T")["enabled"] is True
        assert patch(client, webhook, url=f"{URL}/2", enabled=True)["enabled"] is True
        assert patch(client, webhook, url=f"{URL}/3")["enabled"] is enabled

    @pytest.mark.parametrize(
        ("answer", "url"),
        [
            ("kept", "https://User@Hooks.Tenant.TLD:8443/Users?A"),
            ("lowered", "https://User@hooks.tenant.tld:8443/Users?A"),
        ],
    )
    def test_the_host_of_a_url(self, client: Caller, behave: Behave, answer: str, url: str) -> None:
        behave(url_host=answer)
        webhook = client.create(url="https://User@Hooks.Tenant.TLD:8443/Users?A")
        assert webhook["url"] == url
        assert patch(client, webhook, url="https://User@Hooks.Tenant.TLD:8443/Users?A")["url"] == url

    @pytest.mark.parametrize(
        ("answer", "type_"), [("kept", ["USER", "ACCOUNT", "ORDER"]), ("sorted", ["ACCOUNT", "ORDER", "USER"])]
    )
    def test_the_order_of_types(self, client: Caller, behave: Behave, answer: str, type_: list[str]) -> None:
        behave(type_order=answer)
        sent = ["USER", "ACCOUNT", "ORDER"]
        webhook = client.create(type=sent, exclude_type=sent)
        assert (webhook["type"], webhook["exclude_type"]) == (type_, type_)
        assert patch(client, webhook, type=sent)["type"] == type_

    def test_defaults(self, client: Caller, behave: Behave) -> None:
        behave(default_delay="5s", default_max_package_size=10240)
        assert client.create()["config"] == {"delay": "5s", "max_package_size": 10240}
        assert client.create(config={"delay": "9s"})["config"] == {"delay": "9s", "max_package_size": 10240}


class TestDuplicates:
    @pytest.mark.parametrize("member", ["url", "title"])
    def test_are_refused(self, client: Caller, behave: Behave, member: str) -> None:
        client.create()
        behave(**{f"duplicate_{member}": "refused"})
        first, second = client.create(title="1", url=f"{URL}/1"), client.create(title="2", url=f"{URL}/2")
        detail = f"{member}: webhook {first['id']} has it already."
        again = {"title": "3", "url": f"{URL}/3", member: first[member]}
        assert client.call("POST", "/webhooks", again).refusal == (409, detail)
        change = client.call("PATCH", f"/webhooks/{second['id']}", {member: first[member]})
        assert change.refusal == (409, detail)
        assert patch(client, first, **{member: first[member]})[member] == first[member]
        other = "title" if member == "url" else "url"
        assert patch(client, second, **{other: first[other]})[other] == first[other]
        assert [each[member] for each in client.call("GET", "/webhooks").json["data"]][1:] == [
            first[member],
            second[member],
        ]

    @pytest.mark.parametrize("member", ["url", "title"])
    def test_are_allowed(self, client: Caller, member: str) -> None:
        first = client.create()
        assert client.create()[member] == first[member]

    def test_that_are_there_already_can_be_changed_otherwise(self, client: Caller, behave: Behave) -> None:
        first, _ = client.create(), client.create()
        behave(duplicate_url="refused", duplicate_title="refused")
        assert patch(client, first, enabled=True)["enabled"] is True

    def test_are_found_in_the_form_that_is_kept(self, client: Caller, behave: Behave) -> None:
        behave(duplicate_url="refused", url_host="lowered")
        client.create()
        assert post(client, url="https://HOOKS.tenant.tld/users").status == 409


class TestRules:
    @pytest.mark.parametrize(
        ("answer", "title", "taken"),
        [
            ("100", "x" * 100, True),
            ("100", "Börse: 1\n2", True),
            ("100", "x" * 101, False),
            ("32", "x" * 32, True),
            ("32", "Az09 ()[]{}.-", True),
            ("32", "x" * 33, False),
            ("32", "a_b", False),
            ("32", "", False),
        ],
    )
    def test_titles(self, client: Caller, behave: Behave, answer: str, title: str, taken: bool) -> None:
        behave(title_rule=answer)
        assert is_taken(post(client, title=title)) is taken

    @pytest.mark.parametrize(
        ("answer", "delay", "kept"),
        [
            ("seconds", "30s", "30s"),
            ("seconds", "31s", None),
            ("seconds", "60s", None),
            ("seconds", "1m", None),
            ("minutes", "1s", "1s"),
            ("minutes", "59s", "59s"),
            ("minutes", "60s", "1m"),
            ("minutes", "90s", "90s"),
            ("minutes", "1m", "1m"),
            ("minutes", "99m", "99m"),
            ("minutes", "100s", None),
            ("minutes", "0s", None),
        ],
    )
    def test_delays(self, client: Caller, behave: Behave, answer: str, delay: str, kept: str | None) -> None:
        behave(delay_rule=answer)
        reply = post(client, config={"delay": delay})
        assert is_taken(reply) is (kept is not None)
        if kept:
            assert reply.json["config"]["delay"] == kept
            assert patch(client, reply.json, config={"delay": delay})["config"]["delay"] == kept

    @pytest.mark.parametrize(
        ("answer", "members", "taken"),
        [
            ({"unknown_category": "refused"}, {"type": ["LATER"]}, False),
            ({"unknown_category": "refused"}, {"exclude_type": ["LATER"]}, False),
            ({"unknown_category": "accepted"}, {"type": ["USER", "LATER"]}, True),
            ({"unknown_category": "accepted"}, {"exclude_type": ["LATER"]}, True),
            ({"unknown_category": "accepted"}, {"exclude_type": ["ALL"]}, False),
            ({"unknown_category": "accepted"}, {"type": [1]}, False),
            ({"all_beside_others": "accepted"}, {"type": ["ALL", "USER"]}, True),
            ({"all_beside_others": "refused"}, {"type": ["ALL", "USER"]}, False),
            ({"all_beside_others": "refused"}, {"type": ["ALL"]}, True),
            ({"empty_type": "accepted"}, {"type": []}, True),
            ({"empty_type": "refused"}, {"type": []}, False),
            ({"empty_type": "refused"}, {"exclude_type": []}, True),
        ],
        ids=str,
    )
    def test_categories(
        self, client: Caller, behave: Behave, answer: dict[str, str], members: dict[str, object], taken: bool
    ) -> None:
        behave(**answer)
        assert is_taken(post(client, **members)) is taken

    def test_what_an_account_holds_already_is_read_and_changed_as_it_is(
        self, upvest: LocalUpvest, client: Caller, behave: Behave
    ) -> None:
        behave(
            title_rule="32",
            all_beside_others="refused",
            empty_type="refused",
            url_host="lowered",
            type_order="sorted",
        )
        webhook = client.create()
        old = {
            "title": "An older title " * 10,
            "url": "https://HOOKS.tenant.tld",
            "type": ["USER", "ALL"],
            "exclude_type": ["LATER", "EARLIER"],
            "config": {"delay": "60s", "max_package_size": 1},
        }
        upvest.store.save_webhook({**webhook, **old})
        assert client.call("GET", f"/webhooks/{webhook['id']}").json == {**webhook, **old}
        changed = patch(client, webhook, enabled=True)
        assert {name: changed[name] for name in old} == old


class TestTest:
    @pytest.mark.parametrize(("answer", "status"), [("sent", 200), ("refused", 409)])
    def test_of_a_disabled_webhook(self, client: Caller, behave: Behave, answer: str, status: int) -> None:
        behave(disabled_webhook_test=answer)
        webhook = client.create()
        test = f"/webhooks/{webhook['id']}/test"
        assert client.call("POST", test).status == status
        patch(client, webhook, enabled=True)
        assert client.call("POST", test).status == 200

    def test_is_delivered_after_a_202_without_a_body(
        self, clock_of_today: Clock, state: Path, make_caller: Callable[[Credentials, Callable[[], float]], Caller]
    ) -> None:
        behaviour = replace(load_behaviour(), test_answer=202)
        with LocalUpvest(state, clock=clock_of_today, behaviour=behaviour) as upvest:
            control = ControlClient(state)
            control.put("dns", "hooks.tenant.tld", "A", values=["127.0.0.1"])
            control.put("certificates", "hooks.tenant.tld")
            control.put("listeners", "hooks.tenant.tld")
            client = make_caller(upvest.credentials, clock_of_today).log_in()
            webhook = client.create(url=f"https://hooks.tenant.tld:{upvest.world.receiver.port}/users")
            reply = client.call("POST", f"/webhooks/{webhook['id']}/test")
            assert (reply.status, reply.body) == (202, b"")
        # Closing waits for what is under way.
        assert [event.type for event in received_events(state)] == ["WEBHOOK.TEST"]


class TestReads:
    @pytest.mark.parametrize(("answer", "status"), [(True, 200), (False, 403)])
    def test_admin(self, stranger: Caller, behave: Behave, answer: bool, status: int) -> None:
        behave(admin_reads=answer)
        stranger.scope = "webhooks:admin"
        client = stranger.log_in()
        assert client.call("GET", "/webhooks").status == status
        assert post(client).status == 201
        client.scope = "webhooks:read"
        assert client.log_in().call("GET", "/webhooks").status == 200

    def test_unknown_fields(self, client: Caller, behave: Behave) -> None:
        webhook = client.create()
        behave(unknown_fields="added")
        path, added = f"/webhooks/{webhook['id']}", {"undocumented": {"since": "today"}}
        more = {**webhook, "config": {**webhook["config"], **added}, **added}
        assert client.call("GET", path).json == more
        found = client.call("GET", "/webhooks").json
        assert (found["data"], found["meta"]["undocumented"]) == ([more], added["undocumented"])
        for reply in (post(client), client.call("PATCH", path, {"title": "T"})):
            assert (reply.json["undocumented"], reply.json["config"]["undocumented"]) == (
                added["undocumented"],
            ) * 2
        behave(unknown_fields="none")
        assert "undocumented" not in client.call("GET", "/webhooks").body.decode()

    def test_a_list_that_lies_behind(self, client: Caller, clock: Clock, behave: Behave) -> None:
        behave(list_lag=2.0)
        webhook = client.create()
        seen = []
        for seconds in (1, 0.9, 0.1):
            clock.now += seconds
            seen.append(client.call("GET", "/webhooks").json["meta"]["total_count"])
            assert client.call("GET", f"/webhooks/{webhook['id']}").status == 200
        assert seen == [0, 0, 1]

    def test_the_reading_of_one_that_lies_behind(self, client: Caller, clock: Clock, behave: Behave) -> None:
        behave(get_lag=2.0)
        path = f"/webhooks/{client.create()['id']}"
        assert client.call("GET", path).status == 404
        clock.now += 2
        changed = client.call("PATCH", path, {"title": "T"}).json
        assert client.call("GET", path).json["title"] == "User webhook"
        assert client.call("GET", "/webhooks").json["data"] == [changed]
        clock.now += 2
        assert client.call("DELETE", path).status == 204
        assert client.call("GET", path).json == changed
        assert client.call("PATCH", path, {"title": "U"}).status == 404
        clock.now += 2
        assert client.call("GET", path).status == 404

    @pytest.mark.parametrize(("ahead", "status"), [(5, 200), (6, 401)])
    def test_a_signature_from_the_future(self, client: Caller, behave: Behave, ahead: int, status: int) -> None:
        behave(created_skew=5)
        created = int(client.clock()) + ahead
        assert client.call("GET", "/webhooks", params=client.params(created=created)).status == status


class TestFile:
    def test_it_names_each_answer_in_the_order_of_their_description(self) -> None:
        document = json.loads(FILE.read_text())
        assert list(document) == ["checked_on", "against", "api_version", "answers"]
        assert list(document["answers"]) == [field.name for field in fields(Behaviour)]
        assert asdict(load_behaviour()) == document["answers"]

    def test_it_is_how_the_api_behaves_where_nothing_else_is_said(self, upvest: LocalUpvest) -> None:
        assert upvest.behaviour == load_behaviour()

    @pytest.mark.parametrize(
        ("change", "cause"),
        [
            ({"config_patch": "kept"}, "config_patch: Input should be 'merged' or 'replaced'"),
            ({"test_answer": "200"}, "test_answer: Input should be 200 or 202"),
            ({"default_delay": "1"}, "default_delay: String should match pattern '^[1-9][0-9]?[sm]$'"),
            (
                {"default_max_package_size": 99},
                "default_max_package_size: Input should be greater than or equal to 100",
            ),
            ({"admin_reads": 1}, "admin_reads: Input should be a valid boolean"),
            ({"list_lag": 601}, "list_lag: Input should be less than or equal to 600"),
            ({"created_skew": 1.5}, "created_skew: Input should be a valid integer"),
            ({"get_lags": 1}, "get_lags: Unexpected keyword argument"),
        ],
        ids=str,
    )
    def test_an_answer_that_is_none_is_named(self, tmp_path: Path, change: dict[str, object], cause: str) -> None:
        file = tmp_path / "behaviour.json"
        file.write_text(json.dumps({"answers": asdict(load_behaviour()) | change}))
        with pytest.raises(SettingsError) as caught:
            load_behaviour(file)
        assert (
            str(caught.value) == f"{file} does not say how the local API behaves: {cause}\nCorrect what it names."
        )

    @pytest.mark.parametrize(
        ("text", "cause"),
        [
            ('{"answers": {}}', "config_patch: Field required; patch_without_type: Field required; "),
            ("{}", "KeyError: 'answers'"),
            ("[]", "TypeError: "),
            ("{", "JSONDecodeError: "),
            (None, "FileNotFoundError: "),
        ],
    )
    def test_a_file_that_is_none_is_named(self, tmp_path: Path, text: str | None, cause: str) -> None:
        file = tmp_path / "behaviour.json"
        if text is not None:
            file.write_text(text)
        with pytest.raises(SettingsError) as caught:
            load_behaviour(file)
        assert caught.value.summary.startswith(f"{file} does not say how the local API behaves: {cause}")


class TestFromOutside:
    def test_answers_can_be_changed(self, upvest: LocalUpvest, control: ControlClient) -> None:
        before = control.behaviour()
        assert before == asdict(load_behaviour())
        assert control.behave(list_lag=2, title_rule="32") == before | {"list_lag": 2.0, "title_rule": "32"}
        assert upvest.behaviour.title_rule == "32"
        assert control.behaviour()["list_lag"] == 2

    @pytest.mark.parametrize(
        ("answers", "detail"),
        [
            ({"title_rule": "33"}, "title_rule: Input should be '100' or '32'"),
            ({"titles": "32"}, "titles: Unexpected keyword argument"),
        ],
    )
    def test_an_answer_that_is_none_is_named_and_changes_nothing(
        self, control: ControlClient, answers: dict[str, str], detail: str
    ) -> None:
        before = control.behaviour()
        with pytest.raises(UpvestError, match=f"the local API refused: {detail}"):
            control.behave(**answers)
        assert control.behaviour() == before
