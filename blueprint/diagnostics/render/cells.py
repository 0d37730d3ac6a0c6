"""Text in the cells of a terminal: tabs, wide and unprintable characters, and windows of long lines."""

from __future__ import annotations

import unicodedata

TAB = 4
CUT = "…"


def shown(character: str) -> str:
    """What a terminal is given for one character: a tab as blanks, an unprintable one as a replacement character."""
    if character == "\t":
        return " " * TAB
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return "\ufffd"
    return character


def width(text: str) -> int:
    """The number of cells that the text takes once shown."""
    return sum(_width(character) for character in text)


def clean(text: str) -> str:
    """The text as shown, line ends kept."""
    return "".join(c if c == "\n" else shown(c) for c in text)


def window(line: str, start: int, end: int, cells: int) -> tuple[str, int, int]:
    """The line as shown in at most `cells` cells, and the cells at which characters `start` to `end` begin and end.

    A longer line is cut where that does not hide the start of the marked part; a cut end shows `…`.
    """
    start = min(start, len(line))
    end = max(start, min(end, len(line)))
    first, last = 0, len(line)
    if width(line) > cells:
        first, last = _cut(line, start, end, cells)
    head = CUT if first else ""
    tail = CUT if last < len(line) else ""
    text = head + "".join(map(shown, line[first:last])) + tail
    begin = width(head) + width(line[first:start])
    return text, begin, begin + width(line[start : min(end, last)])


def _cut(line: str, start: int, end: int, cells: int) -> tuple[int, int]:
    """The characters to keep: the marked part, what fits in front of it, then what fits behind it."""
    marked = width(line[start:end])
    first = 0
    if width(line[:end]) > cells - 1:
        before = max(cells // 4, cells - 2 - marked) if marked < cells else cells // 4
        before = min(before, 3 * cells // 4)
        first = _back(line, start, before - 1)
    last, used = first, 1 if first else 0
    while last < len(line) and used + _width(line[last]) <= cells - 1:
        used += _width(line[last])
        last += 1
    return first, last


def _back(line: str, start: int, cells: int) -> int:
    while start > 0 and _width(line[start - 1]) <= cells:
        start -= 1
        cells -= _width(line[start])
    return start


def _width(character: str) -> int:
    if character == "\t":
        return TAB
    if " " <= character <= "~":
        return 1
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
