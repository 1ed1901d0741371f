"""`upvest-webhooks probe`, against the DNS, the certificates and the receiver of the local world."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.local import ControlClient, dns_queries

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

HOST = "hooks.tenant.tld"


@pytest.fixture
def receiver(shell: Shell) -> str:
    """A receiver that is ready; gives its URL, whose path is a secret."""
    control = ControlClient(shell.upvest.state)
    control.put("listeners", HOST)
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    control.put("certificates", HOST)
    return f"https://{HOST}:{shell.upvest.world.receiver.port}/canary-path"


def known(shell: Shell, text: str) -> str:
    """The text with other words, as wide, for what differs from run to run."""
    text = text.replace(shell.upvest.surroundings.resolver, "127.0.0.1:53000")
    text = text.replace(str(shell.upvest.world.receiver.port), "44300").replace(" (1 s)", " (0 s)")
    return re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d", "2030-01-01 00:00", text)


class TestOnce:
    def test_a_receiver_that_is_ready(self, shell: Shell, receiver: str) -> None:
        shown = shell.run("probe", receiver, "--stack", "dev", COLUMNS="160")
        assert shown.returncode == 0
        assert known(shell, shown.stdout) == snapshot("""\
check  ok       asked                                           seen
dns    yes      name servers of its zone, then 127.0.0.1:53000  hooks.tenant.tld is 127.0.0.1 at 2 name servers of tenant.tld and 1 resolver
tls    yes      each address, port 44300                        TLSv1.3, certificate of 'Local Intermediate (loopback only)' valid until 2030-01-01 00:00 UTC,
                                                                at 127.0.0.1:44300
http   skipped  -                                               a receiver may act on a request that Upvest did not send
""")
        assert known(shell, shown.stderr) == snapshot(
            "https://hooks.tenant.tld:44300 is ready, as seen from this machine (0 s)\n"
        )

    def test_a_narrow_terminal_shows_paragraphs(self, shell: Shell, receiver: str) -> None:
        shown = shell.run("probe", receiver, "--stack", "dev", COLUMNS="40")
        assert known(shell, shown.stdout) == snapshot("""\
check         dns
ok            yes
asked         name servers of its zone,
              then 127.0.0.1:53000
seen          hooks.tenant.tld is
              127.0.0.1 at 2 name
              servers of tenant.tld and
              1 resolver

check         tls
ok            yes
asked         each address, port 44300
seen          TLSv1.3, certificate of
              'Local Intermediate
              (loopback only)' valid
              until 2030-01-01 00:00
              UTC, at 127.0.0.1:44300

check         http
ok            skipped
asked         -
seen          a receiver may act on a
              request that Upvest did
              not send
""")

    def test_a_wrong_certificate_ends_with_what_to_do(self, shell: Shell, receiver: str) -> None:
        ControlClient(shell.upvest.state).delete("certificates", HOST)
        shown = shell.run("probe", receiver, "--stack", "dev", COLUMNS="160")
        assert shown.returncode == 1
        assert known(shell, shown.stdout) == snapshot("""\
check  ok       asked                                           seen
dns    yes      name servers of its zone, then 127.0.0.1:53000  hooks.tenant.tld is 127.0.0.1 at 2 name servers of tenant.tld and 1 resolver
tls    no       each address, port 44300                        certificate is for default.receiver.invalid, not hooks.tenant.tld, at 127.0.0.1:44300
http   skipped  -                                               a receiver may act on a request that Upvest did not send
""")
        assert known(shell, shown.stderr) == snapshot("""\
upvest-webhooks: https://hooks.tenant.tld:44300 is not ready: tls: certificate is for default.receiver.invalid, not hooks.tenant.tld, at 127.0.0.1:44300
Install a certificate for hooks.tenant.tld, or correct the receiver's rule that selects it by name.
""")

    def test_a_name_that_is_not_there_is_asked_of_the_zone_alone(self, shell: Shell, receiver: str) -> None:
        del receiver  # it makes the zone
        shown = shell.run("probe", "https://none.tenant.tld", "--stack", "dev")
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: https://none.tenant.tld is not ready: dns: name not there: none.tenant.tld does not exist (NXDOMAIN) at ns1.tenant.tld (127.0.0.2), ns2.tenant.tld (127.0.0.3)
Create an A or CNAME record for none.tenant.tld in tenant.tld; if your DNS console shows one, tenant.tld is delegated to other servers than the console's.
""")
        asked = [query for query in dns_queries(shell.upvest.state) if query.name.startswith("none.tenant.tld")]
        assert asked
        assert not [query for query in asked if query.server == "127.0.0.1"]

    def test_http_is_asked_where_it_is_wanted(self, shell: Shell, receiver: str) -> None:
        ControlClient(shell.upvest.state).answer_with(503)
        shown = shell.run("probe", receiver, "--stack", "dev", "--check", "http=require")
        assert shown.returncode == 1
        assert known(shell, shown.stderr) == snapshot("""\
upvest-webhooks: https://hooks.tenant.tld:44300 is not ready: http: https://hooks.tenant.tld:44300 answered 503 Service Unavailable, at 127.0.0.1
Read the log of the receiver and of the load balancer before it.
""")
        warned = shell.run("probe", receiver, "--stack", "dev", "--check", "http=warn")
        assert warned.returncode == 0
        assert "no, only warned of" in warned.stdout

    def test_a_receiver_for_upvest_alone_is_met_by_dns_alone(self, shell: Shell, receiver: str) -> None:
        ControlClient(shell.upvest.state).delete("certificates", HOST)
        shown = shell.run("probe", receiver, "--stack", "dev", "--reachable-from", "upvest", "--json")
        assert shown.returncode == 0
        assert [each["status"] for each in json.loads(shown.stdout)["evidence"]] == ["pass", "skip", "skip"]

    def test_where_the_host_must_lead_can_be_said(self, shell: Shell, receiver: str) -> None:
        shown = shell.run("probe", receiver, "--stack", "dev", "--expect", "10.0.0.0/8")
        assert shown.returncode == 1
        assert "10.0.0.0/8" in shown.stderr

    def test_what_the_local_stack_brings_can_be_said_by_hand(self, shell: Shell, receiver: str) -> None:
        surroundings = shell.upvest.surroundings
        said = ["--resolver", surroundings.resolver, "--ca-file", surroundings.ca_file]
        assert shell.run("probe", receiver, *said, "--allow-private").returncode == 0
        assert shell.run("probe", receiver, *said).returncode == 1

    def test_json_is_complete_but_for_the_path_of_the_url(self, shell: Shell, receiver: str) -> None:
        shown = shell.run("probe", receiver, "--stack", "dev", "--json")
        told = json.loads(known(shell, shown.stdout))
        assert told.pop("checked_at").endswith("Z")
        for evidence in told["evidence"]:
            assert 0 <= evidence.pop("seconds") < 60
        assert told == snapshot(
            {
                "origin": "https://hooks.tenant.tld:44300",
                "ready": True,
                "evidence": [
                    {
                        "check": "dns",
                        "status": "pass",
                        "asked": "name servers of its zone, then 127.0.0.1:53000",
                        "seen": "hooks.tenant.tld is 127.0.0.1 at 2 name servers of tenant.tld and 1 resolver",
                        "warnings": [],
                        "fix": "",
                        "attempts": 1,
                    },
                    {
                        "check": "tls",
                        "status": "pass",
                        "asked": "each address, port 44300",
                        "seen": "TLSv1.3, certificate of 'Local Intermediate (loopback only)' valid until 2030-01-01 00:00 UTC, at 127.0.0.1:44300",
                        "warnings": [],
                        "fix": "",
                        "attempts": 1,
                    },
                    {
                        "check": "http",
                        "status": "skip",
                        "asked": "-",
                        "seen": "a receiver may act on a request that Upvest did not send",
                        "warnings": [],
                        "fix": "",
                        "attempts": 0,
                    },
                ],
            }
        )
        assert "canary-path" not in shown.stdout + shown.stderr


class TestWaiting:
    def test_it_tells_what_it_waits_for_and_ends_when_the_receiver_is_ready(
        self, shell: Shell, receiver: str
    ) -> None:
        control = ControlClient(shell.upvest.state)
        control.delete("certificates", HOST)
        command = [sys.executable, "-m", "upvest_provider", "probe", receiver, "--stack", "dev"]
        with subprocess.Popen(
            [*command, "--wait", "--interval", "1s"],
            cwd=shell.folder,
            env=shell.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as waiting:
            assert waiting.stderr is not None
            first = waiting.stderr.readline()
            control.put("certificates", HOST)
            _, rest = waiting.communicate(timeout=60)
        assert waiting.returncode == 0
        assert first.startswith("[2/2] tls: certificate is for default.receiver.invalid, not hooks.tenant.tld")
        assert "[2/2] passed 1 of 3 times" in rest
        assert "Ctrl-C" not in first
        assert rest.splitlines()[-1].startswith(f"https://{HOST}:")

    def test_at_the_time_out_it_ends_with_what_to_do(self, shell: Shell, receiver: str) -> None:
        del receiver  # it makes the zone
        said = ["--wait", "--timeout", "1s", "--interval", "1s"]
        shown = shell.run("probe", "https://none.tenant.tld", "--stack", "dev", *said)
        assert shown.returncode == 1
        assert shown.stderr.splitlines()[-1].startswith("Create an A or CNAME record for none.tenant.tld")

    def test_ctrl_c_ends_it_at_once(self, shell: Shell) -> None:
        command = [sys.executable, "-m", "upvest_provider", "probe", "https://none.tenant.tld", "--stack", "dev"]
        with subprocess.Popen(
            [*command, "--wait"],
            cwd=shell.folder,
            env=shell.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as waiting:
            assert waiting.stderr is not None
            waiting.stderr.readline()
            os.kill(waiting.pid, signal.SIGINT)
            _, rest = waiting.communicate(timeout=10)
        assert waiting.returncode not in (0, 2)
        assert "Traceback" not in rest


class TestWrongCalls:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["hooks.tenant.tld"], "URL must start with https://"),
            (["https://127.0.0.1/x"], "URL must have a DNS name"),
            (["https://a.tld", "--reachable-from", "here"], "--reachable-from must be"),
            (["https://a.tld", "--check", "tcp=skip"], "--check must have no member but"),
            (["https://a.tld", "--check", "dns=no"], "--check must have `dns` as"),
            (["https://a.tld", "--resolver", "dns.tld"], "--resolver must hold addresses"),
            (["https://a.tld", "--timeout", "soon"], "--timeout must be a duration"),
            (["https://a.tld", "--min-validity", "0d"], "--min-validity must be a duration"),
            (["https://a.tld", "--ca-file", "none.pem"], "--ca-file"),
            ([], "Missing argument"),
        ],
    )
    def test_each_exits_with_2_and_names_the_option(self, shell: Shell, arguments: list[str], told: str) -> None:
        shown = shell.run("probe", *arguments)
        assert (shown.returncode, shown.stdout) == (2, "")
        assert told in shown.stderr

    def test_a_local_api_that_never_ran(self, shell: Shell) -> None:
        shown = shell.run("probe", "https://a.tld", "--stack", "dev", UPVEST_LOCAL_STATE="none")
        assert shown.returncode == 1
        assert shown.stderr == snapshot("""\
upvest-webhooks: upvest:api is `local`, and none/credentials.json does not tell how to reach its DNS
Start the local API with `make local` (`upvest-webhooks local`).
""")


def test_nothing_is_sent_to_upvest(shell: Shell, receiver: str) -> None:
    shell.run("probe", receiver, "--stack", "dev")
    assert [request.path for request in shell.upvest.requests() if not request.path.startswith("/_local")] == []
