"""Several accounts of one stack: who each of them is, and which one a webhook is of."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from inline_snapshot import snapshot

from upvest_provider.accounts import Accounts
from upvest_provider.declared import Declarations
from upvest_provider.errors import SettingsError, UpvestError, WrongAccount
from upvest_provider.local import credentials as local_credentials
from upvest_provider.outside import Outside
from upvest_provider.rules import Fault
from upvest_provider.settings import ACCOUNT_MEMBERS, Account, Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOL = "6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11"
BYOL = "0b7a64b2-9a3a-4a43-8f0e-3c3a4f1d2e22"
FORMER = "5d2f0c5e-94a5-4c2c-8c84-9f2f1c5b7f01"
STRANGER = "aaaaaaaa-94a5-4c2c-8c84-9f2f1c5b7f01"
KEY_ID = "11111111-94a5-4c2c-8c84-9f2f1c5b7f01"
PEM = (
    ec.generate_private_key(ec.SECP521R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
TWO: dict[str, Any] = {
    "tol": {"clientId": TOL, "keyId": KEY_ID, "formerClientIds": [FORMER]},
    "byol-de": {"clientId": BYOL, "keyId": KEY_ID, "api": "live"},
}
SECRETS = {
    "UPVEST_TOL_CLIENT_SECRET": "secret of tol",
    "UPVEST_TOL_PRIVATE_KEY": PEM,
    "UPVEST_BYOL_DE_CLIENT_SECRET": "secret of byol",
    "UPVEST_BYOL_DE_PRIVATE_KEY": PEM,
}


def settings(accounts: object = TWO, environ: dict[str, str] | None = None, **config: str) -> Settings:
    stack = {"upvest:api": "sandbox", "upvest:accounts": json.dumps(accounts), **_keys(config)}
    return Settings(stack.get, SECRETS if environ is None else environ)


def accounts_of(stack: Settings) -> Accounts:
    return Accounts(stack, Outside(environ={}), Declarations())


def _keys(config: dict[str, str]) -> dict[str, str]:
    return {f"upvest:{name}": value for name, value in config.items()}


def refusal(call: Callable[[], object], kind: type[UpvestError] = SettingsError) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.fix
    return str(caught.value)


def test_each_account_has_its_own_client_and_may_have_its_own_environment() -> None:
    stack = settings()
    assert stack.names() == ["tol", "byol-de"]
    assert stack.of("tol").account() == Account("sandbox", TOL)
    assert stack.of("byol-de").account() == Account("live", BYOL)


def test_each_account_has_its_own_secrets() -> None:
    stack = settings()
    assert stack.of("tol").credentials().client_secret == "secret of tol"
    assert stack.of("byol-de").credentials().client_secret == "secret of byol"
    assert stack.of("byol-de").credentials().base_url == "https://api.upvest.co"


def test_the_secrets_of_an_account_may_stand_encrypted_in_the_stack() -> None:
    stack = settings({"tol": {**TWO["tol"], "clientSecret": "encrypted", "privateKey": PEM}}, {})
    assert stack.of("tol").credentials().client_secret == "encrypted"


def test_the_only_account_is_meant_where_none_is_named() -> None:
    assert settings({"tol": TWO["tol"]}).of(None).account() == Account("sandbox", TOL)


def test_a_stack_without_names_has_one_account_without_a_name() -> None:
    stack = Settings({"upvest:api": "sandbox", "upvest:clientId": TOL}.get, {})
    assert stack.names() == []
    assert stack.of(None).account() == Account("sandbox", TOL)


@pytest.mark.parametrize(
    ("accounts", "name", "told"),
    [
        pytest.param(
            TWO,
            None,
            snapshot("""\
no account is named, and the stack has several: tol, byol-de
Name one, as account="tol".\
"""),
            id="none of several",
        ),
        pytest.param(
            TWO,
            "omnibus",
            snapshot("""\
upvest:accounts has no 'omnibus'; it has tol, byol-de
Set it with `pulumi config set --path 'upvest:accounts.omnibus.clientId' UUID`, or name another.\
"""),
            id="an unknown one",
        ),
        pytest.param(
            {},
            "tol",
            snapshot("""\
upvest:accounts is not set
Set it with `pulumi config set --path 'upvest:accounts.tol.clientId' UUID`, or name another.\
"""),
            id="one where there are none",
        ),
    ],
)
def test_an_account_that_is_not_there_is_told(accounts: object, name: str | None, told: str) -> None:
    assert refusal(lambda: settings(accounts).of(name)) == told


@pytest.mark.parametrize(
    ("accounts", "config", "told"),
    [
        pytest.param(
            ["tol"],
            {},
            snapshot("""\
upvest:accounts is no mapping of names to accounts
Set it with `pulumi config set --path 'upvest:accounts.NAME.clientId' UUID`.\
"""),
            id="a list",
        ),
        pytest.param(
            {"tol": TOL},
            {},
            snapshot("""\
upvest:accounts is no mapping of names to accounts
Set it with `pulumi config set --path 'upvest:accounts.NAME.clientId' UUID`.\
"""),
            id="an id in place of an account",
        ),
        pytest.param(
            {"Tol_1": {"clientId": TOL}},
            {},
            snapshot("""\
an account is called 'Tol_1', and their names are of lower-case letters, digits and single hyphens
Rename it, in upvest:accounts too.\
"""),
            id="a name with two forms",
        ),
        pytest.param(
            {"tol": {"client_id": TOL}},
            {},
            snapshot("""\
upvest:accounts.tol has 'client_id', and an account has api, clientId, keyId, formerClientIds, clientSecret, privateKey, privateKeyPassphrase
Correct upvest:accounts.tol in the stack's file.\
"""),
            id="a misspelt member",
        ),
        pytest.param(
            {"tol": {"clientId": TOL}, "again": {"clientId": TOL.upper()}},
            {},
            snapshot("""\
upvest:accounts has one client twice: tol and again both are 6F1D7E0C-5B0E-4F3A-9D51-0A4C1C2F9B11
Remove again from upvest:accounts, and use account='tol'.\
"""),
            id="one client twice",
        ),
        pytest.param(
            TWO,
            {"clientId": TOL},
            snapshot("""\
upvest:clientId and upvest:accounts are both set, so whose webhooks are meant is not known
Remove it with `pulumi config rm upvest:clientId`: each account has its own.\
"""),
            id="an account without a name besides",
        ),
    ],
)
def test_accounts_that_cannot_be_meant_are_refused(accounts: object, config: dict[str, str], told: str) -> None:
    assert refusal(lambda: settings(accounts, None, **config).names()) == told


@pytest.mark.parametrize("member", [member for member in ACCOUNT_MEMBERS if member != "formerClientIds"])
def test_a_member_that_is_no_text_is_named(member: str) -> None:
    stack = settings({"tol": {**TWO["tol"], "clientSecret": "s", "privateKey": PEM, member: 17}}, {})
    assert f"upvest:accounts.tol.{member} is no text" in refusal(stack.of("tol").credentials)


@pytest.mark.parametrize(
    ("accounts", "environ", "told"),
    [
        pytest.param(
            {"tol": {"keyId": KEY_ID}},
            {},
            snapshot("""\
upvest:accounts.tol.clientId is not set
Set it with `pulumi config set --path 'upvest:accounts.tol.clientId' UUID`, as Upvest gave it to you.\
"""),
            id="no client",
        ),
        pytest.param(
            TWO,
            {"UPVEST_CLIENT_SECRET": "of nobody", "UPVEST_TOL_PRIVATE_KEY": PEM},
            snapshot("""\
UPVEST_TOL_CLIENT_SECRET is not set, nor is upvest:accounts.tol.clientSecret in the stack's configuration
Set UPVEST_TOL_CLIENT_SECRET in the environment, or run `pulumi config set --secret --path 'upvest:accounts.tol.clientSecret'`.\
"""),
            id="the secret of no account",
        ),
        pytest.param(
            TWO,
            {"UPVEST_TOL_CLIENT_SECRET": "s"},
            snapshot("""\
no private key: neither UPVEST_TOL_PRIVATE_KEY nor UPVEST_TOL_PRIVATE_KEY_FILE is set, nor upvest:accounts.tol.privateKey
Set UPVEST_TOL_PRIVATE_KEY_FILE to the PEM file whose public half Upvest holds.\
"""),
            id="no key",
        ),
        pytest.param(
            TWO,
            {"UPVEST_TOL_CLIENT_ID": BYOL},
            snapshot("""\
UPVEST_TOL_CLIENT_ID in the environment (0b7a64b2-9a3a-4a43-8f0e-3c3a4f1d2e22) contradicts upvest:accounts.tol.clientId of the stack (6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11)
Unset UPVEST_TOL_CLIENT_ID: the stack's file decides.\
"""),
            id="another client",
        ),
        pytest.param(
            TWO,
            {"UPVEST_API": "live"},
            snapshot("""\
UPVEST_API in the environment (live) contradicts upvest:accounts.tol.api of the stack (sandbox)
Unset UPVEST_API: the stack's file decides.\
"""),
            id="another environment for all",
        ),
        pytest.param(
            TWO,
            {"UPVEST_TOL_API": "live"},
            snapshot("""\
UPVEST_TOL_API in the environment (live) contradicts upvest:accounts.tol.api of the stack (sandbox)
Unset UPVEST_TOL_API: the stack's file decides.\
"""),
            id="another environment for one",
        ),
    ],
)
def test_what_an_account_lacks_is_named_as_its_own(accounts: object, environ: dict[str, str], told: str) -> None:
    assert refusal(settings(accounts, environ).of("tol").credentials) == told


def test_the_same_client_of_another_environment_is_another_account() -> None:
    assert settings().of_owner(Account("live", TOL)) is None


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Account("sandbox", TOL), "tol"),
        (Account("sandbox", FORMER), "tol"),
        (Account("live", BYOL), "byol-de"),
        (Account("sandbox", BYOL), None),
        (Account("sandbox", STRANGER), None),
    ],
)
def test_an_owner_is_found_by_who_it_is(owner: Account, name: str | None) -> None:
    found = settings().of_owner(owner)
    assert (found.name if found else None) == name


def test_an_incomplete_account_does_not_hide_another() -> None:
    stack = settings({"unfinished": {}, **TWO})
    found = stack.of_owner(Account("sandbox", TOL))
    assert found is not None
    assert found.name == "tol"


@pytest.mark.parametrize(
    ("accounts", "name", "faults"),
    [
        (TWO, "tol", []),
        (TWO, None, [Fault("account", "must be one of tol, byol-de")]),
        (TWO, "omnibus", [Fault("account", "must be one of tol, byol-de (upvest:accounts of the stack)")]),
        ({"tol": TWO["tol"]}, None, []),
        ({}, None, []),
        ({}, "tol", [Fault("account", "must not be given: the stack has no upvest:accounts")]),
    ],
)
def test_a_webhook_must_name_an_account_that_the_stack_has(
    accounts: object, name: str | None, faults: list[Fault]
) -> None:
    assert accounts_of(settings(accounts)).faults(name) == faults


def state(owner: Account) -> dict[str, str]:
    return {"api": owner.api, "client_id": owner.client_id}


def test_a_webhook_may_change_the_name_of_its_account_but_not_the_account() -> None:
    accounts = accounts_of(settings())
    accounts.refuse_other("id-1", state(Account("sandbox", TOL)), "tol")
    accounts.refuse_other("id-1", state(Account("sandbox", FORMER)), "tol")
    assert refusal(
        lambda: accounts.refuse_other("id-1", state(Account("sandbox", TOL)), "byol-de"), WrongAccount
    ) == snapshot("""\
webhook id-1 belongs to client 6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11 of sandbox, and account='byol-de' is client 0b7a64b2-9a3a-4a43-8f0e-3c3a4f1d2e22 of live
Nothing was sent: a webhook cannot move from one account to another.
Give it another resource name: then it is created there, and deleted here.\
""")


def test_a_webhook_of_no_account_of_the_stack_is_left_alone() -> None:
    accounts = accounts_of(settings({**TWO, "new": {}}))
    owner = state(Account("sandbox", STRANGER))
    told = refusal(lambda: accounts.holding("id-1", owner), WrongAccount)
    assert told == snapshot("""\
webhook id-1 belongs to client aaaaaaaa-94a5-4c2c-8c84-9f2f1c5b7f01 of sandbox, and the settings name tol: client 6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11 of sandbox, byol-de: client 0b7a64b2-9a3a-4a43-8f0e-3c3a4f1d2e22 of live, new: incomplete
Nothing was sent: under another account the webhook would look deleted.
If Upvest gave the same account a new client id, list the old one in its `formerClientIds` (a refresh needs --run-program then).
Set the api of one of upvest:accounts to sandbox and its clientId to aaaaaaaa-94a5-4c2c-8c84-9f2f1c5b7f01 in this stack.\
""")
    assert refusal(lambda: accounts.refuse_other("id-1", owner, "tol"), WrongAccount) == told


def test_a_webhook_of_another_local_state_is_left_alone_and_found_again_with_its_state(tmp_path: Path) -> None:
    then, now = tmp_path / "then", tmp_path / "now"
    for folder in (then, now):
        folder.mkdir()
        local_credentials.load_or_create(folder, "http://127.0.0.1:8790")

    def ids(folder: Path) -> str:
        return str(json.loads((folder / "credentials.json").read_text())["client_id"])

    def accounts(folder: Path) -> Accounts:
        return accounts_of(Settings({"upvest:api": "local"}.get, {"UPVEST_LOCAL_STATE": str(folder)}))

    owner = state(Account("local", ids(then)))
    told = refusal(lambda: accounts(now).holding("id-1", owner), WrongAccount)
    assert told.replace(ids(then), "THEN").replace(ids(now), "NOW") == snapshot("""\
webhook id-1 belongs to client THEN of local, and the settings name client NOW of local
Nothing was sent: under another account the webhook would look deleted.
A local API keeps its clients in its state: it ran on another one then, or that was removed.
Set upvest:api to local and UPVEST_LOCAL_STATE to the state that has this client; if that is gone, run `pulumi state delete URN`.\
""")
    assert refusal(lambda: accounts(now).refuse_other("id-1", owner, None), WrongAccount) == told
    accounts(then).refuse_other("id-1", owner, None)


def test_a_client_id_that_is_no_uuid_is_not_shown_where_another_is_needed() -> None:
    secret = "hunter2-client-secret"
    accounts = accounts_of(settings({"tol": {"clientId": secret}, "again": {}}))
    told = refusal(lambda: accounts.holding("id-1", state(Account("sandbox", TOL))), WrongAccount)
    assert secret not in told
    assert "the settings name tol: incomplete, again: incomplete" in told
    twice = settings({"tol": {"clientId": secret}, "again": {"clientId": secret}})
    assert secret not in refusal(twice.names)


def test_an_account_of_an_environment_that_is_not_known_yet_refuses_nothing_offline() -> None:
    accounts = accounts_of(settings({"new": {}}))
    accounts.refuse_other("id-1", state(Account("sandbox", TOL)), "new")


def test_every_account_that_is_connected_has_its_own_subscriptions() -> None:
    accounts = Accounts(settings(), Outside(environ=SECRETS), Declarations())
    tol, _ = accounts.named("tol")
    byol, _ = accounts.named("byol-de")
    assert tol is not byol
    assert accounts.named("tol")[0] is tol
    assert accounts.holding("id-1", state(Account("sandbox", FORMER)))[0] is tol
    assert accounts.holding("id-1", {"account": "byol-de"})[0] is byol


@pytest.mark.parametrize("form", [str, str.upper, lambda text: text.replace("-", "")])
def test_a_client_id_is_the_same_in_every_form(form: Callable[[str], str]) -> None:
    some = str(uuid.uuid4())
    stack = settings({"tol": {"clientId": form(some), "keyId": KEY_ID}})
    assert stack.of_owner(Account("sandbox", some)) is not None
