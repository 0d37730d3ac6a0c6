"""The text of a graph for a terminal: long lines folded, with some colour."""

from __future__ import annotations

import re
from textwrap import wrap

FURTHER = "    "
NARROW = 40
_NODE = re.compile(r"^(\s*\S+ = )(\w+)(?=\()")
_STRUCTURE = re.compile(r"^(\s*)([^\s:()]+):(.*)$")
_FOLDED = re.compile(r"\(\n\s+(.*?)\n\s*\)", re.DOTALL)


def folded(text: str, width: int, color: bool = False) -> str:
    """The text with lines of at most `width` characters, broken at blanks; what follows stands further in.

    color: structures in bold, ops and blocks in cyan, what stands behind `#` dim, by ANSI escape codes.
    """
    whole = _FOLDED.sub(lambda found: f"({' '.join(found[1].split())})", text)
    return "".join(f"{part}\n" for line in whole.splitlines() for part in _line(line, max(width, NARROW), color))


def _line(line: str, width: int, color: bool) -> list[str]:
    code, mark, costs = line.partition("  # ")
    further = line[: len(line) - len(line.lstrip())] + FURTHER
    parts = wrap(code, width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False) or [""]
    room = width - len(parts[-1])
    parts[0] = _painted(parts[0]) if color else parts[0]
    if mark:
        aside = f"\x1b[2m# {costs}\x1b[0m" if color else f"# {costs}"
        if len(f"  # {costs}") <= room:
            parts[-1] += f"  {aside}"
        else:
            parts.append(further + aside)
    return parts


def _painted(line: str) -> str:
    if structure := _STRUCTURE.match(line):
        indent, name, kind = structure.groups()
        return f"{indent}\x1b[1m{name}\x1b[0m:" + (f"\x1b[36m{kind}\x1b[0m" if kind else "")
    return _NODE.sub("\\1\x1b[36m\\2\x1b[0m", line)
