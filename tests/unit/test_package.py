from __future__ import annotations

import json
import subprocess
import sys
import types

import upvest_provider

HEAVY = ["pydantic", "httpx", "cryptography", "dns", "starlette", "uvicorn", "typer", "rich"]
LOADED = "import json, sys, upvest_provider; print(json.dumps([*sys.modules]))"


def test_importing_the_package_loads_nothing_that_only_requests_need() -> None:
    command = [sys.executable, "-c", LOADED]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    loaded = set(json.loads(ran.stdout))

    assert "upvest_provider.webhook" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_public_names_are_all_there_is_beside_modules() -> None:
    names = {
        name
        for name, value in vars(upvest_provider).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }

    assert (
        names
        == set(upvest_provider.__all__)
        == {
            "EndpointReadiness",
            "UpvestWebhook",
            "WebhookConfig",
            "WebhookConfigArgs",
            "UPVEST_SOURCE_IPS",
            "get_verification_keys",
            "get_webhooks",
        }
    )
