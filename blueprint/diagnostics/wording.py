"""How a message shows what the user wrote."""

from __future__ import annotations

from collections.abc import Iterable


def ticked(text: object, limit: int = 60) -> str:
    """The text between backticks, on one line and at most `limit` characters long."""
    line = " ".join(str(text).split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    return f"`{line}`"


def listed(words: Iterable[object], last: str = "or", limit: int = 12) -> str:
    """The words between backticks as a list in a sentence: "`a`, `b` or `c`"; those beyond `limit` are counted."""
    names = [ticked(word) for word in words]
    if len(names) > limit:
        names = [*names[: limit - 1], f"{len(names) - limit + 1} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def counted(number: int, noun: str) -> str:
    """The number with its noun, in the plural unless there is one: "1 error", "2 errors"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
