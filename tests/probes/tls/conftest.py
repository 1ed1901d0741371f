from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import trustme

from upvest_provider.probes.network import Network

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2030, 6, 15, 12, 0, tzinfo=UTC)
"""What time it is for what is judged; OpenSSL goes by the machine's clock."""


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA(organization_unit_name="Example Root")


@pytest.fixture
def network(authority: trustme.CA, tmp_path: Path) -> Network:
    roots = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(roots)
    return Network(tls_timeout=5, ca_file=str(roots), clock=NOW.timestamp)
