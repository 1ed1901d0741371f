from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Where all tests are collected, this is called late; tests/conftest.py names the plugin for that case."""
    config.pluginmanager.import_plugin("tests.model.summary")
