"""The data of a diagnostic: sources, spans, notes, and the reporter that collects them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

_LINE_END = re.compile(r"\r\n|\r|\n")
_TICKED = re.compile(r"`[^`]{100,}`")
_LONG, _LONGEST = 400, 1500


@dataclass(frozen=True, eq=False)
class Source:
    """A text that a user wrote and the name under which they know it (a path, or `<dict>`).

    shipped: it came with the package, so that they may never have seen it.
    """

    name: str
    text: str
    shipped: bool = False

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text without their ends, in order; the one behind a final line end is empty."""
        return _LINE_END.split(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(end.end() for end in _LINE_END.finditer(self.text))]

    def span(self, start: int, end: int) -> Span:
        """The stretch from character `start` to `end` (exclusive) of the text, at least one column wide."""
        start = max(0, min(start, len(self.text)))
        line, column = self._place(start)
        if end <= start:
            return Span(self, line, column, line, column + 1)
        last_line, last_column = self._place(min(end, len(self.text) + 1) - 1)
        return Span(self, line, column, last_line, last_column + 1)

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, min(offset - self._starts[line - 1], len(self.lines[line - 1])) + 1


@dataclass(frozen=True)
class Span:
    """A stretch of a source; lines and columns count from 1, the end column is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def place(self) -> str:
        """The start as `file:line:column`."""
        return f"{self.source.name}:{self.line}:{self.column}"

    @property
    def order(self) -> tuple[str, int, int, int, int]:
        """A key that sorts spans by file, then by place."""
        return (self.source.name, self.line, self.column, self.end_line, self.end_column)

    def within(self, start: int, end: int) -> Span:
        """The part from character `start` to `end` of a span that lies on one line.

        A span over several lines is returned whole.
        """
        if self.line != self.end_line:
            return self
        first = min(self.column + start, self.end_column - 1)
        last = max(first + 1, min(self.column + end, self.end_column))
        return Span(self.source, self.line, first, self.line, last)


def _bounded(text: str) -> str:
    """The text, with what a user wrote at any length cut where it stands between backticks."""
    if len(text) > _LONG:
        text = _TICKED.sub(lambda match: f"{match[0][:60].rstrip()}…`", text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


@dataclass(frozen=True)
class Note:
    """A sentence that explains a diagnostic; with a span, it is shown at its own place."""

    message: str
    span: Span | None = None

    def __post_init__(self) -> None:
        """Keep the text to a length that a person reads."""
        object.__setattr__(self, "message", _bounded(self.message))


@dataclass(frozen=True)
class Diagnostic:
    """One fault: a stable code, a header, a place with its label, causes and the way to mend it."""

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[Note, ...] = ()
    help: str = ""
    severity: Literal["error", "warning"] = "error"

    def __post_init__(self) -> None:
        """Keep the texts to a length that a person reads."""
        for name in ("message", "label", "help"):
            object.__setattr__(self, name, _bounded(getattr(self, name)))

    def __str__(self) -> str:
        place = f"{self.span.place}: " if self.span else ""
        label = f": {self.label}" if self.label else ""
        help = f" ({self.help})" if self.help else ""
        return f"{place}{self.severity}[{self.code}]: {self.message}{label}{help}"

    @property
    def order(self) -> tuple[tuple[str, int, int, int, int], str, str]:
        """A key that sorts diagnostics by place."""
        place = self.span.order if self.span else ("", 0, 0, 0, 0)
        return (place, self.code, self.message)


@dataclass
class Reporter:
    """Collects the diagnostics of one stage, each place and message once."""

    found: list[Diagnostic] = field(default_factory=list)
    _seen: set[object] = field(default_factory=set)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep `diagnostic` unless the same fault at the same place is already known."""
        key = (diagnostic.code, diagnostic.span.order if diagnostic.span else diagnostic.message)
        if key not in self._seen:
            self._seen.add(key)
            self.found.append(diagnostic)

    def error(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        label: str = "",
        notes: Iterable[Note] = (),
        help: str = "",
    ) -> None:
        """Add an error; the arguments are the fields of `Diagnostic`."""
        self.add(Diagnostic(code, message, span, label, tuple(notes), help))

    @property
    def failed(self) -> bool:
        """Whether any error (not only warnings) was found."""
        return any(d.severity == "error" for d in self.found)

    def sorted(self) -> list[Diagnostic]:
        """The diagnostics in the order of their places."""
        return sorted(self.found, key=lambda d: d.order)

    def raise_if_failed(self) -> None:
        """Raise `SpecError` with everything found if there is an error among it."""
        if self.failed:
            raise SpecError(self.sorted())

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.sorted())


class SpecError(ValueError):
    """The user's files or arguments are at fault; `diagnostics` says how. `status` is the exit status."""

    status = 1

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = list(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        from blueprint.diagnostics.render import render_text

        return "\n" + render_text(self.diagnostics)


class UsageError(SpecError):
    """The command line or a call is at fault, not a file."""

    status = 2
