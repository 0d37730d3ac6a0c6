"""The statements of a printed graph, and a cursor that reads one from left to right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

from blueprint.compiler.text import CONSTANTS
from blueprint.diagnostics import Diagnostic, Source, Span, SpecError
from blueprint.language.types import MAX_NESTING

T = TypeVar("T")

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_ASIDE = re.compile(rf"({_STRING})|#[^\n]*")
_BLANK = re.compile(r"\s*")
_NUMBER = re.compile(r"-?(?:\d{1,300}(?:\.\d+)?(?:[eE][+-]?\d+)?|inf\b|nan\b)")
_QUOTED = re.compile(_STRING)
WORD = re.compile(r"[^\W\d]\w*")


def refuse(message: str, span: Span, code: str = "syntax", label: str = "", help: str = "") -> NoReturn:
    """Raise SpecError for the fault that stands there."""
    raise SpecError([Diagnostic(code, message, span, label, (), help)])


class Cursor:
    """A place in a text whose comments are blank; it reads up to `end`."""

    def __init__(self, source: Source, text: str, at: int, end: int) -> None:
        self._source, self._text, self.at, self._end = source, text, at, end

    @property
    def here(self) -> int:
        """Where the next thing begins."""
        match = _BLANK.match(self._text, self.at, self._end)
        assert match is not None, "text: a pattern that fits nothing"
        self.at = match.end()
        return self.at

    def since(self, start: int) -> Span:
        """From `start` to what was read last."""
        return self._source.span(start, self.at)

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.here == self._end

    def finish(self) -> None:
        """Refuse whatever is left."""
        if not self.done:
            refuse("nothing more fits on this line", self._source.span(self.at, self._end))

    def has(self, mark: str) -> bool:
        """Read `mark` if it comes next."""
        there = self._text.startswith(mark, self.here, self._end)
        self.at += len(mark) if there else 0
        return there

    def need(self, mark: str) -> None:
        """Read `mark`."""
        if not self.has(mark):
            refuse(f"`{mark}` is missing here", self.since(self.here))

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """What the pattern fits next, or None."""
        match = pattern.match(self._text, self.here, self._end)
        self.at = match.end() if match else self.at
        return match[0] if match else None

    def take(self, pattern: re.Pattern[str], what: str) -> tuple[str, Span]:
        """What the pattern fits next, and where; `what` names it where it does not."""
        start = self.here
        found = self.match(pattern)
        if found is None:
            refuse(f"{what} is missing here", self.since(start))
        return found, self.since(start)

    def several(self, one: Callable[[], T], close: str = "") -> list[T]:
        """What `one` reads, commas between, up to `close`; without it at least once."""
        if close and self.has(close):
            return []
        found = [one()]
        while self.has(","):
            found.append(one())
        if close:
            self.need(close)
        return found

    def word(self, what: str) -> str:
        """A word, bare or in quotes."""
        start = self.here
        quoted = self.match(_QUOTED)
        if quoted is None:
            return self.take(WORD, what)[0]
        try:
            return str(json.loads(quoted))
        except ValueError:
            refuse("what stands in quotes here is no string of JSON", self.since(start))

    def setting(self, depth: int = 0) -> object:
        """A setting, lists and named sizes as tuples."""
        if depth > MAX_NESTING:
            refuse(f"lists nest at most {MAX_NESTING} deep", self.since(self.here), "budget")
        if self.has("["):
            return tuple(self.several(lambda: self.setting(depth + 1), "]"))
        if self.has("{"):
            return tuple(self.several(lambda: self._named(depth + 1), "}"))
        number = self.match(_NUMBER)
        if number is not None:
            return int(number) if number.lstrip("-").isdecimal() else float(number)
        quoted = self._text.startswith('"', self.here, self._end)
        word = self.word("a setting")
        return word if quoted else CONSTANTS.get(word, word)

    def _named(self, depth: int) -> tuple[str, object]:
        name = self.word("a name")
        self.need(":")
        return name, self.setting(depth)


def statements(source: Source) -> Iterator[tuple[int, Cursor]]:
    """Each statement as its indentation and a cursor; one goes on below where a bracket is open or a comma ends it."""
    bare = _ASIDE.sub(lambda match: match[1] or " " * len(match[0]), source.text)
    marks = _ASIDE.sub(lambda match: "_" * len(match[0]) if match[1] else " " * len(match[0]), source.text)
    at = start = depth = 0
    for line in [*marks.split("\n"), ""]:
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        at += len(line) + 1
        shown = bare[start:at].rstrip()
        if at <= len(bare) and (depth > 0 or shown.endswith(",")):
            continue
        if shown:
            indent = len(shown) - len(shown.lstrip(" "))
            yield indent, Cursor(source, bare, start + indent, start + len(shown))
        start, depth = at, 0
