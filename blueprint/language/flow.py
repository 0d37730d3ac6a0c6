"""Bare strings that YAML's `{...}` and `[...]` cut at a comma or bracket: `{k: max(8, c)}` is two keys.

https://yaml.org/spec/1.2.2/#733-plain-style
"""

from __future__ import annotations

import re

from blueprint.diagnostics import Reporter, Source
from blueprint.diagnostics.wording import ticked
from blueprint.language.expression import parse
from blueprint.language.terms import Comprehension, ExpressionFault

_PAIRS = {")": "(", "]": "[", "}": "{"}
_LONGEST = 2000
_KEY_BEFORE = re.compile(r"[\w.-]+\s*:\s+\Z")
_BRACKETS = re.compile(r"[()\[\]{}]")
_SEPARATOR = re.compile(r":(?=\s)")


def unclosed(text: str) -> bool:
    """Whether a bracket of the text is never closed in it."""
    depth = 0
    for character in text:
        if character in "([{":
            depth += 1
        elif character in ")]}" and depth:
            depth -= 1
    return depth > 0


def extent(text: str, start: int) -> int:
    """Where the expression that begins at `start` ends.

    That is before a comma, `: ` or closing bracket outside its own brackets, or before a closing
    bracket that fits none of them.
    """
    open_: list[str] = []
    at = start
    for at in range(start, min(len(text), start + _LONGEST)):
        character = text[at]
        if character in "([{":
            open_.append(character)
        elif character in ")]}":
            if not open_ or open_.pop() != _PAIRS[character]:
                break
        elif not open_ and (character == "," or _SEPARATOR.match(text, at)):
            break
    else:
        at = min(len(text), start + _LONGEST)
    return start + len(text[start:at].rstrip())


def report_cut(source: Source, start: int, cut: int, end: int, reporter: Reporter) -> None:
    """Report that the expression from `start` to `end`, written bare, is cut at `cut` by a comma or bracket."""
    text = source.text
    whole = text[start:end]
    mark = text[cut]
    name = "comma" if mark == "," else "bracket"
    rest = whole[cut - start :].lstrip(", \t")
    label = f"read as {ticked(whole[: cut - start].rstrip(), 40)} and {ticked(rest, 40)}"
    key = _KEY_BEFORE.search(text, max(0, start - 200), start)
    written = quoted(f"[{whole}]" if _makes_list(whole) else whole)
    field = key.group().split(":")[0].strip() if key else ""
    shown = ticked(f"{field}: {written}" if field else written, 200)
    if unclosed(whole):
        help = "close the bracket; text that holds a comma stands in quotes or on a line of its own"
    elif field:
        help = f"put `{field}` on a line of its own, or quote its value: {shown}"
    else:
        help = f"put it on a line of its own, or quote it: {shown}"
    if not _BRACKETS.search(whole):
        help += f"; a list is written `[{' '.join(whole.split())}]`"
    reporter.error(
        "unquoted-comma",
        f"inside `{{...}}` and `[...]` a {name} ends a bare string",
        source.span(start, end),
        label=label,
        help=help,
    )


def _makes_list(text: str) -> bool:
    """Whether the text in brackets is a list that `for` makes."""
    try:
        return isinstance(parse(f"[{text}]"), Comprehension)
    except ExpressionFault:
        return False


def quoted(text: str) -> str:
    """The text as a quoted scalar of YAML on one line."""
    text = " ".join(text.split())
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"
