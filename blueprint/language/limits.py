"""How large a document may be, and how a reader gives up on one that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

from blueprint.diagnostics import Reporter, Span

MAX_BYTES = 1 << 20
MAX_DEPTH = 100
MAX_NODES = 200_000
MAX_DIGITS = 300


class GiveUp(Exception):
    """Reading cannot go on; the reason has been reported."""


@dataclass
class Tally:
    """Counts the values read and how deep they nest, and gives up beyond the limits."""

    reporter: Reporter
    nodes: int = 0
    depth: int = 0

    def count(self, span: Span) -> None:
        """Count one more value, which stands at `span`."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._refuse(f"a document may hold {MAX_NODES:,} values", span, "divide it into several files with `use`")

    def enter(self, span: Span) -> None:
        """Go into a list or mapping that begins at `span`; `leave` comes back."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._refuse(f"lists and mappings may nest {MAX_DEPTH} deep", span, "name inner parts as blocks")

    def leave(self) -> None:
        """Come back from the innermost list or mapping."""
        self.depth -= 1

    def digits(self, text: str, span: Span) -> None:
        """Refuse a number written with more digits than any use needs."""
        if len(text) > MAX_DIGITS:
            self._refuse(f"a number may have {MAX_DIGITS} digits, this one has {len(text)}", span, "")

    def _refuse(self, message: str, span: Span, help: str) -> None:
        self.reporter.error("budget", message, span, help=help)
        raise GiveUp
