"""What `blueprint check` does, without the parser of its command line."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from pathlib import Path

from blueprint.cli.report import Format, choose, show


def check_and_show(paths: Iterable[str | Path], format: Format = Format.text) -> int:
    """The exit status of a check, its faults shown: 1 if there are any, else 0."""
    choose(format)
    gc.set_threshold(100_000)  # a check makes much that stays to its end; to look for circles so often takes a tenth
    from blueprint.checking import check_paths
    from blueprint.diagnostics.wording import counted

    checked = check_paths([Path(path) for path in paths])
    faults = any(d.severity == "error" for d in checked.diagnostics)
    if checked.diagnostics or format is not Format.text:
        show(checked.diagnostics)
    if format is Format.text and not faults:
        line = f"{counted(len(checked.documents), 'document')} without fault"
        if checked.others:
            line += f", {counted(len(checked.others), 'other file')} passed over"
        print(line)
    return int(faults)
