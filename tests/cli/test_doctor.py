"""`upvest-webhooks doctor`: each fault is named, and its fix mends it."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from inline_snapshot import snapshot

from tests import piped
from upvest_provider.cli.doctor_examination import examine
from upvest_provider.cli.doctor_findings import Finding, Outcome
from upvest_provider.cli.doctor_lines import lines_of
from upvest_provider.local import Fault, FaultKind, LocalUpvest
from upvest_provider.local.credentials import public_key
from upvest_provider.local.store import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BOTH = "webhooks:read webhooks:admin"
CANARY = "canary-9f1c"
OTHER_ID = "00000000-0000-4000-8000-000000000001"
SECRETS = (
    "UPVEST_CLIENT_SECRET",
    "UPVEST_PRIVATE_KEY",
    "UPVEST_PRIVATE_KEY_FILE",
    "UPVEST_PRIVATE_KEY_PASSPHRASE",
)


@dataclass
class World:
    """A stack `staging` on an API over HTTP, and all that can be wrong with it."""

    folder: Path
    config: dict[str, Any] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    offset: float = 0
    """Seconds that this machine's clock is behind the API's."""
    outage: ExitStack = field(default_factory=ExitStack)

    def start(self, upvest: LocalUpvest) -> None:
        self.upvest = upvest
        credentials = upvest.credentials
        self.key_file = Path(credentials.private_key_file)
        self.passphrase = credentials.private_key_passphrase
        self.key = load_pem_private_key(self.key_file.read_bytes(), self.passphrase.encode())
        self.right = {
            "upvest:api": upvest.url,
            "upvest:clientId": credentials.client_id,
            "upvest:keyId": credentials.key_id,
            "UPVEST_CLIENT_SECRET": credentials.client_secret,
            "UPVEST_PRIVATE_KEY_FILE": str(self.key_file),
            "UPVEST_PRIVATE_KEY_PASSPHRASE": self.passphrase,
            "UPVEST_PRIVATE_KEY": self.key_file.read_text(),
        }
        self.config = {key: value for key, value in self.right.items() if key.startswith("upvest:")}
        self.environ = {key: self.right[key] for key in SECRETS if key != "UPVEST_PRIVATE_KEY"}
        self.allow(BOTH)

    def allow(self, scopes: str) -> None:
        client = self.upvest.store.client(self.right["upvest:clientId"])
        assert client is not None
        self.upvest.store.add_client(replace(client, scopes=scopes))

    def add_client(self) -> None:
        """Have Upvest know another client with another key."""
        public = public_key(self.upvest.credentials)
        other = ec.generate_private_key(ec.SECP521R1())
        self.use(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        pem = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        assert pem != public
        self.upvest.store.add_client(Client(OTHER_ID, "another secret", BOTH, "", OTHER_ID, pem))

    def use(self, pem: bytes, *, passphrase: str = "") -> None:
        """Have the settings bring another key file."""
        file = self.folder / "other key.pem"
        file.touch(mode=0o600)
        file.write_bytes(pem)
        self.environ["UPVEST_PRIVATE_KEY_FILE"] = str(file)
        self.environ.pop("UPVEST_PRIVATE_KEY_PASSPHRASE")
        if passphrase:
            self.environ["UPVEST_PRIVATE_KEY_PASSPHRASE"] = passphrase

    def settle(self) -> None:
        (self.folder / "stacks").mkdir(exist_ok=True)
        (self.folder / "stacks" / "Pulumi.staging.yaml").write_text(json.dumps({"config": self.config}))

    def run(
        self, *arguments: str, prefix: tuple[str, ...] = (), **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `upvest-webhooks doctor` in a pipe."""
        self.settle()
        environment = self.environment(**variables)
        return piped.run("doctor", *arguments, folder=self.folder, environment=environment, prefix=prefix)

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in (*SECRETS, "COLUMNS")}
        return {**kept, **self.environ, **variables}

    def examined(self, account: str | None = None) -> list[Finding]:
        """What doctor finds in this process, without waiting between attempts."""
        self.settle()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for key in (*SECRETS, "UPVEST_API", "UPVEST_CLIENT_ID"):
                patch.delenv(key, raising=False)
            for key, value in self.environ.items():
                patch.setenv(key, value)
            findings = list(examine("staging", account, sleep=lambda _: None))
        self.refuse_secrets(findings)
        return findings

    def refuse_secrets(self, findings: list[Finding]) -> None:
        shown = json.dumps([asdict(finding) for finding in findings])
        shown += "\n".join(
            line for width in (None, 40, 160) for each in findings for line in lines_of(each, width)
        )
        key = [line for line in self.right["UPVEST_PRIVATE_KEY"].splitlines() if len(line) > 40]
        for secret in (CANARY, self.upvest.credentials.client_secret, self.passphrase, *key):
            assert secret not in shown

    def mend(self, fix: str) -> None:
        """Do what a fix says: run its commands, make its edits; of two ways, the first."""
        fix = fix.partition(", or set ")[0]
        for command in re.findall(r"`([^`]+)`", fix):
            self.run_command(shlex.split(command))
        for name in re.findall(r"\b[Uu]nset (UPVEST_\w+)", fix):
            self.environ.pop(name, None)
        for name in re.findall(r"\b[Ss]et (UPVEST_\w+)", fix):
            self.environ[name] = self.right[name]
            if name.startswith("UPVEST_PRIVATE_KEY"):
                self.environ["UPVEST_PRIVATE_KEY_PASSPHRASE"] = self.passphrase
        for key in re.findall(r"\b(?:[Ss]et|[Cc]orrect) (upvest:\w+)", fix):
            self.config[key] = self.right[key]
        if "Have Upvest allow this client" in fix:
            self.allow(BOTH)
        if "can reach" in fix:
            self.outage.close()

    def run_command(self, words: list[str]) -> None:
        """What Pulumi and the shell do on these words."""
        match words:
            case ["chmod", *_]:
                subprocess.run(words, check=True)
            case ["pulumi", "config", "set", "--stack", "staging", "--path", "upvest:formerClientIds[0]", _]:
                self.config["upvest:formerClientIds"] = [OTHER_ID]
            case ["pulumi", "config", "set", "--stack", "staging", *settings]:
                key = next(word for word in settings if word.startswith("upvest:"))
                self.config[key] = self.right.get(key, self.right["UPVEST_CLIENT_SECRET"])
            case ["pulumi", "config", "rm", "--stack", "staging", key]:
                del self.config[key]
            case ["unset", name]:
                del self.environ[name]
            case ["export", assignment]:
                name = assignment.partition("=")[0]
                self.environ[name] = self.right[name]
            case ["sudo", "timedatectl", "set-ntp", "true"]:
                self.offset = 0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: stacks\n")
    world = World(folder)
    with LocalUpvest(tmp_path / "upvest", clock=lambda: time.time() + world.offset) as upvest, world.outage:
        world.start(upvest)
        yield world


def pem_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encrypted(world: World) -> bytes:
    return world.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"other"))


def without_passphrase(world: World) -> bytes:
    return world.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def say(**variables: str) -> Callable[[World], None]:
    return lambda world: world.environ.update(variables)


def forget(variable: str) -> Callable[[World], object]:
    return lambda world: world.environ.pop(variable)


def declare(key: str, value: object) -> Callable[[World], None]:
    return lambda world: world.config.update({f"upvest:{key}": value})


def use(pem: Callable[[World], bytes], passphrase: str = "") -> Callable[[World], None]:
    return lambda world: world.use(pem(world), passphrase=passphrase)


def world_readable(world: World) -> None:
    world.use(without_passphrase(world))
    Path(world.environ["UPVEST_PRIVATE_KEY_FILE"]).chmod(0o644)


def another_clients_key(world: World) -> None:
    world.add_client()
    world.config["upvest:keyId"] = OTHER_ID


def off(seconds: float) -> Callable[[World], None]:
    return lambda world: setattr(world, "offset", seconds)


CASES: dict[str, tuple[Callable[[World], object], str, str, str]] = {
    "no client id": (lambda w: w.config.pop("upvest:clientId"), "client id", "fail", "upvest:clientId is not set"),
    "malformed client id": (declare("clientId", "x-1"), "client id", "fail", "Upvest's ids are UUIDs"),
    "no key id": (lambda w: w.config.pop("upvest:keyId"), "key id", "fail", "upvest:keyId is not set"),
    "malformed key id": (declare("keyId", "x-1"), "key id", "fail", "Upvest's ids are UUIDs"),
    "former ids no list": (declare("formerClientIds", "x"), "client id", "fail", "no list of client ids"),
    "no secret": (forget("UPVEST_CLIENT_SECRET"), "client secret", "fail", "UPVEST_CLIENT_SECRET is not set"),
    "wrong secret": (say(UPVEST_CLIENT_SECRET=CANARY), "token", "fail", "client_secret is wrong"),
    "both key sources": (say(UPVEST_PRIVATE_KEY=CANARY), "private key", "fail", "are both set"),
    "no key": (forget("UPVEST_PRIVATE_KEY_FILE"), "private key", "fail", "no private key"),
    "key file absent": (say(UPVEST_PRIVATE_KEY_FILE="/no/key.pem"), "private key", "fail", "No such file"),
    "key file a directory": (say(UPVEST_PRIVATE_KEY_FILE="/"), "private key", "fail", "Is a directory"),
    "key in the file's variable": (
        lambda w: w.environ.update(UPVEST_PRIVATE_KEY_FILE=w.right["UPVEST_PRIVATE_KEY"]),
        "private key",
        "fail",
        "holds the key itself",
    ),
    "key world-readable": (world_readable, "permissions", "warn", "mode 0644"),
    "key empty": (use(lambda _: b""), "private key", "fail", "it is empty"),
    "public key": (
        use(lambda w: public_key(w.upvest.credentials).encode()),
        "private key",
        "fail",
        "its PEM says PUBLIC KEY",
    ),
    "certificate": (
        use(lambda _: b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        "private key",
        "fail",
        "its PEM says CERTIFICATE",
    ),
    "RSA key": (
        use(lambda _: pem_of(rsa.generate_private_key(65537, 2048))),
        "key kind",
        "fail",
        "holds a key of another kind (RSA)",
    ),
    "P-256 key": (
        use(lambda _: pem_of(ec.generate_private_key(ec.SECP256R1()))),
        "key kind",
        "fail",
        "ECDSA key on secp256r1",
    ),
    "no passphrase": (
        forget("UPVEST_PRIVATE_KEY_PASSPHRASE"),
        "passphrase",
        "fail",
        "is protected by a passphrase, and none is given",
    ),
    "wrong passphrase": (
        say(UPVEST_PRIVATE_KEY_PASSPHRASE=CANARY),
        "passphrase",
        "fail",
        "cannot be opened with the passphrase given",
    ),
    "passphrase superfluous": (use(without_passphrase, CANARY), "passphrase", "warn", "the key has none"),
    "unknown key id": (declare("keyId", OTHER_ID), "signature", "fail", "no key is registered"),
    "unknown client id": (declare("clientId", OTHER_ID), "signature", "fail", "another client's key"),
    "a key that Upvest does not hold": (
        use(lambda _: pem_of(ed25519.Ed25519PrivateKey.generate())),
        "signature",
        "fail",
        "Signature is incorrect",
    ),
    "another client's key": (another_clients_key, "signature", "fail", "another client's key"),
    "no api": (lambda w: w.config.pop("upvest:api"), "api", "fail", "upvest:api is not set"),
    "unknown api": (declare("api", "staging"), "api", "fail", "upvest:api is 'staging'"),
    "http off loopback": (declare("api", "http://api.example"), "api", "fail", "would travel unencrypted"),
    "another api in the environment": (say(UPVEST_API="live"), "api", "fail", "contradicts upvest:api"),
    "another client in the environment": (say(UPVEST_CLIENT_ID=OTHER_ID), "client id", "fail", "contradicts"),
    "clock behind": (off(600), "clock", "fail", " s behind Upvest's"),
    "clock ahead, taken": (off(-45), "clock", "warn", "s ahead of Upvest's"),
    "may only read": (lambda w: w.allow("webhooks:read"), "scopes", "warn", "this client may only read"),
    "no scope": (lambda w: w.allow("accounts:read"), "scopes", "fail", "lacks the scope"),
    "unreachable": (lambda w: w.outage.enter_context(w.upvest.down()), "connection", "fail", "no connection to"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_named_and_its_fix_mends_it(world: World, name: str) -> None:
    breaks, check, outcome, found = CASES[name]
    breaks(world)
    faults = [each for each in world.examined() if each.outcome in (Outcome.WARN, Outcome.FAIL)]
    assert [(each.check, str(each.outcome)) for each in faults] == [(check, outcome)]
    assert found in faults[0].found
    world.mend(faults[0].fix)
    assert {each.outcome for each in world.examined()} == {Outcome.OK}


def test_independent_faults_are_shown_at_once(world: World) -> None:
    del world.config["upvest:keyId"], world.environ["UPVEST_CLIENT_SECRET"]
    world.environ |= {"UPVEST_API": "live", "UPVEST_PRIVATE_KEY_PASSPHRASE": CANARY}
    faults = [each for each in world.examined() if each.outcome is Outcome.FAIL]
    assert [each.check for each in faults] == ["api", "key id", "client secret", "passphrase"]
    for fault in faults:
        world.mend(fault.fix)
    assert {each.outcome for each in world.examined()} == {Outcome.OK}


def test_all_that_is_not_well_has_a_fix(world: World) -> None:
    del world.environ["UPVEST_CLIENT_SECRET"]
    assert all(bool(each.fix) == (each.outcome is not Outcome.OK) for each in world.examined())


def test_a_key_file_that_may_not_be_read(world: World) -> None:
    world.use(without_passphrase(world))
    Path(world.environ["UPVEST_PRIVATE_KEY_FILE"]).chmod(0)
    as_anybody = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    shown = world.run("--stack", "staging", "--json", prefix=as_anybody)
    (fault,) = [each for each in json.loads(shown.stdout) if each["outcome"] == "fail"]
    assert "Permission denied" in fault["found"]
    world.mend(fault["fix"])
    assert world.run("--stack", "staging", prefix=as_anybody).returncode == 0


@pytest.mark.parametrize(
    ("member", "variable", "instead_of"),
    [
        ("clientSecret", "UPVEST_CLIENT_SECRET", "UPVEST_CLIENT_SECRET"),
        ("privateKey", "UPVEST_PRIVATE_KEY", "UPVEST_PRIVATE_KEY_FILE"),
        ("privateKeyPassphrase", "UPVEST_PRIVATE_KEY_PASSPHRASE", "UPVEST_PRIVATE_KEY_PASSPHRASE"),
    ],
)
def test_what_only_pulumi_can_decrypt_is_a_warning_and_names_how_to_check_it(
    world: World, member: str, variable: str, instead_of: str
) -> None:
    world.environ.pop(instead_of)
    world.config[f"upvest:{member}"] = {"secure": "v1:abc"}
    findings = world.examined()
    (warning,) = [each for each in findings if each.outcome is Outcome.WARN]
    assert not [each for each in findings if each.outcome is Outcome.FAIL]
    command = f"export {variable}=$(pulumi config get --stack staging upvest:{member})"
    assert warning.fix == f"Have it checked: `{command}`."
    world.mend(re.sub(r"\$\(.*\)", "SECRET", warning.fix))
    assert {each.outcome for each in world.examined()} == {Outcome.OK}


@pytest.mark.parametrize(
    ("fault", "check", "found"),
    [
        (Fault(FaultKind.PROXY, status=407), "connection", "from something between here and Upvest"),
        (Fault(FaultKind.PROXY, status=502, count=5), "connection", "from something between here and Upvest"),
        (Fault(FaultKind.LOST, count=5), "connection", "no answer from"),
        (Fault(FaultKind.MALFORMED, path="/auth"), "connection", "cannot be read"),
        (Fault(FaultKind.STATUS, path="/auth", status=403), "token", "Upvest answered 403"),
        (Fault(FaultKind.STATUS, path="/auth", status=500), "token", "Upvest answered 500"),
        (Fault(FaultKind.STATUS, path="/webhooks", status=500), "list", "Upvest answered 500"),
        (Fault(FaultKind.STATUS, path="/webhooks", status=403), "list", "Upvest answered 403"),
    ],
    ids=str,
)
def test_an_answer_that_is_no_success_is_of_the_check_that_it_tells_of(
    world: World, fault: Fault, check: str, found: str
) -> None:
    world.upvest.faults.add(fault)
    (failure,) = [each for each in world.examined() if each.outcome is Outcome.FAIL]
    assert (failure.check, bool(failure.fix)) == (check, True)
    assert found in failure.found
    assert "pulumi up" not in failure.fix


def test_certificates_that_cannot_be_used_are_named_before_a_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    world.config["upvest:api"] = "https://api.example"
    world.environ["SSL_CERT_FILE"] = "/missing"
    (failure,) = [each for each in world.examined() if each.outcome is Outcome.FAIL]
    assert (failure.check, failure.found, failure.fix) == snapshot(
        (
            "connection",
            "the environment's SSL_CERT_FILE cannot be used: No such file or directory",
            "Correct SSL_CERT_FILE, or unset it.",
        )
    )


def test_a_secret_in_plain_text_is_a_warning(world: World) -> None:
    world.config["upvest:clientSecret"] = world.environ.pop("UPVEST_CLIENT_SECRET")
    (warning,) = [each for each in world.examined() if each.outcome is not Outcome.OK]
    assert (warning.check, warning.found, warning.source, warning.fix) == snapshot(
        (
            "client secret",
            "stands in plain text",
            "upvest:clientSecret in stacks/Pulumi.staging.yaml",
            "Encrypt it with `pulumi config set --stack staging --secret upvest:clientSecret`.",
        )
    )


class TestSeveralAccounts:
    def split(self, world: World) -> None:
        account = {"clientId": world.config.pop("upvest:clientId"), "keyId": world.config.pop("upvest:keyId")}
        world.config["upvest:accounts"] = {"tol": account, "byol": {"clientId": OTHER_ID, "api": "staging"}}
        world.environ = {name.replace("UPVEST_", "UPVEST_TOL_"): value for name, value in world.environ.items()}

    def test_each_is_checked(self, world: World) -> None:
        self.split(world)
        findings = world.examined()
        accounts = [number for number, each in enumerate(findings) if each.check == "account"]
        assert [findings[number].found for number in accounts] == snapshot(
            ["tol of upvest:accounts", "byol of upvest:accounts"]
        )
        assert [each.account for each in findings] == ["", *["tol"] * (accounts[1] - 1), *["byol"] * 15]
        assert {each.outcome for each in findings[: accounts[1]]} == {Outcome.OK}
        assert [each.fix for each in findings[accounts[1] :] if each.outcome is Outcome.FAIL] == snapshot(
            [
                "Set it with `pulumi config set --stack staging --path 'upvest:accounts.byol.api' sandbox` (or `live`, or `local`).",
                "Set it with `pulumi config set --stack staging --path 'upvest:accounts.byol.keyId' UUID`, as Upvest gave it to you.",
                "Set UPVEST_BYOL_CLIENT_SECRET in the environment, or run `pulumi config set --stack staging --secret --path 'upvest:accounts.byol.clientSecret'`.",
                "Set UPVEST_BYOL_PRIVATE_KEY_FILE to the PEM file whose public half Upvest holds.",
            ]
        )

    def test_only_the_one_that_is_named(self, world: World) -> None:
        self.split(world)
        assert {each.outcome for each in world.examined("tol")} == {Outcome.OK}

    def test_an_unknown_one_fails(self, world: World) -> None:
        self.split(world)
        assert [each.found for each in world.examined("x") if each.outcome is Outcome.FAIL] == snapshot(
            ["upvest:accounts has no 'x'; it has tol, byol"]
        )


class TestTheLocalApi:
    def test_its_fix_starts_it(self, world: World, tmp_path: Path) -> None:
        world.config = {"upvest:api": "local"}
        world.environ = {"UPVEST_LOCAL_STATE": str(tmp_path / "not there yet")}
        (fault,) = [each for each in world.examined() if each.outcome is Outcome.FAIL]
        found = re.search(r"`upvest-webhooks (.*)`", fault.fix)
        assert found is not None
        command = [sys.executable, "-m", "upvest_provider", *shlex.split(found.group(1))]
        with subprocess.Popen(command, cwd=world.folder, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready ")
            assert {each.outcome for each in world.examined()} == {Outcome.OK}
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        (stopped,) = [each for each in world.examined() if each.outcome is Outcome.FAIL]
        assert (stopped.check, stopped.fix) == ("connection", fault.fix)

    def test_an_id_beside_it_is_refused_once(self, world: World, tmp_path: Path) -> None:
        world.config = {"upvest:api": "local", "upvest:keyId": OTHER_ID}
        world.environ = {"UPVEST_LOCAL_STATE": str(tmp_path / "upvest")}
        (fault,) = [each for each in world.examined() if each.outcome is Outcome.FAIL]
        world.mend(fault.fix)
        assert {each.outcome for each in world.examined()} == {Outcome.OK}


class TestOutput:
    def shown(self, world: World, columns: int) -> str:
        del world.environ["UPVEST_PRIVATE_KEY_FILE"]
        world.environ |= {"UPVEST_PRIVATE_KEY": world.right["UPVEST_PRIVATE_KEY"], "UPVEST_CLIENT_SECRET": CANARY}
        shown = world.run("--stack", "staging", COLUMNS=str(columns))
        assert shown.returncode == 1
        assert CANARY not in shown.stdout + shown.stderr
        text = shown.stdout.replace(world.right["upvest:clientId"], OTHER_ID).replace(
            world.right["upvest:keyId"], OTHER_ID
        )
        return re.sub(r"\d s (ahead)", r"0 s \1", text.replace(world.upvest.url, "http://127.0.0.1:12345"))

    def test_narrow(self, world: World) -> None:
        assert self.shown(world, 40) == snapshot("""\
ok    stack
  stacks/Pulumi.staging.yaml
ok    account
  the only one
ok    api
  http://127.0.0.1:12345, from
  upvest:api in
  stacks/Pulumi.staging.yaml
ok    client id
  00000000-0000-4000-8000-000000000001,
  from upvest:clientId in
  stacks/Pulumi.staging.yaml
ok    key id
  00000000-0000-4000-8000-000000000001,
  from upvest:keyId in
  stacks/Pulumi.staging.yaml
ok    client secret
  set, from UPVEST_CLIENT_SECRET in the
  environment
ok    private key
  readable, from UPVEST_PRIVATE_KEY in
  the environment
ok    permissions
  no file
ok    passphrase
  opens the key, from
  UPVEST_PRIVATE_KEY_PASSPHRASE in the
  environment
ok    key kind
  ECDSA on P-521 (SEC1)
ok    connection
  http://127.0.0.1:12345 answers
ok    clock
  0 s ahead of Upvest's; a signature is
  good for 60 s
skip  signature
  not checked. Mend this first: token.
fail  token
  Upvest answered 401: client_id or
  client_secret is wrong.
  Set UPVEST_CLIENT_SECRET in the
  environment to the secret of client
  00000000-0000-4000-8000-000000000001.
skip  scopes
  not checked. Mend this first: token.
skip  list
  not checked. Mend this first: token.
""")

    def test_wide(self, world: World) -> None:
        assert self.shown(world, 160) == snapshot("""\
ok    stack          stacks/Pulumi.staging.yaml
ok    account        the only one
ok    api            http://127.0.0.1:12345, from upvest:api in stacks/Pulumi.staging.yaml
ok    client id      00000000-0000-4000-8000-000000000001, from upvest:clientId in stacks/Pulumi.staging.yaml
ok    key id         00000000-0000-4000-8000-000000000001, from upvest:keyId in stacks/Pulumi.staging.yaml
ok    client secret  set, from UPVEST_CLIENT_SECRET in the environment
ok    private key    readable, from UPVEST_PRIVATE_KEY in the environment
ok    permissions    no file
ok    passphrase     opens the key, from UPVEST_PRIVATE_KEY_PASSPHRASE in the environment
ok    key kind       ECDSA on P-521 (SEC1)
ok    connection     http://127.0.0.1:12345 answers
ok    clock          0 s ahead of Upvest's; a signature is good for 60 s
skip  signature      not checked. Mend this first: token.
fail  token          Upvest answered 401: client_id or client_secret is wrong.
                     Set UPVEST_CLIENT_SECRET in the environment to the secret of client 00000000-0000-4000-8000-000000000001.
skip  scopes         not checked. Mend this first: token.
skip  list           not checked. Mend this first: token.
""")

    def test_commands_stay_whole(self, world: World) -> None:
        world.config["upvest:keyId"] = OTHER_ID
        shown = world.run("--stack", "staging", COLUMNS="40").stdout
        assert "`pulumi config set --stack staging upvest:keyId UUID`" in shown

    def test_json_holds_the_same_and_the_exit_code_tells_a_fail_from_a_warning(self, world: World) -> None:
        world.allow("webhooks:read")
        shown = world.run("--stack", "staging", "--json")
        assert shown.returncode == 0
        assert [each["check"] for each in json.loads(shown.stdout) if each["outcome"] == "warn"] == ["scopes"]
        assert json.loads(shown.stdout)[-1] == snapshot(
            {"check": "list", "outcome": "ok", "found": "0 webhooks", "source": "", "fix": "", "account": ""}
        )
        assert shown.stderr == snapshot("stack staging: 15 ok, 1 warn\n")

    def test_called_wrongly(self, world: World) -> None:
        assert world.run().returncode == 2

    def test_no_project_is_a_fail_too(self, world: World) -> None:
        (world.folder / "Pulumi.yaml").unlink()
        shown = world.run("--stack", "staging", "--json")
        assert shown.returncode == 1
        assert json.loads(shown.stdout)[0]["found"] == "there is no Pulumi.yaml in this directory"

    def test_nothing_is_asked_but_a_token_and_a_list(self, world: World) -> None:
        world.examined()
        assert [each.method for each in world.upvest.requests()] == ["POST", "GET"]

    def test_colour_on_a_terminal_only_and_not_where_it_is_not_wanted(self, world: World) -> None:
        assert "\x1b" not in world.run("--stack", "staging").stdout
        assert b"\x1b[32mok" in on_terminal(world)
        assert b"\x1b[32m" not in on_terminal(world, NO_COLOR="1")


def on_terminal(world: World, **variables: str) -> bytes:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "upvest_provider", "doctor", "--stack", "staging"]
    environment = world.environment(TERM="xterm", **variables)
    shown = b""
    with subprocess.Popen(command, cwd=world.folder, env=environment, stdout=theirs, stderr=subprocess.DEVNULL):
        os.close(theirs)
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(ours)
    return shown
