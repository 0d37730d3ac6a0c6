"""Diagnostics as text for people, each with the line at fault and carets under it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from blueprint.diagnostics.model import Diagnostic, Note, Span
from blueprint.diagnostics.render.cells import clean, width, window
from blueprint.diagnostics.wording import counted

COLUMNS = 80
NARROW = 36  # a label with fewer cells than this beside the carets goes below them

_UNITS = re.compile(r"(?:`[^`]*`|[^\s`]|`)+")

_CODES = {"error": "1;31", "warning": "1;33", "note": "1;32", "help": "1;36", "gutter": "1;34", "strong": "1"}


def render_text(diagnostics: Iterable[Diagnostic], color: bool = False) -> str:
    """The diagnostics one after the other, and a last line that counts them; nothing for none.

    color: mark up by ANSI escape codes.
    """
    found = list(diagnostics)
    if not found:
        return ""
    paint = _Paint(color)
    blocks = ["\n".join(_block(d, paint)) for d in found]
    return "\n\n".join([*blocks, paint("strong", summary(found))])


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """How many errors and warnings there are: "2 errors, 1 warning"."""
    severities = [d.severity for d in diagnostics]
    parts = [counted(severities.count(kind), kind) for kind in ("error", "warning") if kind in severities]
    return ", ".join(parts) or "no errors"


class _Paint:
    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.color and text else text


def _block(diagnostic: Diagnostic, paint: _Paint) -> Iterable[str]:
    kind = diagnostic.severity
    yield paint(kind, f"{kind}[{diagnostic.code}]") + paint("strong", f": {clean(diagnostic.message)}")
    gutter = 1
    if diagnostic.span:
        gutter = len(str(diagnostic.span.line))
        yield _arrow(diagnostic.span, gutter, paint)
        yield from _excerpt(diagnostic.span, clean(diagnostic.label), gutter, kind, paint)
    elif diagnostic.label:
        yield from _remark("note", clean(diagnostic.label), gutter, paint)
    for note in diagnostic.notes:
        yield from _note(note, gutter, paint)
    if diagnostic.help:
        yield from _remark("help", clean(diagnostic.help), gutter, paint)


def _note(note: Note, gutter: int, paint: _Paint) -> Iterable[str]:
    if note.span is None:
        yield from _remark("note", clean(note.message), gutter, paint)
    else:
        yield paint("note", "note") + paint("strong", f": {clean(note.message)}")
        yield _arrow(note.span, gutter, paint)


def _arrow(span: Span, gutter: int, paint: _Paint) -> str:
    return f"{' ' * gutter}{paint('gutter', '-->')} {clean(span.place)}"


def _remark(kind: str, text: str, gutter: int, paint: _Paint) -> Iterable[str]:
    lead = f"{' ' * gutter} {paint('gutter', '=')} {paint('strong', kind + ':')} "
    indent = gutter + len(f" = {kind}: ")
    for line in _wrapped(text, COLUMNS - indent):
        yield lead + line
        lead = " " * indent


def _excerpt(span: Span, label: str, gutter: int, kind: str, paint: _Paint) -> Iterable[str]:
    """The first line of the span between gutters, carets under it, and the label."""
    bar = paint("gutter", "|")
    blank = f"{' ' * gutter} {bar}"
    room = COLUMNS - gutter - 3
    line = span.source.lines[span.line - 1] if span.line <= len(span.source.lines) else ""
    end = span.end_column - 1 if span.end_line == span.line else max(len(line.rstrip()), span.column)
    text, first, last = window(line, span.column - 1, end, room)
    last = max(last, first + 1)
    yield blank
    number = str(span.line).rjust(gutter)
    yield f"{paint('gutter', number)} {bar} {text}".rstrip()
    carets = " " * first + paint(kind, "^" * (last - first))
    beside = room - last - 1
    if label and "\n" not in label and (width(label) <= beside or beside >= NARROW):
        lines = _wrapped(label, beside)
        yield f"{blank} {carets} {paint(kind, lines[0])}"
        below = last + 1
    else:
        yield f"{blank} {carets}"
        below = max(0, min(first, room - 2 * NARROW))
        lines = ["", *_wrapped(label, room - below)] if label else [""]
    for more in lines[1:]:
        yield f"{blank} {' ' * below}{paint(kind, more)}"


def _wrapped(text: str, cells: int) -> list[str]:
    """The text in lines of at most `cells`; its own line ends are kept.

    Lines are broken at blanks alone, and not at those between backticks if what stands between
    them fits on a line.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        if width(line) <= cells:
            lines.append(line)
            continue
        now = ""
        for word in _words(line, cells):
            if now and width(now) + 1 + width(word) > cells:
                lines.append(now)
                now = word
            else:
                now = f"{now} {word}" if now else word
        lines.append(now)
    return lines


def _words(line: str, cells: int) -> Iterable[str]:
    for word in _UNITS.findall(line):
        yield from [word] if width(word) <= cells else word.split()
