"""Upvest webhook subscriptions of one stage, enabled once the receiver that they point at is ready."""

import signal

import pulumi

from receiver.choice import receiver_of
from receiver.stage import stage_of
from upvest_provider import EndpointReadiness, UpvestWebhook

# Without this, a failing resource makes Pulumi print the traceback of a KeyboardInterrupt that nobody pressed.
signal.signal(signal.SIGINT, signal.SIG_DFL)

config = pulumi.Config()
stage = stage_of(
    pulumi.get_stack(),
    config.get,
    pulumi.Config("upvest").get,
    # A plan can be shown before the ids are filled in.
    doubt=(lambda error: pulumi.warn(f"`pulumi up` will refuse: {error}"))
    if pulumi.runtime.is_dry_run()
    else None,
)
receiver = receiver_of(stage, config)
ready = EndpointReadiness(
    "receiver-ready",
    url=receiver.url,
    timeout=config.get("gateTimeout"),
    interval=config.get("gateInterval"),
    **receiver.gate,
)

protected = pulumi.ResourceOptions(protect=stage.name == "prod")
users = UpvestWebhook(
    "users",
    title="User webhook",
    url=ready.url_at("/webhooks/users"),
    gate=ready,
    verify=config.get("verify"),
    type=["USER"],
    config={"delay": config.require("userEventDelay"), "max_package_size": 51200},
    opts=protected,
)
orders = UpvestWebhook(
    "orders",
    title="Order webhook",
    url=ready.url_at("/webhooks/orders"),
    gate=ready,
    verify=config.get("verify"),
    type=["ORDER", "EXECUTION"],
    config={"delay": "1s", "max_package_size": 102400},
    opts=protected,
)

pulumi.export("users", {"id": users.id, "enabled": users.enabled})
pulumi.export("orders", {"id": orders.id, "enabled": orders.enabled})
