"""`upvest-webhooks keys`."""

from __future__ import annotations

import json
import subprocess
import uuid
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


def known(shell: Shell, text: str) -> str:
    (kid,) = shell.upvest.store.verify_keys()
    return text.replace(kid, str(uuid.UUID(int=0))).replace(shell.upvest.credentials.client_id, "CLIENT")


def test_a_table_on_a_wide_terminal(shell: Shell) -> None:
    shown = shell.run("keys", "--stack", "dev", COLUMNS="160")
    assert shown.returncode == 0
    assert known(shell, shown.stdout) == snapshot("""\
id                                    algorithm
00000000-0000-0000-0000-000000000000  ECDSA on P-521 with SHA-512
""")
    assert known(shell, shown.stderr) == snapshot("client CLIENT of local: 1 key\n")


def test_paragraphs_on_a_narrow_one(shell: Shell) -> None:
    assert known(shell, shell.run("keys", "--stack", "dev", COLUMNS="40").stdout) == snapshot("""\
id            00000000-0000-0000-0000-000000000000
algorithm     ECDSA on P-521 with
              SHA-512
""")


def test_json_is_a_json_web_key_set(shell: Shell) -> None:
    (key,) = json.loads(shell.run("keys", "--stack", "dev", "--json").stdout)["keys"]
    (kid,) = shell.upvest.store.verify_keys()
    assert sorted(key) == ["crv", "kid", "kty", "x", "y"]
    assert key["kid"] == kid


def test_pem_is_what_openssl_reads_from_a_pipe(shell: Shell) -> None:
    printed = shell.run("keys", "--stack", "dev", "--pem").stdout
    ((kid, private),) = shell.upvest.store.verify_keys().items()
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert printed == f"{kid}\n{public}"
    command = ["openssl", "pkey", "-pubin", "-pubout"]
    assert subprocess.run(command, input=printed, capture_output=True, text=True, check=True).stdout == public


def test_each_key_has_a_pem(shell: Shell) -> None:
    shell.upvest.store.add_verify_key(str(uuid.uuid4()), ec.generate_private_key(ec.SECP521R1()))
    assert shell.run("keys", "--stack", "dev", "--pem").stdout.count("-----BEGIN PUBLIC KEY-----") == 2


def test_a_point_that_is_not_on_the_curve_has_no_pem_and_the_refusal_says_so(shell: Shell) -> None:
    shell.upvest.store.add_verify_key(str(uuid.UUID(int=1)), ec.generate_private_key(ec.SECP256R1()))
    shown = shell.run("keys", "--stack", "dev", "--pem")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr == snapshot("""\
upvest-webhooks: the key 00000000-0000-0000-0000-000000000001 is no key on P-521, so it has no PEM here
Print it with --json, or look for a newer upvest_provider.
""")


def test_json_and_pem_exclude_each_other(shell: Shell) -> None:
    shown = shell.run("keys", "--stack", "dev", "--pem", "--json")
    assert (shown.returncode, shown.stdout) == (2, "")
