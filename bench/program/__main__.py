"""Declares as many webhooks as the configuration says, of the contender that it names."""

from __future__ import annotations

import pulumi

from bench.contenders import contender
from bench.webhooks import declared

config = pulumi.Config()
chosen = contender(config.require("contender"))
webhooks = declared(config.require_int("count"), first_renamed=config.require_bool("first_renamed"))
for name, fields in webhooks.items():
    chosen.declare(name, fields)
