from __future__ import annotations

import pytest

from upvest_provider import EndpointReadiness


@pytest.mark.parametrize("path", ["canary", "//canary", "https://tenant.tld/canary", ""])
def test_a_path_that_cannot_be_one_is_refused_and_not_shown(path: str) -> None:
    gate = EndpointReadiness.__new__(EndpointReadiness)
    with pytest.raises(ValueError, match="must start with one '/'") as refusal:
        gate.url_at(path)
    assert str(refusal.value) == "the path of url_at must start with one '/', as '/webhooks/users'"
