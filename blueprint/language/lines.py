"""Where the lines of a YAML text begin and end, comments left out."""

from __future__ import annotations

import re


def value_end(text: str, start: int) -> int:
    """Where a bare value that begins at `start` ends on its line."""
    return start + len(without_comment(text[start : line_end(text, start)]).rstrip())


def without_comment(text: str) -> str:
    """The text without its comments. A `#` behind a blank inside quotes is taken for one too."""
    return re.sub(r"(?m)(^|\s)#.*$", "", text)


def line_start(text: str, at: int) -> int:
    """Where the line begins that holds character `at`."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def line_end(text: str, at: int) -> int:
    """Where the line that holds character `at` ends, its line end left out."""
    match = re.compile(r"[\r\n]").search(text, at)
    return match.start() if match else len(text)


def line_above(text: str, line: int) -> int:
    """The start of the last line above with anything on it."""
    while line > 0:
        line = line_start(text, line - 1)
        if without_comment(text[line : line_end(text, line)]).strip():
            break
    return line
