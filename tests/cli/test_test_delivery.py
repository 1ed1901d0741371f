"""`upvest-webhooks test`: deliveries that really arrive at the receiver of the local world."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from upvest_provider.local import ControlClient, received_events

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

HOST = "hooks.tenant.tld"


@pytest.fixture
def webhook(shell: Shell) -> str:
    """A webhook whose receiver is ready."""
    control = ControlClient(shell.upvest.state)
    control.put("listeners", HOST)
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    control.put("certificates", HOST)
    return shell.hold(1, url=f"https://{HOST}:{shell.upvest.world.receiver.port}/canary-path")


def known(shell: Shell, text: str) -> str:
    port = str(shell.upvest.world.receiver.port)
    text = text.replace(port, "8443").replace(shell.upvest.url, "http://UPVEST")
    return re.sub(r"upvest-request-id [0-9a-f-]{36}", "upvest-request-id REQUEST", text)


def test_what_the_receiver_answered_is_shown_and_that_it_really_arrives_is_said_before(
    shell: Shell, webhook: str
) -> None:
    shown = shell.run("test", webhook, "--stack", "dev", COLUMNS="160")
    assert shown.returncode == 0
    assert known(shell, shown.stdout) == snapshot("""\
id            00000000-0000-4000-8000-000000000001
origin        https://hooks.tenant.tld:8443
enabled       yes
status        200
body          {"received": true}
""")
    assert known(shell, shown.stderr) == snapshot("""\
Upvest sends a test delivery to https://hooks.tenant.tld:8443 now; it really arrives there.
tested webhook 00000000-0000-4000-8000-000000000001 (upvest-request-id REQUEST)
""")
    assert received_events(shell.upvest.state)
    assert "canary-path" not in shown.stdout + shown.stderr


def test_a_receiver_that_does_not_answer_2xx_exits_with_1(shell: Shell, webhook: str) -> None:
    ControlClient(shell.upvest.state).answer_with(503)
    shown = shell.run("test", webhook, "--stack", "dev", COLUMNS="40")
    assert shown.returncode == 1
    assert known(shell, shown.stdout) == snapshot("""\
id            00000000-0000-4000-8000-000000000001
origin        https://hooks.tenant.tld:8443
enabled       yes
status        503
body          {"error": "The receiver
              was told to answer 503."}
""")
    assert known(shell, shown.stderr) == snapshot("""\
Upvest sends a test delivery to https://hooks.tenant.tld:8443 now; it really arrives there.
tested webhook 00000000-0000-4000-8000-000000000001 (upvest-request-id REQUEST)
The receiver answered 503, and deliveries need 2xx.
Read the receiver's log.
""")


def test_a_receiver_that_cannot_be_reached(shell: Shell, webhook: str) -> None:
    ControlClient(shell.upvest.state).delete("dns", HOST, "A")
    shown = shell.run("test", webhook, "--stack", "dev")
    assert shown.returncode == 1
    assert known(shell, shown.stdout) == snapshot("""\
id            00000000-0000-4000-8000-000000000001
origin        https://hooks.tenant.tld:8443
enabled       yes
error         NameNotResolved: hooks.tenant.tld: NXDOMAIN
""")
    assert known(shell, shown.stderr) == snapshot("""\
Upvest sends a test delivery to https://hooks.tenant.tld:8443 now; it really arrives there.
tested webhook 00000000-0000-4000-8000-000000000001 (upvest-request-id REQUEST)
Upvest could not reach the receiver: NameNotResolved: hooks.tenant.tld: NXDOMAIN
Run `upvest-webhooks probe https://hooks.tenant.tld:8443 --stack dev`.
""")


def test_json(shell: Shell, webhook: str) -> None:
    shown = shell.run("test", webhook, "--stack", "dev", "--json")
    assert json.loads(known(shell, shown.stdout)) == snapshot(
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "origin": "https://hooks.tenant.tld:8443",
            "enabled": True,
            "status": 200,
            "error": None,
            "body": '{"received": true}',
        }
    )


def test_a_disabled_webhook_is_tested_where_upvest_does(shell: Shell, webhook: str) -> None:
    shell.hold(1, id=webhook, url=f"https://{HOST}:{shell.upvest.world.receiver.port}/x", enabled=False)
    assert shell.run("test", webhook, "--stack", "dev").returncode == 0


def test_the_refusal_of_a_disabled_webhook_is_explained(shell: Shell, webhook: str) -> None:
    shell.upvest.behaviour = replace(shell.upvest.behaviour, disabled_webhook_test="refused")
    shell.hold(1, id=webhook, url=f"https://{HOST}/x", enabled=False)
    shown = shell.run("test", webhook, "--stack", "dev")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert known(shell, shown.stderr) == snapshot("""\
Upvest sends a test delivery to https://hooks.tenant.tld now; it really arrives there.
upvest-webhooks: webhook 00000000-0000-4000-8000-000000000001 is disabled, and Upvest did not test it: Webhook 00000000-0000-4000-8000-000000000001 is disabled.
POST /webhooks/00000000-0000-4000-8000-000000000001/test at http://UPVEST, upvest-request-id REQUEST
Enable it first; in the program, verify="after_enable" tests it as soon as it is.
""")


def test_an_order_that_upvest_only_took_proves_nothing(shell: Shell, webhook: str) -> None:
    shell.upvest.behaviour = replace(shell.upvest.behaviour, test_answer=202)
    shown = shell.run("test", webhook, "--stack", "dev")
    assert shown.returncode == 1
    assert known(shell, shown.stderr) == snapshot("""\
Upvest sends a test delivery to https://hooks.tenant.tld:8443 now; it really arrives there.
tested webhook 00000000-0000-4000-8000-000000000001 (upvest-request-id REQUEST)
Upvest took the order (202), and does not tell what the receiver answered.
Read the receiver's log.
""")


def test_nothing_is_sent_for_a_webhook_that_is_not_there(shell: Shell) -> None:
    shown = shell.run("test", "00000000-0000-4000-8000-000000000009", "--stack", "dev")
    assert shown.returncode == 1
    assert "really arrives" not in shown.stderr
    assert not [request for request in shell.upvest.requests() if request.path.endswith("/test")]
