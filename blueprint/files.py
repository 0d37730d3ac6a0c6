"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from blueprint.diagnostics import Diagnostic, SpecError
from blueprint.diagnostics.wording import ticked


def write_whole(path: Path, data: bytes) -> None:
    """Write the file so that at every moment `path` is its former or its new content, never a part.

    The data goes to a file beside it, to the disk, and is then renamed. Raises SpecError
    (`not-written`) if that fails; the former file stays.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise not_written(path, error) from None


def append_line(path: Path, line: str) -> None:
    """Add a line to the file; raises SpecError (`not-written`) if that fails."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise not_written(path, error) from None


def not_written(path: Path, error: OSError) -> SpecError:
    """The fault of a file that could not be written."""
    reason = (error.strerror or str(error)).lower()
    former = "the former file is whole; " if path.is_file() else ""
    help = f"{former}make room or name another place"
    return SpecError([Diagnostic("not-written", f"{ticked(path, 200)} could not be written: {reason}", help=help)])
