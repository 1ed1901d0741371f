"""Links between pages, and to headings, lead somewhere; those to other sites have the form of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import yaml

from tests.docs.pages import PAGES, PROJECT, anchors, links

if TYPE_CHECKING:
    from pathlib import Path


def _name(page: Path) -> str:
    return page.name


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_link_to_a_file_leads_to_one(page: Path) -> None:
    targets = [link.partition("#")[0] for link in links(page) if not urlsplit(link).scheme]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_link_to_a_heading_leads_to_one(page: Path) -> None:
    targets = [link.partition("#")[::2] for link in links(page) if "#" in link and not urlsplit(link).scheme]
    assert [
        f"{file}#{anchor}"
        for file, anchor in targets
        if anchor not in anchors(page.parent / file if file else page)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_link_to_another_site_is_https_and_whole(page: Path) -> None:
    outside = [urlsplit(link) for link in links(page) if urlsplit(link).scheme]
    assert [parts.geturl() for parts in outside if parts.scheme != "https" or "." not in parts.netloc] == []


def test_each_page_stands_in_the_navigation() -> None:
    navigation = (PROJECT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    told = re.findall(r": ([\w-]+\.md)$", navigation, re.MULTILINE)
    assert sorted(told) == sorted(page.name for page in PAGES if page.parent.name == "docs")


def test_the_site_loads_nothing_from_elsewhere() -> None:
    settings = yaml.safe_load((PROJECT / "mkdocs.yml").read_text())
    assert settings["theme"]["font"] is False
    # Mermaid's diagrams would be drawn by a script from another host.
    assert not any("```mermaid" in page.read_text() for page in PAGES)
