"""`blueprint check`: every fault of documents, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blueprint.cli.checked import check_and_show
from blueprint.cli.completing import specs
from blueprint.cli.report import Format


def check(
    paths: Annotated[
        list[Path], typer.Argument(help="Files, folders, or names of shipped specs.", autocompletion=specs)
    ],
    format: Annotated[Format, typer.Option(help="How faults are shown.")] = Format.text,
    watch: Annotated[bool, typer.Option("--watch", help="Check again whenever a file changes, until Ctrl-C.")] = False,
) -> int:
    """Check specs: every fault with its place, its cause and the way to mend it."""
    if watch:
        from blueprint.cli.watching import watch as watch_files

        return watch_files(paths, format)
    return check_and_show(paths, format)
