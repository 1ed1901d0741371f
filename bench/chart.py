"""What was measured, as a picture: for each size, bars of medians with the whole spread over them."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from bench.contenders import BARE, FLOOR, NAIVE, OURS
from bench.rounds import of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bench.rounds import Sample

COLOURS = {OURS: "#1f6fb4", FLOOR: "#7d8891", BARE: "#bcc4ca", NAIVE: "#d98a2b"}
LEFT, WIDTH, BAR, GAP, HEAD = 110, 560, 12, 12, 34
"""Pixels: the labels' column, the longest bar, a bar's height, the space between groups, a panel's title."""


def svg(samples: Collection[Sample], title: str) -> str:
    """The picture of all samples, as an SVG document."""
    parts: list[str] = []
    top = HEAD
    for size in dict.fromkeys(sample.size for sample in samples):
        panel = [sample for sample in samples if sample.size == size]
        parts += [_text(LEFT, top - 8, f"{size} webhook{'s' * (size > 1)}", "bold")]
        parts += _panel(panel, top)
        top += len({sample.operation for sample in panel}) * (len(COLOURS) * BAR + GAP) + HEAD
    parts += [_text(LEFT, 12, title, "bold"), *_legend(top)]
    size_of_all = f'width="{LEFT + WIDTH + 90}" height="{top + 8}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size_of_all} font-family="sans-serif" font-size="11">\n' + (
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _panel(samples: Sequence[Sample], top: int) -> Iterator[str]:
    longest = max(sample.seconds for sample in samples)
    y = top
    for operation in dict.fromkeys(sample.operation for sample in samples):
        yield _text(LEFT - 8, y + 2 * BAR, operation, anchor="end")
        for name, colour in COLOURS.items():
            seconds = [each.seconds for each in of(samples, samples[0].size, operation, name)]
            if seconds:
                yield from _bar(y, seconds, WIDTH / longest, colour)
            y += BAR
        y += GAP


def _bar(y: int, seconds: Sequence[float], scale: float, colour: str) -> Iterator[str]:
    median = statistics.median(seconds)
    low, high = LEFT + min(seconds) * scale, LEFT + max(seconds) * scale
    middle = y + BAR / 2 - 1
    yield f'<rect x="{LEFT}" y="{y}" width="{median * scale:.1f}" height="{BAR - 2}" fill="{colour}"/>'
    yield f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="black" stroke-width="1"/>'
    yield _text(high + 6, y + BAR - 3, f"{median:.2f} s")


def _legend(y: int) -> Iterator[str]:
    for index, (name, colour) in enumerate(COLOURS.items()):
        x = LEFT + index * 90
        yield f'<rect x="{x}" y="{y - 18}" width="10" height="10" fill="{colour}"/>'
        yield _text(x + 15, y - 9, name)


def _text(x: float, y: float, words: str, weight: str = "normal", anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-weight="{weight}" text-anchor="{anchor}"'
    return f"<text {place}>{escape(words)}</text>"
