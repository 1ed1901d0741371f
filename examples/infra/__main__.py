"""Two webhook subscriptions."""

import signal

import pulumi

from upvest_provider import UpvestWebhook

# Without this, a failing resource makes Pulumi print the traceback of a KeyboardInterrupt that nobody pressed.
signal.signal(signal.SIGINT, signal.SIG_DFL)

config = pulumi.Config()
host = config.get("host") or "hooks.tenant.tld"

UpvestWebhook(
    "users",
    title="User webhook",
    url=f"https://{host}/users",
    type=["USER"],
    config={"delay": config.get("userEventDelay") or "2s", "max_package_size": 51200},
)
UpvestWebhook("orders", title="Order webhook", url=f"https://{host}/orders", type=["ORDER", "EXECUTION"])
