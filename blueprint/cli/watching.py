"""Checking again whenever a file changes, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from blueprint.cli.report import Format

INTERVAL = 0.4
SETTLING = 0.05
CLEAR = "\x1b[2J\x1b[H"

Stamps = dict[Path, tuple[int, int, int] | None]
"""Files, with what changes whenever one is written or another put in its place; None for one that is not there."""


def watch(
    paths: list[Path],
    format: Format = Format.text,
    wait: Callable[[float], None] = time.sleep,
    clock: Callable[[], str] = lambda: time.strftime("%H:%M:%S"),
) -> int:
    """The exit status of the last check; ends by KeyboardInterrupt.

    Looks at the times of files: those named, those below the folders named, and all that they
    extend or use. wait: sleeps for some seconds. clock: the time as it is shown. Raises UsageError
    where a path is not there at the start.
    """
    from blueprint.checking import check_paths
    from blueprint.cli.checked import show_checked
    from blueprint.cli.report import choose, show
    from blueprint.diagnostics import SpecError
    from blueprint.diagnostics.wording import counted
    from blueprint.processes import MOST

    choose(format)
    terminal = format is Format.text and sys.stdout.isatty()
    status: int | None = None
    read: set[Path] = set()
    folders: set[Path] = set()
    while True:
        try:
            before = _stamps(paths, read | folders)
            try:
                checked = check_paths(paths, MOST)
            except SpecError as error:
                if status is None:
                    raise
                _clear(terminal)
                show(error.diagnostics)
                status = 1
            else:
                _clear(terminal)
                status, read = show_checked(checked, format), checked.read
                missing = any(found.code == "missing-file" for found in checked.diagnostics)
                folders = {path.parent for path in read} if missing else set()
            look = partial(_stamps, paths, read | folders)
            known = _known(before, look(), read | folders)
            if format is Format.text:
                print(f"{clock()}  watching {counted(len(read), 'file')}, Ctrl-C ends")
            sys.stdout.flush()
            _until_changed(known, look, wait)
        except KeyboardInterrupt:
            if status is None:
                raise
            print(file=sys.stderr)
            return status


def _known(before: Stamps, now: Stamps, read: set[Path]) -> Stamps:
    """What the check has seen of the files there are now: their stamps from before it, where it knew them then."""
    return {path: before.get(path, stamp if path in read else None) for path, stamp in now.items()}


def _until_changed(before: Stamps, look: Callable[[], Stamps], wait: Callable[[float], None]) -> None:
    """Return when something has changed, and then nothing for a moment: an editor may write in several steps."""
    began = time.monotonic()
    while (now := look()) == before:
        # A folder of very many files is looked at less often.
        wait(max(INTERVAL, 5 * (time.monotonic() - began)))
        began = time.monotonic()
    while True:
        wait(SETTLING)
        former, now = now, look()
        if now == former:
            return


def _stamps(paths: Iterable[Path], read: Iterable[Path]) -> Stamps:
    """The stamps of files, of those in folders, and of those read in the last check."""
    from blueprint.language.heading import files_in

    found = {path.resolve() for path in read}
    for path in paths:
        found |= {file.resolve() for file in files_in(path)} if path.is_dir() else {path.resolve()}
    return {path: _stamp(path) for path in found}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


def _clear(terminal: bool) -> None:
    if terminal:
        print(CLEAR, end="", flush=True)
