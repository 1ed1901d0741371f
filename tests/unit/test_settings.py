from __future__ import annotations

import base64
import dataclasses
import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from upvest_provider.errors import SettingsError
from upvest_provider.local import credentials as local_credentials
from upvest_provider.settings import CREDENTIALS_MEMBERS, Account, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "canary-9f1c"
CLIENT_ID = "6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11"
KEY_ID = "0b7a64b2-9a3a-4a43-8f0e-3c3a4f1d2e22"
PASSPHRASE = f"passphrase {CANARY}"

CONFIG = {"upvest:api": "sandbox", "upvest:clientId": CLIENT_ID, "upvest:keyId": KEY_ID}

P521 = ec.generate_private_key(ec.SECP521R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


def pem_of(
    key: ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | rsa.RSAPrivateKey
    | x25519.X25519PrivateKey = P521,
    form: PrivateFormat = PrivateFormat.PKCS8,
    passphrase: str = "",
) -> str:
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, encryption).decode()


PEM = pem_of()
SECRETS = {"UPVEST_CLIENT_SECRET": CANARY, "UPVEST_PRIVATE_KEY": PEM}


def settings(config: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> Settings:
    return Settings((CONFIG if config is None else config).get, SECRETS if environ is None else environ)


def refusal(call: Callable[[], object], directory: Path | None = None) -> str:
    """What the person at the terminal reads; `directory` becomes `DIR`."""
    with pytest.raises(SettingsError) as caught:
        call()
    text = str(caught.value)
    assert CANARY not in text
    assert caught.value.fix
    assert caught.value.__cause__ is None
    return text.replace(str(directory), "DIR") if directory else text


def accepts(settings: Settings, key: ec.EllipticCurvePrivateKey = P521) -> bool:
    """Whether the credentials sign with this key."""
    signature = settings.credentials().signing_key.sign(b"message")
    key.public_key().verify(signature, b"message", ec.ECDSA(SHA512()))
    return True


@pytest.mark.parametrize("api", ["", "  "])
def test_an_empty_environment_is_asked_for(api: str) -> None:
    assert refusal(settings(CONFIG | {"upvest:api": api}).account) == snapshot("""\
upvest:api is not set: which Upvest environment holds the webhooks is not known
Set it with `pulumi config set upvest:api sandbox` (or `live`, or `local`).\
""")


@pytest.mark.parametrize(
    ("api", "shown"),
    [
        ("staging", "staging"),
        ("Sandbox", "Sandbox"),
        ("sandbox.upvest.co", "sandbox.upvest.co"),
        ("https://", "https:"),
        (f"https:///{CANARY}", "https://…"),
        (f"ftp://api.example/{CANARY}", "ftp://api.example…"),
        (f"ftp://me:{CANARY}@api.example", "ftp://…"),
        (f"api.example/{CANARY}", "api.example…"),
        (f"me:{CANARY}@api.example", "…"),
        ("https://api.example:port", "https://api.example:port"),
        ("https://api.example:65536", "https://api.example:65536"),
        ("https://api..example", "https://api..example"),
        ("https://api example", "https://api example"),
        ("https://schlüssel.example", "https://schlüssel.example"),
        (f"https://[::1/{CANARY}", "https://[::1…"),
    ],
)
def test_what_is_no_environment_is_shown_without_path_and_user(api: str, shown: str) -> None:
    message = refusal(settings(CONFIG | {"upvest:api": api}).credentials).replace(repr(shown), "SHOWN")

    assert message == snapshot("""\
upvest:api is SHOWN, which is neither `local`, `sandbox` or `live` nor a https URL
Set it with `pulumi config set upvest:api sandbox` (or `live`, or `local`).\
""")


@pytest.mark.parametrize(
    ("api", "host"), [("http://api.example", "api.example"), ("http://10.0.0.1:80", "10.0.0.1")]
)
def test_plain_http_beyond_loopback_is_refused(api: str, host: str) -> None:
    assert refusal(settings(CONFIG | {"upvest:api": api}).account).replace(host, "HOST") == snapshot("""\
upvest:api is http://HOST: credentials would travel unencrypted
Set upvest:api to the https URL; plain http is for loopback only.\
""")


@pytest.mark.parametrize(
    ("user", "more"),
    [
        ("", "/v1"),
        ("", f"/{CANARY}"),
        ("", f"?token={CANARY}"),
        ("", f"/?token={CANARY}"),
        ("", f"#{CANARY}"),
        ("@", ""),
        (f"{CANARY}@", "/"),
        (f"me:{CANARY}@", ""),
        (f"me:{CANARY}@", f"/{CANARY}#{CANARY}"),
    ],
)
def test_an_environment_with_more_than_an_origin_is_refused(user: str, more: str) -> None:
    api = f"https://{user}api.example:8443{more}"

    assert refusal(settings(CONFIG | {"upvest:api": api}).account) == snapshot("""\
upvest:api has more than scheme, host and port (https://api.example…)
Set it to https://api.example:8443.\
""")


@pytest.mark.parametrize("key", ["upvest:clientId", "upvest:keyId"])
@pytest.mark.parametrize("value", ["", " "])
def test_a_missing_id_is_named(key: str, value: str) -> None:
    assert refusal(settings(CONFIG | {key: value}).credentials).replace(key, "KEY") == snapshot("""\
KEY is not set
Set it with `pulumi config set KEY UUID`, as Upvest gave it to you.\
""")


@pytest.mark.parametrize("key", ["upvest:clientId", "upvest:keyId"])
@pytest.mark.parametrize(
    "value", ["tenant", CLIENT_ID[:-1], f"{CLIENT_ID}0", CLIENT_ID.replace("6", "g"), CANARY, PEM, "canary!" * 8]
)
def test_an_id_that_is_no_uuid_is_named_and_not_shown(key: str, value: str) -> None:
    message = refusal(settings(CONFIG | {key: value}).credentials).replace(key, "KEY")

    assert message == snapshot("""\
KEY is no UUID, and Upvest's ids are UUIDs
Correct KEY in the stack's file.\
""")


def test_a_client_id_that_is_no_uuid_is_nobodys() -> None:
    assert settings(CONFIG | {"upvest:clientId": CANARY}).known_account() is None


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        pytest.param({"upvest:clientId": "secret of 32 characters, no UUID"}, {}, id="client id"),
        pytest.param({}, {"UPVEST_PRIVATE_KEY_FILE": "TUlIY0FnRUJCRUlB", "UPVEST_PRIVATE_KEY": ""}, id="key file"),
        pytest.param({}, {"UPVEST_CLIENT_SECRET": "secret\udcff"}, id="client secret"),
    ],
)
def test_no_error_beneath_holds_what_is_not_shown(config: dict[str, str], environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(CONFIG | config, SECRETS | environ).credentials()

    assert caught.value.__context__ is None


def test_a_stack_without_any_setting_is_asked_for_its_environment() -> None:
    assert refusal(settings({}).account) == snapshot("""\
upvest:api is not set: which Upvest environment holds the webhooks is not known
Set it with `pulumi config set upvest:api sandbox` (or `live`, or `local`).\
""")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param(
            {"UPVEST_API": "live"},
            snapshot("""\
UPVEST_API in the environment (live) contradicts upvest:api of the stack (sandbox)
Unset UPVEST_API: the stack's file decides.\
"""),
            id="other name",
        ),
        pytest.param(
            {"UPVEST_API": "https://api.upvest.co/"},
            snapshot("""\
UPVEST_API in the environment (https://api.upvest.co) contradicts upvest:api of the stack (sandbox)
Unset UPVEST_API: the stack's file decides.\
"""),
            id="other URL",
        ),
        pytest.param(
            {"UPVEST_API": f"https://me:{CANARY}@x.example/{CANARY}"},
            snapshot("""\
UPVEST_API in the environment (https://…) contradicts upvest:api of the stack (sandbox)
Unset UPVEST_API: the stack's file decides.\
"""),
            id="URL with secrets",
        ),
        pytest.param(
            {"UPVEST_API": f"https://x.example/{CANARY}"},
            snapshot("""\
UPVEST_API in the environment (https://x.example…) contradicts upvest:api of the stack (sandbox)
Unset UPVEST_API: the stack's file decides.\
"""),
            id="URL with a path",
        ),
        pytest.param(
            {"UPVEST_API": "https://["},
            snapshot("""\
UPVEST_API in the environment (https://[) contradicts upvest:api of the stack (sandbox)
Unset UPVEST_API: the stack's file decides.\
"""),
            id="unreadable URL",
        ),
        pytest.param(
            {"UPVEST_CLIENT_ID": KEY_ID},
            f"UPVEST_CLIENT_ID in the environment ({KEY_ID}) contradicts "
            f"upvest:clientId of the stack ({CLIENT_ID})\n"
            "Unset UPVEST_CLIENT_ID: the stack's file decides.",
            id="other client",
        ),
        pytest.param(
            {"UPVEST_CLIENT_ID": CANARY},
            "UPVEST_CLIENT_ID in the environment (no UUID) contradicts "
            f"upvest:clientId of the stack ({CLIENT_ID})\n"
            "Unset UPVEST_CLIENT_ID: the stack's file decides.",
            id="no UUID",
        ),
    ],
)
def test_a_contradicting_environment_is_refused(environ: dict[str, str], message: str) -> None:
    assert refusal(settings(environ=SECRETS | environ).account) == message


@pytest.mark.parametrize(
    ("api", "variable"),
    [
        ("sandbox", "sandbox"),
        ("sandbox", "SANDBOX"),
        ("sandbox", " sandbox\n"),
        ("sandbox", ""),
        ("sandbox", "https://sandbox.upvest.co"),
        ("sandbox", "https://sandbox.upvest.co/"),
        ("sandbox", "https://sandbox.upvest.co:443"),
        ("https://sandbox.upvest.co", "sandbox"),
        ("live", "https://API.upvest.co"),
        ("http://127.0.0.1:8790", "local"),
        ("http://[::1]:8790", "http://localhost:8790"),
        ("https://other.example", "https://other.example:443/"),
    ],
)
def test_an_agreeing_environment_is_accepted_in_any_form(api: str, variable: str) -> None:
    agreeing = SECRETS | {"UPVEST_API": variable, "UPVEST_CLIENT_ID": CLIENT_ID.upper().replace("-", "")}

    assert settings(CONFIG | {"upvest:api": api}, agreeing).account().client_id == CLIENT_ID


@pytest.mark.parametrize(
    ("api", "canonical", "base_url"),
    [
        ("sandbox", "sandbox", "https://sandbox.upvest.co"),
        (" live ", "live", "https://api.upvest.co"),
        ("https://sandbox.upvest.co/", "sandbox", "https://sandbox.upvest.co"),
        ("https://API.upvest.co:443", "live", "https://API.upvest.co:443"),
        ("https://Other.example", "https://other.example", "https://Other.example"),
        ("https://other.example:443", "https://other.example", "https://other.example:443"),
        ("https://other.example:8443", "https://other.example:8443", "https://other.example:8443"),
        ("http://127.0.0.1:8790", "local", "http://127.0.0.1:8790"),
        ("http://127.8.9.1:8790", "local", "http://127.8.9.1:8790"),
        ("http://localhost:8790", "local", "http://localhost:8790"),
        ("https://[::1]:8790", "local", "https://[::1]:8790"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_an_environment_has_one_name_and_one_origin(api: str, canonical: str, base_url: str) -> None:
    stack = settings(CONFIG | {"upvest:api": api})

    assert stack.account() == Account(canonical, CLIENT_ID)
    assert stack.credentials().base_url == base_url


@pytest.mark.parametrize(
    "form", [CLIENT_ID, CLIENT_ID.upper(), f" {CLIENT_ID}\n", CLIENT_ID.replace("-", ""), f"{{{CLIENT_ID}}}"]
)
def test_an_id_has_one_form_before_and_with_the_first_request(form: str) -> None:
    stack = settings(
        CONFIG | {"upvest:clientId": form, "upvest:keyId": form, "upvest:formerClientIds": json.dumps([form])}
    )

    assert stack.account() == stack.known_account() == Account("sandbox", CLIENT_ID)
    assert stack.credentials().key_id == CLIENT_ID
    assert stack.former_client_ids() == {CLIENT_ID}


def test_an_account_shows_its_client_and_environment() -> None:
    assert str(Account("sandbox", CLIENT_ID)) == snapshot("client 6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11 of sandbox")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param(
            {"UPVEST_PRIVATE_KEY": PEM},
            snapshot("""\
UPVEST_CLIENT_SECRET is not set, nor is upvest:clientSecret in the stack's configuration
Set UPVEST_CLIENT_SECRET in the environment, or run `pulumi config set --secret upvest:clientSecret`.\
"""),
            id="no client secret",
        ),
        pytest.param(
            {"UPVEST_PRIVATE_KEY": PEM, "UPVEST_CLIENT_SECRET": ""},
            snapshot("""\
UPVEST_CLIENT_SECRET is not set, nor is upvest:clientSecret in the stack's configuration
Set UPVEST_CLIENT_SECRET in the environment, or run `pulumi config set --secret upvest:clientSecret`.\
"""),
            id="empty client secret",
        ),
        pytest.param(
            {"UPVEST_CLIENT_SECRET": CANARY},
            snapshot("""\
no private key: neither UPVEST_PRIVATE_KEY nor UPVEST_PRIVATE_KEY_FILE is set, nor upvest:privateKey
Set UPVEST_PRIVATE_KEY_FILE to the PEM file whose public half Upvest holds.\
"""),
            id="no private key",
        ),
        pytest.param(
            SECRETS | {"UPVEST_PRIVATE_KEY_FILE": "key.pem"},
            snapshot("""\
UPVEST_PRIVATE_KEY and UPVEST_PRIVATE_KEY_FILE are both set
Unset one of them.\
"""),
            id="key and file",
        ),
    ],
)
def test_a_missing_or_doubled_secret_is_named(environ: dict[str, str], message: str) -> None:
    assert refusal(settings(environ=environ).credentials) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            CANARY,
            snapshot("""\
UPVEST_PRIVATE_KEY is neither a PEM nor a PEM in base64
Set UPVEST_PRIVATE_KEY to the content of the PEM file, from -----BEGIN to -----END.\
"""),
            id="garbage",
        ),
        pytest.param(
            "   ",
            snapshot("""\
UPVEST_PRIVATE_KEY is neither a PEM nor a PEM in base64
Set UPVEST_PRIVATE_KEY to the content of the PEM file, from -----BEGIN to -----END.\
"""),
            id="blank",
        ),
        pytest.param(
            "Schlüssel",
            snapshot("""\
UPVEST_PRIVATE_KEY is neither a PEM nor a PEM in base64
Set UPVEST_PRIVATE_KEY to the content of the PEM file, from -----BEGIN to -----END.\
"""),
            id="not ASCII",
        ),
        pytest.param(
            base64.b64encode(CANARY.encode()).decode(),
            snapshot("""\
UPVEST_PRIVATE_KEY is neither a PEM nor a PEM in base64
Set UPVEST_PRIVATE_KEY to the content of the PEM file, from -----BEGIN to -----END.\
"""),
            id="base64 of garbage",
        ),
        pytest.param(
            f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
            snapshot("""\
UPVEST_PRIVATE_KEY holds a damaged private key
Set UPVEST_PRIVATE_KEY to the private key whose public half Upvest holds.\
"""),
            id="damaged PEM",
        ),
        pytest.param(
            f"-----BEGIN PRIVATE KEY-----\n{CANARY}\udcff\n-----END PRIVATE KEY-----",
            snapshot("""\
UPVEST_PRIVATE_KEY holds a damaged private key
Set UPVEST_PRIVATE_KEY to the private key whose public half Upvest holds.\
"""),
            id="no UTF-8",
        ),
        pytest.param(
            P521.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            snapshot("""\
UPVEST_PRIVATE_KEY holds no private key in PEM form
Set UPVEST_PRIVATE_KEY to the private key whose public half Upvest holds.\
"""),
            id="public key",
        ),
        pytest.param(
            pem_of(ec.generate_private_key(ec.SECP256R1())),
            snapshot("""\
UPVEST_PRIVATE_KEY holds an ECDSA key on secp256r1, and Upvest takes ECDSA keys on P-521 or Ed25519 keys
Set UPVEST_PRIVATE_KEY to the private key whose public half Upvest holds.\
"""),
            id="P-256",
        ),
        pytest.param(
            pem_of(rsa.generate_private_key(65537, 2048)),
            snapshot("""\
UPVEST_PRIVATE_KEY holds a key of another kind (RSA), and Upvest takes ECDSA keys on P-521 or Ed25519 keys
Set UPVEST_PRIVATE_KEY to the private key whose public half Upvest holds.\
"""),
            id="RSA",
        ),
        pytest.param(
            pem_of(x25519.X25519PrivateKey.generate()),
            snapshot("""\
UPVEST_PRIVATE_KEY holds a key of another kind (X25519), and Upvest takes ECDSA keys on P-521 or Ed25519 keys
Set UPVEST_PRIVATE_KEY to the private key whose public half Upvest holds.\
"""),
            id="X25519",
        ),
        pytest.param(
            pem_of(passphrase=PASSPHRASE),
            snapshot("""\
UPVEST_PRIVATE_KEY is protected by a passphrase, and none is given
Set UPVEST_PRIVATE_KEY_PASSPHRASE to the key's passphrase.\
"""),
            id="passphrase missing",
        ),
    ],
)
def test_an_unusable_private_key_is_named_without_its_content(text: str, message: str) -> None:
    assert refusal(settings(environ=SECRETS | {"UPVEST_PRIVATE_KEY": text}).credentials) == message


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_wrong_passphrase_is_named_and_not_shown(form: PrivateFormat) -> None:
    environ = SECRETS | {
        "UPVEST_PRIVATE_KEY": pem_of(form=form, passphrase=PASSPHRASE),
        "UPVEST_PRIVATE_KEY_PASSPHRASE": f"other {CANARY}",
    }

    assert refusal(settings(environ=environ).credentials) == snapshot("""\
UPVEST_PRIVATE_KEY cannot be opened with the passphrase given
Set UPVEST_PRIVATE_KEY_PASSPHRASE to the key's passphrase.\
""")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PEM, id="as it is"),
        pytest.param(pem_of(form=PrivateFormat.TraditionalOpenSSL), id="SEC1"),
        pytest.param(PEM.replace("\n", "\r\n"), id="line ends of Windows"),
        pytest.param(PEM.replace("\n", "\\n"), id="line ends written out"),
        pytest.param(base64.b64encode(PEM.encode()).decode(), id="base64"),
        pytest.param(base64.encodebytes(PEM.encode()).decode(), id="wrapped base64"),
        pytest.param(f"# of the signing service\n{PEM}", id="text before"),
    ],
)
def test_a_private_key_is_read_in_every_form_that_ci_systems_hand_over(text: str) -> None:
    assert accepts(settings(environ=SECRETS | {"UPVEST_PRIVATE_KEY": text}))


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_protected_private_key_is_opened_with_its_passphrase(form: PrivateFormat) -> None:
    environ = SECRETS | {
        "UPVEST_PRIVATE_KEY": pem_of(form=form, passphrase=PASSPHRASE),
        "UPVEST_PRIVATE_KEY_PASSPHRASE": PASSPHRASE,
    }

    assert accepts(settings(environ=environ))


def test_a_passphrase_for_a_key_without_one_is_no_error() -> None:
    assert accepts(settings(environ=SECRETS | {"UPVEST_PRIVATE_KEY_PASSPHRASE": PASSPHRASE}))


def test_an_ed25519_key_signs() -> None:
    stack = settings(environ=SECRETS | {"UPVEST_PRIVATE_KEY": pem_of(ED25519)})

    signature = stack.credentials().signing_key.sign(b"message")

    ED25519.public_key().verify(signature, b"message")


def test_a_private_key_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(PEM)

    assert accepts(settings(environ={"UPVEST_CLIENT_SECRET": CANARY, "UPVEST_PRIVATE_KEY_FILE": str(file)}))


@pytest.mark.parametrize("form", [str, lambda pem: base64.b64encode(pem.encode()).decode()])
def test_a_private_key_in_place_of_its_files_name_is_not_repeated(form: Callable[[str], str]) -> None:
    stack = settings(environ={"UPVEST_CLIENT_SECRET": CANARY, "UPVEST_PRIVATE_KEY_FILE": form(PEM)})

    assert refusal(stack.credentials) == snapshot("""\
UPVEST_PRIVATE_KEY_FILE holds the key itself, not the name of its file
Set UPVEST_PRIVATE_KEY to it instead, and unset UPVEST_PRIVATE_KEY_FILE.\
""")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "missing.pem",
            snapshot("""\
the private key file that UPVEST_PRIVATE_KEY_FILE names cannot be read: No such file or directory (found up to DIR)
Set UPVEST_PRIVATE_KEY_FILE to the PEM file, and see that this user may read it.\
"""),
        ),
        (
            "directory",
            snapshot("""\
the private key file that UPVEST_PRIVATE_KEY_FILE names cannot be read: Is a directory (found up to DIR/directory)
Set UPVEST_PRIVATE_KEY_FILE to the PEM file, and see that this user may read it.\
"""),
        ),
        (
            "garbage.pem/key.pem",
            snapshot("""\
the private key file that UPVEST_PRIVATE_KEY_FILE names cannot be read: Not a directory (found up to DIR/garbage.pem)
Set UPVEST_PRIVATE_KEY_FILE to the PEM file, and see that this user may read it.\
"""),
        ),
        (
            "garbage.pem",
            snapshot("""\
UPVEST_PRIVATE_KEY_FILE holds no private key in PEM form
Set UPVEST_PRIVATE_KEY_FILE to the private key whose public half Upvest holds.\
"""),
        ),
        (
            "empty.pem",
            snapshot("""\
UPVEST_PRIVATE_KEY_FILE holds no private key in PEM form
Set UPVEST_PRIVATE_KEY_FILE to the private key whose public half Upvest holds.\
"""),
        ),
    ],
)
def test_an_unusable_private_key_file_is_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "garbage.pem").write_text(CANARY)
    (tmp_path / "empty.pem").touch()
    environ = {"UPVEST_CLIENT_SECRET": CANARY, "UPVEST_PRIVATE_KEY_FILE": str(tmp_path / name)}

    assert refusal(settings(environ=environ).credentials, tmp_path) == message


DER = P521.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
HALVES = "".join(PEM.splitlines()[1:-1])


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(base64.b64encode(DER).decode(), id="DER in base64"),
        pytest.param(base64.urlsafe_b64encode(DER).decode(), id="DER in base64 for URLs"),
        pytest.param(DER.hex(), id="DER in hexadecimal digits"),
        pytest.param(PEM.partition("\n")[2], id="a PEM without its first line"),
        pytest.param(HALVES, id="the body of a PEM"),
        pytest.param(HALVES[:60], id="the beginning of one"),
        pytest.param(f"/{HALVES[:43]}", id="one that begins like a path"),
        pytest.param(PASSPHRASE, id="a passphrase"),
    ],
)
def test_no_key_in_place_of_its_files_name_is_repeated(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stack = settings(environ={"UPVEST_CLIENT_SECRET": CANARY, "UPVEST_PRIVATE_KEY_FILE": key})

    first, fix = refusal(stack.credentials, tmp_path).splitlines()

    start = "the private key file that UPVEST_PRIVATE_KEY_FILE names cannot be read: "
    assert first.removeprefix(start) in {
        f"{reason} (found up to {seen})"
        for reason in ("File name too long", "No such file or directory")
        for seen in ("DIR", "/")
    }
    assert fix == "Set UPVEST_PRIVATE_KEY_FILE to the PEM file, and see that this user may read it."


def test_a_client_secret_that_is_no_text_is_named_and_not_shown() -> None:
    assert refusal(
        settings(environ=SECRETS | {"UPVEST_CLIENT_SECRET": f"{CANARY}\udcff"}).credentials
    ) == snapshot("""\
UPVEST_CLIENT_SECRET is no text in UTF-8
Set UPVEST_CLIENT_SECRET to the secret as Upvest gave it to you.\
""")


ENCRYPTED_CONFIG = CONFIG | {
    "upvest:clientSecret": "configured secret",
    "upvest:privateKey": pem_of(passphrase="configured passphrase"),
    "upvest:privateKeyPassphrase": "configured passphrase",
}


def test_secrets_come_from_encrypted_config_where_the_environment_has_none() -> None:
    stack = settings(ENCRYPTED_CONFIG, {})

    assert stack.credentials().client_secret == "configured secret"
    assert accepts(stack)


@pytest.mark.parametrize("by_file", [True, False])
def test_secrets_of_the_environment_win_over_encrypted_config(tmp_path: Path, by_file: bool) -> None:
    other = ec.generate_private_key(ec.SECP521R1())
    text = pem_of(other, passphrase="other passphrase")
    file = tmp_path / "key.pem"
    file.write_text(text)
    key = {"UPVEST_PRIVATE_KEY_FILE": str(file)} if by_file else {"UPVEST_PRIVATE_KEY": text}
    environ = {"UPVEST_CLIENT_SECRET": "other", "UPVEST_PRIVATE_KEY_PASSPHRASE": "other passphrase", **key}

    stack = settings(ENCRYPTED_CONFIG, environ)

    assert stack.credentials().client_secret == "other"
    assert accepts(stack, other)


@pytest.mark.parametrize(
    ("configured", "message"),
    [
        (
            {"upvest:privateKey": CANARY},
            snapshot("""\
upvest:privateKey is neither a PEM nor a PEM in base64
Set upvest:privateKey to the content of the PEM file, from -----BEGIN to -----END.\
"""),
        ),
        (
            {"upvest:privateKeyPassphrase": CANARY},
            snapshot("""\
upvest:privateKey cannot be opened with the passphrase given
Set UPVEST_PRIVATE_KEY_PASSPHRASE to the key's passphrase.\
"""),
        ),
    ],
)
def test_an_unusable_key_of_encrypted_config_is_named_as_such(configured: dict[str, str], message: str) -> None:
    assert refusal(settings(ENCRYPTED_CONFIG | configured, {}).credentials) == message


def test_credentials_do_not_show_their_secrets() -> None:
    shown = repr(settings().credentials())

    assert CANARY not in shown
    assert "-----BEGIN" not in shown


def test_the_environment_is_that_of_the_process_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPVEST_API", "live")

    assert "UPVEST_API in the environment (live)" in refusal(Settings(CONFIG.get).account)


@pytest.fixture
def local(tmp_path: Path) -> dict[str, str]:
    """The environment beside a local API that was started once."""
    local_credentials.load_or_create(tmp_path, "http://127.0.0.1:8790")
    return {"UPVEST_LOCAL_STATE": str(tmp_path)}


def test_local_needs_no_setting_but_its_name(local: dict[str, str], tmp_path: Path) -> None:
    written = json.loads((tmp_path / "credentials.json").read_text())

    stack = settings({"upvest:api": "local"}, local)
    credentials = stack.credentials()

    assert stack.account() == stack.known_account() == Account("local", written["client_id"])
    assert credentials.base_url == "http://127.0.0.1:8790"
    assert credentials.client_secret == written["client_secret"]
    assert credentials.key_id == written["key_id"]


def test_the_local_api_writes_what_is_read_of_it() -> None:
    assert {field.name for field in dataclasses.fields(local_credentials.Credentials)} == set(CREDENTIALS_MEMBERS)


def test_local_state_is_looked_for_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert refusal(settings({"upvest:api": "local"}, {}).account) == snapshot("""\
upvest:api is `local`, but .upvest-local/credentials.json is not there
Start the local API with `upvest-webhooks local --state .upvest-local`.\
""")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"upvest:clientId": CLIENT_ID},
            snapshot("""\
upvest:clientId is set, but upvest:api is `local`, which has its own
Remove it with `pulumi config rm upvest:clientId`, or set upvest:api to another environment.\
"""),
        ),
        (
            {"upvest:keyId": KEY_ID},
            snapshot("""\
upvest:keyId is set, but upvest:api is `local`, which has its own
Remove it with `pulumi config rm upvest:keyId`, or set upvest:api to another environment.\
"""),
        ),
    ],
)
def test_local_refuses_the_ids_of_another_environment(
    local: dict[str, str], config: dict[str, str], message: str
) -> None:
    stack = settings({"upvest:api": "local"} | config, local)

    assert refusal(stack.account) == message
    assert stack.known_account() is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(CANARY.encode(), "cannot be read: JSONDecodeError", id="no JSON"),
        pytest.param(b"", "cannot be read: JSONDecodeError", id="empty"),
        pytest.param(b"\xff\xfe", "cannot be read: UnicodeDecodeError", id="no UTF-8"),
        *(
            pytest.param(content, f"is damaged: it lacks {', '.join(CREDENTIALS_MEMBERS)}", id=name)
            for name, content in {
                "a list": b"[]",
                "null": b"null",
                "a text": json.dumps(CANARY).encode(),
                "no member": b"{}",
                "no texts": json.dumps({name: [CANARY] for name in CREDENTIALS_MEMBERS}).encode(),
            }.items()
        ),
    ],
)
def test_damaged_local_credentials_are_an_error_of_the_settings(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "credentials.json").write_bytes(content)
    stack = settings({"upvest:api": "local"}, {"UPVEST_LOCAL_STATE": str(tmp_path)})
    message = f"DIR/credentials.json {reason}\nRemove DIR and start the local API anew."

    assert refusal(stack.account, tmp_path) == message
    assert refusal(stack.credentials, tmp_path) == message
    assert stack.known_account() is None


@pytest.mark.parametrize("member", CREDENTIALS_MEMBERS)
def test_local_credentials_that_lack_a_member_are_named_with_it(
    local: dict[str, str], tmp_path: Path, member: str
) -> None:
    file = tmp_path / "credentials.json"
    written = json.loads(file.read_text())
    del written[member]
    file.write_text(json.dumps(written))

    message = refusal(settings({"upvest:api": "local"}, local).credentials, tmp_path)

    assert message.splitlines()[0] == f"DIR/credentials.json is damaged: it lacks {member}"


def test_local_credentials_that_are_a_directory_are_named(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").mkdir()
    stack = settings({"upvest:api": "local"}, {"UPVEST_LOCAL_STATE": str(tmp_path)})

    assert refusal(stack.account, tmp_path) == snapshot("""\
DIR/credentials.json cannot be read: IsADirectoryError
Remove DIR and start the local API anew.\
""")


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        (
            "private_key_file",
            "/nowhere/key.pem",
            snapshot("""\
the private key file that DIR/credentials.json names cannot be read: No such file or directory (found up to /)
Remove DIR and start the local API anew.\
"""),
        ),
        (
            "private_key_passphrase",
            CANARY,
            snapshot("""\
DIR/KEY cannot be opened with the passphrase given
Remove DIR and start the local API anew.\
"""),
        ),
    ],
)
def test_a_local_key_that_does_not_open_is_made_anew(
    local: dict[str, str], tmp_path: Path, member: str, value: str, message: str
) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {member: value}))
    key_file = Path(json.loads(file.read_text())["private_key_file"]).name

    text = refusal(settings({"upvest:api": "local"}, local).credentials, tmp_path)

    assert text.replace(key_file, "KEY") == message


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (None, set()),
        ("", set()),
        ("[]", set()),
        (json.dumps([CLIENT_ID, KEY_ID.upper()]), {CLIENT_ID, KEY_ID}),
        (json.dumps([" Tenant "]), {"tenant"}),
    ],
)
def test_former_client_ids_are_a_set_in_one_form(text: str | None, ids: set[str]) -> None:
    config = CONFIG if text is None else CONFIG | {"upvest:formerClientIds": text}

    assert settings(config).former_client_ids() == ids


@pytest.mark.parametrize("text", [CLIENT_ID, f'"{CLIENT_ID}"', "{}", "[1]", "[null]", "[[]]", "0", "["])
def test_former_client_ids_that_are_no_list_are_refused(text: str) -> None:
    stack = settings(CONFIG | {"upvest:formerClientIds": text})

    assert refusal(stack.former_client_ids) == snapshot("""\
upvest:formerClientIds is no list of client ids
Set it with `pulumi config set --path 'upvest:formerClientIds[0]' ID`.\
""")


class Watched(dict[str, str]):
    """A mapping that knows which keys were asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: object = None) -> str | None:  # type: ignore[override] # of dict's overloads, the one in use
        self.asked.add(key)
        return super().get(key, default)  # type: ignore[arg-type] # as above


NO_STATE = os.devnull + "/no-state"

APIS = st.one_of(
    st.sampled_from(
        ["local", "sandbox", " live ", "https://x.example", "http://localhost:1", "https://[", "x:\x00"]
    ),
    st.text(max_size=20),
    st.builds("https://{}".format, st.text(max_size=20)),
)
CLIENT_IDS = st.one_of(
    st.sampled_from([CLIENT_ID, CLIENT_ID.upper(), ""]), st.uuids().map(str), st.text(max_size=10)
)


@given(
    config=st.fixed_dictionaries(
        {}, optional={"upvest:api": APIS, "upvest:clientId": CLIENT_IDS, "upvest:keyId": CLIENT_IDS}
    ),
    environ=st.fixed_dictionaries({}, optional={"UPVEST_API": APIS, "UPVEST_CLIENT_ID": CLIENT_IDS}),
)
@example(config={"upvest:api": "https://user:secret@x.example", "upvest:clientId": CLIENT_ID}, environ={})
@example(config={"upvest:api": "http://[", "upvest:clientId": CLIENT_ID}, environ={"UPVEST_API": "http://]["})
def test_what_is_known_offline_never_fails_and_is_what_a_request_would_find(
    config: dict[str, str], environ: dict[str, str]
) -> None:
    stack = Settings(config.get, environ | {"UPVEST_LOCAL_STATE": NO_STATE})

    known = stack.known_account()

    try:
        assert stack.account() == known
    except SettingsError:
        assert known is None or "@" not in known.api


def test_what_is_known_offline_is_told_without_asking_for_a_secret(tmp_path: Path) -> None:
    local_credentials.load_or_create(tmp_path, "http://127.0.0.1:8790")
    for api in ("sandbox", "local", "https://other.example", "nothing"):
        config = Watched(ENCRYPTED_CONFIG | {"upvest:api": api})
        environ = Watched(SECRETS | {"UPVEST_LOCAL_STATE": str(tmp_path)})

        Settings(config.get, environ).known_account()

        assert config.asked <= {"upvest:api", "upvest:clientId", "upvest:keyId"}
        assert environ.asked <= {"UPVEST_LOCAL_STATE"}


@pytest.mark.parametrize(
    "config", [{}, {"upvest:api": "sandbox"}, {"upvest:api": "nothing", "upvest:clientId": CLIENT_ID}]
)
def test_nothing_is_known_offline_of_an_incomplete_stack(config: dict[str, str]) -> None:
    assert settings(config, {}).known_account() is None


def test_what_is_known_offline_does_not_wait_for_a_contradiction_to_be_resolved() -> None:
    environ = {"UPVEST_API": "live", "UPVEST_CLIENT_ID": str(uuid.uuid4())}

    assert settings(environ=environ).known_account() == Account("sandbox", CLIENT_ID)
