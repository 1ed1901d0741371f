"""Two subscriptions, and nothing else."""

import signal

import pulumi

from upvest_provider import UpvestWebhook

# Without this, a failing resource makes Pulumi print the traceback of a KeyboardInterrupt that nobody pressed.
signal.signal(signal.SIGINT, signal.SIG_DFL)

UpvestWebhook(
    "users",
    title="User webhook",
    url="https://tenant.tld/webhooks/users",
    type=["USER"],
    config={"delay": pulumi.Config().require("userEventDelay"), "max_package_size": 51200},
)
UpvestWebhook(
    "orders", title="Order webhook", url="https://tenant.tld/webhooks/orders", type=["ORDER", "EXECUTION"]
)
