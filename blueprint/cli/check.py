"""`blueprint check`: every fault of documents, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blueprint.cli.checked import check_and_show
from blueprint.cli.report import Format


def check(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, or names of shipped specs.")],
    format: Annotated[Format, typer.Option(help="How faults are shown.")] = Format.text,
) -> int:
    """Check specs: every fault with its place, its cause and the way to mend it."""
    return check_and_show(paths, format)
