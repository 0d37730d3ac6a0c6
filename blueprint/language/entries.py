"""Collecting a mapping's entries: a key stands once, whichever text it is read from."""

from __future__ import annotations

from blueprint.diagnostics import Note, Reporter
from blueprint.diagnostics.wording import ticked
from blueprint.language.tree import Entry, Scalar, Tree


def add_entry(entries: dict[str, Entry], key: Scalar, value: Tree, reporter: Reporter) -> None:
    """Add an entry under its key; a key that is there already is reported, and its first value stays."""
    name = str(key.value)
    if name not in entries:
        entries[name] = Entry(key, value)
        return
    reporter.error(
        "duplicate-key",
        f"the key {ticked(name)} is given twice",
        key.span,
        label="given again",
        notes=[Note("it is first given here", entries[name].key.span)],
        help="remove one of the two",
    )
