"""JSON text to a tree, strictly by RFC 8259, with a span for every value."""

from __future__ import annotations

import re

from blueprint.diagnostics import Note, Reporter, Source, Span
from blueprint.diagnostics.wording import ticked
from blueprint.language.entries import add_entry
from blueprint.language.limits import GiveUp, Tally
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree

_BLANKS = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[^\s,:\[\]{}\"]+")
_KEY = re.compile(r"[^\W\d][\w.-]*(?=\s*:)")
_CHUNK = re.compile(r'[^"\\\x00-\x1f]*')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_CLOSERS = {"[": "]", "{": "}"}


def read_json(source: Source, reporter: Reporter) -> Tree | None:
    """The tree of the source's one value; None if anything is at fault, which is then reported."""
    faults = len(reporter.found)
    try:
        tree = _Parser(source, reporter).document()
    except GiveUp:
        return None
    return tree if len(reporter.found) == faults else None


class _Parser:
    """Reads from `at` on, one method for each kind of value."""

    def __init__(self, source: Source, reporter: Reporter) -> None:
        self.source, self.reporter = source, reporter
        self.text = source.text
        self.at = 0
        self.tally = Tally(reporter)

    def document(self) -> Tree:
        if not self.text.strip():
            raise self.fault("the file is empty", 0, 0, help='begin with `{"blueprint": 1, "kind": "model", …}`')
        if yaml := _KEY.match(self.text, _BLANKS.match(self.text).end()):  # type: ignore[union-attr]
            help = "name a file in YAML `.yaml`"
            raise self.fault("a JSON document begins with `{`", yaml.start(), yaml.end(), help=help)
        tree = self.value()
        if self.next():
            raise self.fault("text follows the end of the document", self.at, self.line_end(), help="remove it")
        return tree

    def value(self) -> Tree:
        character = self.next()
        start = self.at
        if character == "{" or character == "[":
            span = self.source.span(start, start + 1)
            self.tally.count(span)
            self.tally.enter(span)
            tree = self.mapping() if character == "{" else self.sequence()
            self.tally.leave()
            return tree
        value = self.string() if character == '"' else self.word()
        span = self.source.span(start, self.at)
        self.tally.count(span)
        return Scalar(value, span, quoted=character == '"')

    def sequence(self) -> Sequence:
        start, items = self.at, []
        self.at += 1
        if self.next() != "]":
            items.append(self.value())
            while self.more(start):
                items.append(self.value())
        self.at += 1
        return Sequence(tuple(items), self.source.span(start, self.at), flow=True)

    def mapping(self) -> Mapping:
        start = self.at
        entries: dict[str, Entry] = {}
        self.at += 1
        if self.next() != "}":
            self.entry(entries)
            while self.more(start):
                self.entry(entries)
        self.at += 1
        return Mapping(tuple(entries.values()), self.source.span(start, self.at), flow=True)

    def entry(self, entries: dict[str, Entry]) -> None:
        character = self.next()
        start = self.at
        if character != '"':
            word = _WORD.match(self.text, start)
            if word is None:
                raise self.unexpected("a key between double quotes")
            bare = word.group().strip("'")
            raise self.fault("a key stands between double quotes", start, word.end(), help=f'write `"{bare}"`')
        name = self.string()
        key = Scalar(name, self.source.span(start, self.at), quoted=True)
        self.tally.count(key.span)
        if self.next() != ":":
            raise self.unexpected("`:`", after=True)
        self.at += 1
        value = self.value()
        add_entry(entries, key, value, self.reporter)

    def more(self, start: int) -> bool:
        """Whether a comma follows, which is then passed; if not, the place is at the closing bracket."""
        opener, closer = self.text[start], _CLOSERS[self.text[start]]
        last = self.at
        character = self.next()
        if character == closer:
            return False
        if character == ",":
            comma = self.at
            self.at += 1
            character = self.next()
            if character in ("]", "}", ","):
                raise self.fault(f"a comma stands before `{character}`", comma, comma + 1, help="remove the comma")
            if character:
                return True
        note = [Note("it opens here", self.source.span(start, start + 1))]
        if not character:
            raise self.fault(
                f"`{opener}` is never closed", last - 1, last, label=f"`{closer}` is missing behind this", notes=note
            )
        if character in ("]", "}"):
            message, label = f"`{opener}` is closed by `{character}`", f"`{closer}` belongs here"
            raise self.fault(message, self.at, self.at + 1, label=label, notes=note)
        raise self.fault("a comma is missing behind this", last - 1, last, help=f"put a comma, or close the `{opener}`")

    def string(self) -> str:
        start = self.at
        self.at += 1
        parts: list[str] = []
        while True:
            chunk = _CHUNK.match(self.text, self.at)
            assert chunk is not None
            parts.append(chunk.group())
            self.at = chunk.end()
            character = self.text[self.at : self.at + 1]
            if character == '"':
                self.at += 1
                return "".join(parts)
            if character != "\\":
                break
            parts.append(self.escape())
        if character == "\t":
            raise self.fault("a tab stands inside a text", self.at, self.at + 1, help=r"write `\t`")
        raise self.fault('a quote is never closed: "', start, self.at, label="it opens here",
                  help=r'put " behind the text; a line break inside it is written `\n`')  # fmt: skip

    def escape(self) -> str:
        r"""The character that a backslash and what follows stand for; two `\u` of a surrogate pair are one."""
        start = self.at
        sign = self.text[start + 1 : start + 2]
        self.at += 2
        if sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign != "u":
            written = ticked(self.text[start : start + 2])
            raise self.fault(
                f"{written} is no escape that JSON knows", start, start + 2, help=r"write `\\` for a backslash"
            )
        code = self.unit(start)
        if 0xD800 <= code < 0xDC00 and self.text.startswith("\\u", self.at):
            self.at += 2
            low = self.unit(self.at - 2)
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00))
        if 0xD800 <= code < 0xE000:
            raise self.fault(
                "half of a surrogate pair stands alone", start, start + 6, help="write both halves, or the character"
            )
        return chr(code)

    def unit(self, start: int) -> int:
        match = _HEX.match(self.text, self.at)
        if match is None:
            raise self.fault(r"`\u` is followed by four hexadecimal digits", start, start + 2)
        self.at = match.end()
        return int(match.group(), 16)

    def word(self) -> bool | int | float | None:
        """A number, true, false or null."""
        start = self.at
        word = _WORD.match(self.text, start)
        if word is None:
            raise self.unexpected("a value")
        text = word.group()
        self.at = word.end()
        if text in _WORDS:
            return _WORDS[text]
        number = _NUMBER.fullmatch(text)
        if number is None:
            raise self.fault(f"{ticked(text)} is no JSON value", start, self.at, help=_meant(text))
        self.tally.digits(text, self.source.span(start, self.at))
        return float(text) if number[1] or number[2] else int(text)

    def next(self) -> str:
        """The next character that is no blank, at which the place then is; empty at the end."""
        match = _BLANKS.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        character = self.text[self.at : self.at + 1]
        if character == "#" or self.text.startswith(("//", "/*"), self.at):
            raise self.fault(
                "JSON has no comments", self.at, self.line_end(), help="remove it, or write the spec as YAML"
            )
        return character

    def unexpected(self, wanted: str, after: bool = False) -> GiveUp:
        character = self.text[self.at : self.at + 1]
        if after or not character:
            last = max(len(self.text[: self.at].rstrip()), 1)
            return self.fault(f"{wanted} is missing behind this", last - 1, last)
        return self.fault(f"{wanted} belongs here", self.at, self.at + 1)

    def line_end(self) -> int:
        match = re.compile(r"[ \t]*([\r\n]|\Z)").search(self.text, self.at)
        return match.start() if match else len(self.text)

    def fault(
        self, message: str, start: int, end: int, *, label: str = "", help: str = "", notes: list[Note] | None = None
    ) -> GiveUp:
        span: Span = self.source.span(start, end)
        self.reporter.error("syntax", message, span, label=label, help=help, notes=notes or ())
        return GiveUp()


def _meant(text: str) -> str:
    """How to write in JSON what the text seems to mean."""
    words = {"True": "true", "False": "false", "None": "null", "NULL": "null", "Null": "null"}
    if text in words:
        return f"write `{words[text]}`"
    if text.lstrip("+-") in ("NaN", "Infinity", "inf", "nan"):
        return "JSON has finite numbers only; YAML has `.inf` and `.nan`"
    plain = text.lstrip("+0") or "0"
    for candidate in (plain, "0" + plain, plain + "0", plain.replace(".e", ".0e")):
        if _NUMBER.fullmatch(candidate) and text[0] in "+.0123456789":
            return f"write `{candidate}`"
    return f'text stands between double quotes: `"{text.strip(chr(39))}"`'
