"""What is wrong, where, and how to mend it: spans, diagnostics, codes and renderers."""

from blueprint.diagnostics.model import Diagnostic, Note, Reporter, Source, Span, SpecError, UsageError

__all__ = ["Diagnostic", "Note", "Reporter", "Source", "Span", "SpecError", "UsageError"]
