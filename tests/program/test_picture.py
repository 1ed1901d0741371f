"""The README's picture is of the demo as it is today."""

from __future__ import annotations

import re
from html import unescape

from tools.record_demo import PICTURE, record, shown


def told(lines: list[str]) -> list[str]:
    """The lines without what a gate says meanwhile, which a busy machine makes come sooner, later, or not.

    In no order: the requests of webhooks made side by side mix in each run anew.
    """
    return sorted(line.rstrip() for line in lines if not line.startswith("  │"))


def test_the_picture_holds_what_the_demo_prints_today() -> None:
    texts = re.findall(r"<text [^>]*>(.*?)</text>", PICTURE.read_text())
    drawn = [unescape(re.sub("<[^>]+>", "", text)) for text in texts]
    assert told(drawn) == told([line.plain for line in shown(record())])


def test_the_picture_fetches_nothing_and_runs_nothing() -> None:
    picture = PICTURE.read_text().replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"https?://(?!tenant)|<script|@import|@font-face|url\(|href|\son\w+=", picture) == []
