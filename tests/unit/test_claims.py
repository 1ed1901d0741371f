from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from upvest_provider import limits
from upvest_provider.claims import claim_of, is_claim

PARTS = ("organization", "project", "dev", "urn:pulumi:dev::project::acme:Hooks::hooks", "users")
CLAIM = claim_of(*PARTS)


def test_the_claim_of_a_resource_never_changes() -> None:
    # States and unfinished webhooks of older versions hold it.
    assert claim_of("organization", "project", "dev", "", "users") == snapshot("pulumi-9cbd3e4d50dbee85")
    assert claim_of(*PARTS) == snapshot("pulumi-e73255871124248a")


@pytest.mark.parametrize("part", range(len(PARTS)))
def test_each_part_of_a_resources_identity_makes_another_claim(part: int) -> None:
    others = [*PARTS]
    others[part] += "x"

    assert claim_of(*others) != CLAIM


@pytest.mark.parametrize("part", range(len(PARTS) - 1))
def test_a_letter_that_moves_to_the_next_part_makes_another_claim(part: int) -> None:
    moved = [*PARTS]
    moved[part], moved[part + 1] = PARTS[part][:-1], PARTS[part][-1:] + PARTS[part + 1]

    assert claim_of(*moved) != CLAIM


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_a_claim_is_a_title_of_the_strictest_rule_whatever_the_names(
    organization: str, project: str, stack: str, parent: str, name: str
) -> None:
    claim = claim_of(organization, project, stack, parent, name)

    assert is_claim(claim)
    assert re.fullmatch(limits.TITLE_PATTERN, claim)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "users",
        "pulumi-",
        CLAIM[:-1],
        f"{CLAIM}0",
        CLAIM.upper(),
        f" {CLAIM}",
        f"{CLAIM}\n",
        "pulumi-0123456789abcdeg",
        str(uuid.UUID(int=0)),
    ],
)
def test_another_title_is_nobodys_claim(title: str) -> None:
    assert not is_claim(title)
