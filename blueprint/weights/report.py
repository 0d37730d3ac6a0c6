"""What is told of weights that were copied, and of those that were not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from blueprint.diagnostics import Diagnostic, Note
from blueprint.diagnostics.wording import counted, ticked
from blueprint.weights.matching import Left, Matching, shape_text

SHOWN = 8
"""Tensors without a counterpart that are named on each side; further ones are counted."""


def misfits(matching: Matching, severity: Literal["error", "warning"] = "warning") -> list[Diagnostic]:
    """A diagnostic (`weights-misfit`) for each side that has learned tensors without a counterpart."""
    found = []
    for left, whose, fate in (
        (matching.ours, "the network's", "stay as they were" if len(matching.ours) > 1 else "stays as it was"),
        (matching.theirs, "the foreign", "are left out" if len(matching.theirs) > 1 else "is left out"),
    ):
        if left:
            message = f"{counted(len(left), 'tensor')} of {whose} weights found no counterpart and {fate}"
            found.append(Diagnostic("weights-misfit", message, notes=_notes(left), severity=severity))
    return found


def _notes(left: Sequence[Left]) -> tuple[Note, ...]:
    named = [f"{ticked(one.key, 100)} {shape_text(one.shape)}: {one.reason}" for one in left[:SHOWN]]
    more = [f"and {len(left) - SHOWN:,} more"] if len(left) > SHOWN else []
    return tuple(Note(text) for text in (*named, *more))
