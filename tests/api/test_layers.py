from __future__ import annotations

import ast
from pathlib import Path

import upvest_provider

PACKAGE = Path(upvest_provider.__file__).parent


def imported_by(file: Path) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


def test_httpx_is_imported_in_one_module() -> None:
    found = [str(file.relative_to(PACKAGE)) for file in PACKAGE.rglob("*.py") if "httpx" in imported_by(file)]
    assert found == ["api/transport.py"]


def test_the_api_knows_neither_pulumi_nor_the_local_api() -> None:
    for file in (PACKAGE / "api").glob("*.py"):
        assert imported_by(file).isdisjoint({"pulumi", "starlette", "uvicorn"}), file
        assert "upvest_provider.local" not in file.read_text(), file
