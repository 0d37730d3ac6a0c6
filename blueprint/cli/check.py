"""`blueprint check`: every fault of documents, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blueprint.cli.report import Format, choose, show


def check(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, or names of shipped specs.")],
    format: Annotated[Format, typer.Option(help="How faults are shown.")] = Format.text,
) -> int:
    """Check specs: every fault with its place, its cause and the way to mend it."""
    choose(format)
    from blueprint.checking import check_paths

    checked = check_paths(paths)
    faults = any(d.severity == "error" for d in checked.diagnostics)
    if checked.diagnostics or format is not Format.text:
        show(checked.diagnostics)
    if format is Format.text and not faults:
        count = len(checked.documents)
        line = f"{count} document{'' if count == 1 else 's'} without fault"
        if checked.others:
            line += f", {len(checked.others)} other file{'' if len(checked.others) == 1 else 's'} passed over"
        print(line)
    return int(faults)
