from __future__ import annotations

import base64
import hashlib
import secrets
import textwrap
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from upvest_provider.api import KeyUnusable, load_signing_key
from upvest_provider.errors import SettingsError
from upvest_provider.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PASSPHRASE = "correct horse"
ENCRYPTED = BestAvailableEncryption(PASSPHRASE.encode())
P521 = ec.generate_private_key(ec.SECP521R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()
MESSAGE = b"a message"


def sec1(key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption | None = None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption or NoEncryption())


def pkcs8(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def sec1_aes_128() -> bytes:
    """OpenSSL's legacy PEM encryption with AES-128, as in the sample key of Upvest's signing proxy.

    The key is the MD5 of the passphrase and the initialization vector's first 8 bytes (OpenSSL's
    EVP_BytesToKey, one round), which is why nobody should choose this form.
    """
    plain = P521.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    start = secrets.token_bytes(16)
    key = hashlib.md5(PASSPHRASE.encode() + start[:8], usedforsecurity=False).digest()
    padder, encryptor = PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    content = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    lines = [
        "-----BEGIN EC PRIVATE KEY-----",
        "Proc-Type: 4,ENCRYPTED",
        f"DEK-Info: AES-128-CBC,{start.hex().upper()}",
        "",
        *textwrap.wrap(base64.b64encode(content).decode(), 64),
        "-----END EC PRIVATE KEY-----",
        "",
    ]
    return "\n".join(lines).encode()


def with_parameters() -> bytes:
    """What `openssl ecparam -genkey` writes: the curve in a block of its own, before the key."""
    curve = base64.b64encode(bytes.fromhex("06052b81040023")).decode()
    return f"-----BEGIN EC PARAMETERS-----\n{curve}\n-----END EC PARAMETERS-----\n".encode() + sec1(P521)


P521_FORMS: dict[str, Callable[[], bytes]] = {
    "SEC1": lambda: sec1(P521),
    "SEC1 after EC PARAMETERS": with_parameters,
    "SEC1 in legacy AES-256-CBC": lambda: sec1(P521, ENCRYPTED),
    "SEC1 in legacy AES-128-CBC": sec1_aes_128,
    "PKCS#8": lambda: pkcs8(P521),
    "PKCS#8 encrypted": lambda: pkcs8(P521, ENCRYPTED),
    "SEC1 with CRLF and text around it": lambda: b"My key\r\n" + sec1(P521).replace(b"\n", b"\r\n") + b"\r\n",
}


@pytest.mark.parametrize("form", P521_FORMS)
def test_a_p_521_key_is_read_and_signs_in_der_with_sha_512(form: str) -> None:
    signature = load_signing_key(P521_FORMS[form](), PASSPHRASE).sign(MESSAGE)
    P521.public_key().verify(signature, MESSAGE, ec.ECDSA(SHA512()))


@pytest.mark.parametrize("encryption", [NoEncryption(), ENCRYPTED], ids=["plain", "encrypted"])
def test_an_ed25519_key_is_read_and_signs_the_message_itself(encryption: KeySerializationEncryption) -> None:
    signature = load_signing_key(pkcs8(ED25519, encryption), PASSPHRASE).sign(MESSAGE)
    ED25519.public_key().verify(signature, MESSAGE)


def test_the_forms_are_what_their_names_say() -> None:
    assert b"DEK-Info: AES-256-CBC," in P521_FORMS["SEC1 in legacy AES-256-CBC"]()
    assert b"DEK-Info: AES-128-CBC," in P521_FORMS["SEC1 in legacy AES-128-CBC"]()
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in P521_FORMS["PKCS#8 encrypted"]()
    assert b"BEGIN EC PRIVATE KEY" in P521_FORMS["SEC1"]()


@pytest.mark.parametrize("passphrase", [None, ""])
def test_a_plain_key_needs_no_passphrase(passphrase: str | None) -> None:
    P521.public_key().verify(load_signing_key(sec1(P521), passphrase).sign(MESSAGE), MESSAGE, ec.ECDSA(SHA512()))


ENCRYPTED_FORMS = ["SEC1 in legacy AES-256-CBC", "SEC1 in legacy AES-128-CBC", "PKCS#8 encrypted"]


@pytest.mark.parametrize("form", ENCRYPTED_FORMS)
@pytest.mark.parametrize("passphrase", [None, ""])
def test_a_missing_passphrase_is_told(form: str, passphrase: str | None) -> None:
    assert _unusable(P521_FORMS[form](), passphrase) == "is protected by a passphrase, and none is given"


@pytest.mark.parametrize("form", ENCRYPTED_FORMS)
@pytest.mark.parametrize("passphrase", ["wrong", "Correct horse", "ä" * 2000])
def test_a_wrong_passphrase_is_told(form: str, passphrase: str) -> None:
    assert _unusable(P521_FORMS[form](), passphrase) == "cannot be opened with the passphrase given"


def test_a_p_256_key_is_told_by_its_curve() -> None:
    assert _unusable(sec1(ec.generate_private_key(ec.SECP256R1()))) == (
        "holds an ECDSA key on secp256r1, and Upvest takes ECDSA keys on P-521 or Ed25519 keys"
    )


def test_an_rsa_key_is_told_by_its_kind() -> None:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - it signs nothing; a strong one takes long to make
    assert _unusable(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())) == (
        "holds a key of another kind (RSA), and Upvest takes ECDSA keys on P-521 or Ed25519 keys"
    )


def test_another_edwards_key_is_told_by_its_kind() -> None:
    assert _unusable(pkcs8(ed448.Ed448PrivateKey.generate())) == (
        "holds a key of another kind (Ed448), and Upvest takes ECDSA keys on P-521 or Ed25519 keys"
    )


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"\xff\x00",
        b"some text",
        P521.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        P521.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=["nothing", "bytes", "text", "DER", "public key"],
)
def test_what_holds_no_private_key_in_pem_form_is_told(pem: bytes) -> None:
    assert _unusable(pem) == "holds no private key in PEM form"


@pytest.mark.parametrize(
    "pem",
    [
        sec1(P521)[:-60],
        b"\n".join(line for number, line in enumerate(sec1(P521).splitlines()) if number != 1),
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
    ],
    ids=["cut", "a line lost", "no key inside", "empty"],
)
def test_a_damaged_key_is_told(pem: bytes) -> None:
    assert _unusable(pem) == "holds a damaged private key"


@pytest.mark.parametrize("key", [P521, ED25519], ids=["P-521", "Ed25519"])
def test_a_key_that_ssh_keygen_made_is_told_by_its_form(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    assert _unusable(pem) == "holds a key in OpenSSH's own form, and SEC1 or PKCS#8 is needed"


ED25519_FORMS: dict[str, Callable[[], bytes]] = {
    "Ed25519 in PKCS#8": lambda: pkcs8(ED25519),
    "Ed25519 in PKCS#8 encrypted": lambda: pkcs8(ED25519, ENCRYPTED),
}

TEXTS: dict[str, Callable[[bytes], str]] = {
    "as it is": bytes.decode,
    "line ends written out": lambda pem: pem.decode().replace("\n", "\\n"),
    "base64": lambda pem: base64.b64encode(pem).decode(),
    "base64 in lines": lambda pem: base64.encodebytes(pem).decode(),
}
"""How CI systems keep a PEM in a variable."""


def settings(said: list[str], **environ: str) -> Settings:
    """Those of a stack whose secrets come from the environment."""
    ids = dict.fromkeys(("upvest:clientId", "upvest:keyId"), "8e6bb6f0-6a2f-4b0c-9d1e-3d1f0a3f7c55")
    secrets = {"UPVEST_CLIENT_SECRET": "client-secret", "UPVEST_PRIVATE_KEY_PASSPHRASE": PASSPHRASE}
    return Settings({"upvest:api": "sandbox", **ids}.get, secrets | environ, say=said.append)


class TestAsAVariable:
    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize("form", P521_FORMS)
    def test_a_p_521_key_signs(self, form: str, text: str) -> None:
        key = settings([], UPVEST_PRIVATE_KEY=TEXTS[text](P521_FORMS[form]())).credentials().signing_key
        P521.public_key().verify(key.sign(MESSAGE), MESSAGE, ec.ECDSA(SHA512()))

    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize("form", ED25519_FORMS)
    def test_an_ed25519_key_signs(self, form: str, text: str) -> None:
        key = settings([], UPVEST_PRIVATE_KEY=TEXTS[text](ED25519_FORMS[form]())).credentials().signing_key
        ED25519.public_key().verify(key.sign(MESSAGE), MESSAGE)

    @pytest.mark.parametrize("form", ["SEC1 in legacy AES-256-CBC", "SEC1 in legacy AES-128-CBC"])
    def test_the_blank_line_of_legacy_encryption_is_needed(self, form: str) -> None:
        pem = P521_FORMS[form]()
        assert pem.count(b"\n\n") == 1
        lost = pem.replace(b"\n\n", b"\n").decode()
        with pytest.raises(SettingsError):
            settings([], UPVEST_PRIVATE_KEY=lost).credentials()


class TestAsAFile:
    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
    def test_one_that_others_may_use_is_warned_of_and_signs(self, tmp_path: Path, mode: int) -> None:
        said: list[str] = []
        file = tmp_path / "key.pem"
        file.write_bytes(sec1(P521, ENCRYPTED))
        file.chmod(mode)
        key = settings(said, UPVEST_PRIVATE_KEY_FILE=str(file)).credentials().signing_key
        P521.public_key().verify(key.sign(MESSAGE), MESSAGE, ec.ECDSA(SHA512()))
        assert said == [
            f"warning: others may read the private key file {file} (mode {mode:04o}); run `chmod 600 {file}`"
        ]

    @pytest.mark.parametrize("mode", [0o600, 0o400])
    def test_one_of_its_owner_only_is_not(self, tmp_path: Path, mode: int) -> None:
        said: list[str] = []
        file = tmp_path / "key.pem"
        file.write_bytes(sec1(P521))
        file.chmod(mode)
        settings(said, UPVEST_PRIVATE_KEY_FILE=str(file)).credentials()
        assert said == []


def _unusable(pem: bytes, passphrase: str | None = None) -> str:
    with pytest.raises(KeyUnusable) as failure:
        load_signing_key(pem, passphrase)
    return str(failure.value)
