"""Draws `docs/demo.svg` from a run of the demo: `make pictures`.

The same program gives the same picture: ids, ports and times, which differ from run to run, stand as fixed ones;
and of two webhooks that are made side by side, the one with the smaller mark comes first.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).resolve().parent.parent
PICTURE = PROJECT / "docs" / "demo.svg"

SHOWN = (
    "up",
    "up again, nothing changed",
    "somebody changes a webhook by hand",
    "up, which repairs it",
    "up with the receiver: record, certificate, listener, gate, webhooks",
)
"""The steps that are drawn; all of the demo would be taller than a screen."""

VARYING = (
    (r"\b[0-9a-f]{8}…", "1a2b3c4d…"),
    (r"\b(127\.0\.0\.1:)\d+", r"\g<1>8443"),
    (r"\(\d+ s\)", "(1 s)"),
    (r"\d+\.\d s\b", "1.0 s"),
)
"""What differs between two runs, and what stands for it."""

CHARACTER, LINE, MARGIN = 7.8, 18, 16
"""Pixels: the advance of a monospaced font of 13 px, the distance of lines, and the space around them."""

STYLE = """text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
text{fill:#1f2328;white-space:pre}
rect{fill:#f6f8fa}.bold{font-weight:bold}.dim{fill:#59636e}.green{fill:#116329}.red{fill:#a40e26}
.yellow{fill:#7d4e00}.blue{fill:#0550ae}.magenta{fill:#8250df}.cyan{fill:#1b7c83}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#151b23}.dim{fill:#9198a1}.green{fill:#7ee787}
.red{fill:#ffa198}.yellow{fill:#e3b341}.blue{fill:#79c0ff}.magenta{fill:#d2a8ff}.cyan{fill:#76e3ea}}"""


def main() -> None:
    """Draw the picture anew."""
    PICTURE.write_text(svg(shown(record("--rehearsal"))))
    print(PICTURE.relative_to(PROJECT))


def record(*options: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """What the demo prints, line by line, with the terminal's colours."""
    run = subprocess.run(
        [sys.executable, "-m", "demo", *options],
        cwd=PROJECT,
        env={**environment, "FORCE_COLOR": "1", "TERM": "xterm"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        sys.exit(run.stdout + run.stderr)
    return run.stdout.splitlines()


def shown(lines: list[str]) -> list[Text]:
    """The steps that are drawn, as every run prints them."""
    texts = [Text.from_ansi(fixed(line)) for line in lines]
    starts = [number for number, text in enumerate(texts) if text.plain.startswith("▸ ")]
    steps = [texts[start:end] for start, end in pairwise([*starts, len(texts)])]
    drawn = [step for step in steps if step[0].plain.strip().removeprefix("▸ ") in SHOWN]
    return [line for step in drawn for line in in_order(step)]


def fixed(line: str) -> str:
    """The line with fixed values in place of those that vary."""
    for pattern, value in VARYING:
        line = re.sub(pattern, value, line)
    return line


def in_order(step: list[Text]) -> list[Text]:
    """The step's lines; what is sent for each new webhook, from its POST on, in the order of their marks."""
    numbers = [number for number, line in enumerate(step) if "title=pulumi-" in line.plain]
    if not numbers:
        return step
    end = max(number for number, line in enumerate(step) if line.plain.strip()) + 1
    groups = [step[start:stop] for start, stop in pairwise([*numbers, end])]
    groups.sort(key=lambda group: group[0].plain)
    return [*step[: numbers[0]], *(line for group in groups for line in group), *step[end:]]


def svg(lines: list[Text]) -> str:
    """The lines as a picture without fonts or scripts of its own, for light pages and dark ones."""
    width = round(max(len(line.plain.rstrip()) for line in lines) * CHARACTER + 2 * MARGIN)
    height = len(lines) * LINE + 2 * MARGIN
    body = [
        f'<text x="{MARGIN}" y="{MARGIN + LINE * (number + 1) - 5}">{spans(line)}</text>'
        for number, line in enumerate(lines)
    ]
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    return "\n".join(
        [head, f"<style>{STYLE}</style>", '<rect width="100%" height="100%" rx="6"/>', *body, "</svg>\n"]
    )


def spans(line: Text) -> str:
    """A line, what is coloured in spans."""
    line.rstrip()
    segments = [(text, classes(style)) for text, style, _ in line.render(Console(color_system="standard"))]
    parts = [
        ("".join(text for text, _ in group), names) for names, group in groupby(segments, lambda each: each[1])
    ]
    return "".join(
        f'<tspan class="{names}">{escape(text)}</tspan>' if names else escape(text) for text, names in parts
    )


def classes(style: object) -> str:
    """The names of a style: its colour, `bold`, `dim`."""
    names = {"bold", "dim", "green", "red", "yellow", "blue", "magenta", "cyan"}
    return " ".join(word for word in str(style).split() if word in names)


if __name__ == "__main__":
    main()
