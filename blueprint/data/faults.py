"""How faults of the data are told: diagnostics without a place in a document, and what happens to unreadable images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from blueprint.data.progress import Progress
from blueprint.diagnostics import Diagnostic, Note, SpecError
from blueprint.diagnostics.wording import counted, ticked

SHOWN = 10
"""Unreadable images that are named; further ones are counted."""


def fault(code: str, message: str, *, help: str = "", notes: tuple[str, ...] = ()) -> Diagnostic:
    """An error that no place in a document stands for."""
    return Diagnostic(code, message, notes=tuple(Note(note) for note in notes), help=help)


def unreadable(faults: Mapping[Path, str], total: int, refuse: bool, progress: Progress) -> None:
    """Tell of the images that cannot be read, by path and reason; raise SpecError if they are refused."""
    if not faults:
        return
    named = [f"{path}: {reason}" for path, reason in sorted(faults.items())]
    more = [f"and {len(named) - SHOWN:,} more"] if len(named) > SHOWN else []
    shown = [*named[:SHOWN], *more]
    verb = "is" if len(faults) == 1 else "are"
    if not refuse:
        progress.line(f"{len(faults):,} of {counted(total, 'image')} {verb} unreadable and left out:")
        for line in shown:
            progress.line(f"  {line}")
        return
    help = "mend or remove them, or let the recipe say `unreadable: skip` in `data: {folder: …}`"
    message = f"{len(faults):,} of {counted(total, 'image')} cannot be read"
    if len(faults) == 1:
        message = f"{ticked(next(iter(faults)), 200)} cannot be read"
    raise SpecError([fault("unreadable-image", message, help=help, notes=tuple(shown))])
