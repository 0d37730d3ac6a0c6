"""Diagnostics as workflow commands, which GitHub shows beside the lines of a change.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.diagnostics.model import Diagnostic
from blueprint.diagnostics.render.records import labelled


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One line for each diagnostic: `::error file=...,line=...,col=...,endLine=...,endColumn=...,title=CODE::...`.

    Notes and help are further lines of its message.
    """
    return "\n".join(_command(d) for d in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    fields: dict[str, object] = {}
    if diagnostic.span:
        span = diagnostic.span
        fields = {
            "file": span.source.name,
            "line": span.line,
            "col": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    fields["title"] = diagnostic.code
    body = [labelled(diagnostic)]
    body += [f"note: {n.message}" + (f" ({n.span.place})" if n.span else "") for n in diagnostic.notes]
    body += [f"help: {diagnostic.help}"] if diagnostic.help else []
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in fields.items())
    return f"::{diagnostic.severity} {listed}::{_data(chr(10).join(body))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
