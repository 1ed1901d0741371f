"""Upvest webhook subscriptions of one stage, enabled once the receiver that they point at is ready."""

import signal

import pulumi

from upvest_provider import EndpointReadiness, UpvestWebhook

# Without this, a failing resource makes Pulumi print the traceback of a KeyboardInterrupt that nobody pressed.
signal.signal(signal.SIGINT, signal.SIG_DFL)

config = pulumi.Config()
host = config.require("host")
timeout, interval = config.get("gateTimeout"), config.get("gateInterval")

if config.get_bool("localReceiver"):
    from receiver.local import LocalReceiver

    receiver = LocalReceiver(
        "receiver",
        host=host,
        dns_delay=config.get_float("dnsDelay") or 0.0,
        certificate_delay=config.get_float("certificateDelay") or 0.0,
        certificate_lifetime=config.require_float("certificateLifetime"),
    )
    ready = EndpointReadiness(
        "receiver-ready",
        url=receiver.url,
        triggers=[receiver.certificate_id],
        resolvers=receiver.resolvers,
        ca_file=receiver.ca_file,
        allow_private=receiver.allow_private,
        timeout=timeout,
        interval=interval,
    )
else:
    ready = EndpointReadiness("receiver-ready", url=f"https://{host}", timeout=timeout, interval=interval)

protected = pulumi.ResourceOptions(protect=pulumi.get_stack() == "prod")
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
