"""What `blueprint check` does, without the parser of its command line."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.report import Format, choose, show

if TYPE_CHECKING:
    from blueprint.checking import Checked


def check_and_show(paths: Iterable[str | Path], format: Format = Format.text) -> int:
    """The exit status of a check, its faults shown: 1 if there are any, else 0."""
    choose(format)
    gc.set_threshold(100_000)  # a check makes much that stays to its end; to look for circles so often takes a tenth
    from blueprint.checking import check_paths
    from blueprint.processes import MOST

    return show_checked(check_paths([Path(path) for path in paths], MOST), format)


def show_checked(checked: Checked, format: Format) -> int:
    """The exit status that a check calls for, what it found shown."""
    from blueprint.diagnostics.wording import counted

    faults = any(d.severity == "error" for d in checked.diagnostics)
    if checked.diagnostics or format is not Format.text:
        show(checked.diagnostics)
    if format is Format.text and not faults:
        line = f"{counted(len(checked.documents), 'document')} without fault"
        if checked.others:
            line += f", {counted(len(checked.others), 'other file')} passed over"
        print(line)
    return int(faults)
