"""Every way that the creation of webhooks can go, within the bounds of each case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.model.scenarios import CASES
from tests.model.summary import record
from tests.model.world import explored
from tests.soak import is_soak

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", CASES)
def test_no_rule_breaks_in_any_execution(name: str, record_property: Callable[[str, object], None]) -> None:
    case = CASES[name]
    found = explored(replace(case.scenario, bounds=case.soak) if is_soak() else case.scenario)
    record(record_property, name, found)
    assert "\n\n".join(map(str, found.violations.values())) == ""
