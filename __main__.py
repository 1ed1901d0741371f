"""Upvest webhook subscriptions of one stage."""

import signal

import pulumi

from upvest_provider import UpvestWebhook

# Without this, a failing resource makes Pulumi print the traceback of a KeyboardInterrupt that nobody pressed.
signal.signal(signal.SIGINT, signal.SIG_DFL)

config = pulumi.Config()
receiver_url = config.require("receiverUrl")
protected = pulumi.ResourceOptions(protect=pulumi.get_stack() == "prod")

users = UpvestWebhook(
    "users",
    title="User webhook",
    url=f"{receiver_url}/webhooks/users",
    type=["USER"],
    config={"delay": config.require("userEventDelay"), "max_package_size": 51200},
    opts=protected,
)
orders = UpvestWebhook(
    "orders",
    title="Order webhook",
    url=f"{receiver_url}/webhooks/orders",
    type=["ORDER", "EXECUTION"],
    config={"delay": "1s", "max_package_size": 102400},
    opts=protected,
)

pulumi.export("users", {"id": users.id, "enabled": users.enabled})
pulumi.export("orders", {"id": orders.id, "enabled": orders.enabled})
