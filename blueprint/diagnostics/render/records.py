"""Diagnostics as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from blueprint.diagnostics.model import Diagnostic, Span

Record = dict[str, object]


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The diagnostics as one JSON object, `{"diagnostics": [...]}`, indented by two.

    Each has `code`, `severity`, `message` (with the label behind ": "), `file`, `line`, `column`,
    `end_line`, `end_column` (exclusive), `notes` and `help`; a place that is not known is null.
    """
    return json.dumps({"diagnostics": [record(d) for d in diagnostics]}, indent=2, ensure_ascii=False)


def record(diagnostic: Diagnostic) -> Record:
    """One diagnostic as a dictionary of JSON values."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": labelled(diagnostic),
        **place(diagnostic.span),
        "notes": [{"message": note.message, **place(note.span)} for note in diagnostic.notes],
        "help": diagnostic.help,
    }


def labelled(diagnostic: Diagnostic) -> str:
    """The message with the label behind it."""
    return f"{diagnostic.message}: {diagnostic.label}" if diagnostic.label else diagnostic.message


def place(span: Span | None) -> Record:
    """A place as the JSON values `file, line, column, end_line, end_column`, null where it is not known."""
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
