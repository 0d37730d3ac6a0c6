"""What is wrong, where, and how to mend it: spans, diagnostics, codes and renderers."""

from blueprint.diagnostics.model import Diagnostic, Note, Reporter, Source, Span, SpecError, UsageError
from blueprint.diagnostics.nearest import nearest
from blueprint.diagnostics.render import render_github, render_json, render_text

__all__ = [
    "Diagnostic",
    "Note",
    "Reporter",
    "Source",
    "Span",
    "SpecError",
    "UsageError",
    "nearest",
    "render_github",
    "render_json",
    "render_text",
]
