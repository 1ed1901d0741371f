"""Strategies for the fields of webhooks: what programs declare, and what an API holds."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from upvest_provider.differences import Written

Fields = dict[str, Any]

PATHS = ("title", "url", "type", "exclude_type", "config.delay", "config.max_package_size", "enabled")
CATEGORIES = ("ALL", "USER", "ORDER", "TOPUP")

TITLES = st.sampled_from(["User webhook", "user webhook", "pulumi-0123456789abcdef"])
URLS = st.sampled_from(["https://A.example/x", "https://a.example/x", "https://b.example/"])
TYPES = st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=4)
EXCLUSIONS = st.lists(st.sampled_from(CATEGORIES[1:]), max_size=3)
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "delay": st.sampled_from(["1m", "60s", "2s"]),
        "max_package_size": st.sampled_from([100, 200, 51200]),
    },
)
REQUIRED = {"title": TITLES, "url": URLS, "type": TYPES}
DECLARED = st.fixed_dictionaries(
    REQUIRED, optional={"exclude_type": EXCLUSIONS, "config": CONFIGS, "enabled": st.booleans()}
)
OBSERVED = st.fixed_dictionaries(
    REQUIRED | {"exclude_type": EXCLUSIONS, "config": CONFIGS, "enabled": st.booleans()}
)
WRITTEN = st.none() | st.builds(Written, DECLARED, OBSERVED)
IGNORED = st.lists(st.sampled_from([*PATHS, "config", "*"]), max_size=2)
