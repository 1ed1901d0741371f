"""What the API may turn out to do, where its documents are silent."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from upvest_provider.local import load_behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.faults.site import Site

    Answers = Mapping[str, Any]

USUAL: Answers = {}

UNUSUAL: tuple[Answers, ...] = (
    {"url_host": "lowered", "type_order": "sorted", "unknown_fields": "added"},
    {"config_patch": "replaced", "patch_without_type": "all"},
    {"disabled_webhook_test": "refused"},
    {"test_answer": 202},
    {"url_change": "disables"},
    {"title_rule": "32"},
    {"delay_rule": "minutes", "default_delay": "1m"},
    {"unknown_category": "accepted", "all_beside_others": "refused"},
    {"duplicate_url": "refused"},
    {"duplicate_title": "refused"},
    {"admin_reads": False},
    {"get_lag": 2.0},
    # All that rewrites what was sent, together.
    {
        "url_host": "lowered",
        "type_order": "sorted",
        "unknown_fields": "added",
        "config_patch": "replaced",
        "url_change": "disables",
        "delay_rule": "minutes",
        "default_delay": "1m",
    },
)

LAGGING: Answers = {"list_lag": 2.0}
"""Not promised in all, so apart from the others."""


def told(answers: Answers) -> str:
    """For names of tests and for messages."""
    return "+".join(f"{name}={answer}" for name, answer in answers.items()) or "usual"


@contextmanager
def behaving(site: Site, answers: Answers) -> Iterator[None]:
    """Have the API of a site answer so."""
    site.upvest.behaviour = replace(load_behaviour(), **answers)
    try:
        yield
    finally:
        site.upvest.behaviour = load_behaviour()
