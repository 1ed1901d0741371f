"""`upvest-webhooks review`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from upvest_provider.errors import UpvestError

from .review_changes import review_of
from .review_markdown import markdown
from .review_preview import preview_of


def review(
    stage: Annotated[
        list[str],
        typer.Option(metavar="NAME=FILE", help="A stage, and what `pulumi preview --json` wrote; once for each."),
    ],
) -> None:
    """Tell what previews mean for webhooks, as Markdown for a pull request.

    Of a URL it shows scheme and host only, for the rest may be a secret. The rules for prod apply to a stage
    whose name is `prod` or ends with `-prod`. Only event lines (PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true) hold
    what policies say.
    """
    files = _files(stage)
    texts = {name: _read(file) for name, file in files.items()}
    reviews = {
        name: review_of(preview_of(text), is_prod=f"-{name}".endswith("-prod")) for name, text in texts.items()
    }
    sys.stdout.buffer.write(markdown(reviews).encode())  # the same on every machine, whatever its encoding


def _files(stages: list[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for stage in stages:
        name, _, file = stage.partition("=")
        if not name or not file:
            raise typer.BadParameter(f"{stage!r} is not NAME=FILE", param_hint="--stage")
        if name in files:
            raise typer.BadParameter(f"{name!r} is given twice", param_hint="--stage")
        files[name] = Path(file)
    return files


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UpvestError(
            f"{file} cannot be read: {error.strerror}", fix=f"Write it with `pulumi preview --json > {file}`."
        ) from None
