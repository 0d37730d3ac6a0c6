"""The YAML parser's complaints in plain words: what is wrong, where, and how to mend it.

The parser says where it stopped and what it was reading; the rest is seen from the text there,
so that the words are the same for both of PyYAML's parsers, whose messages differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import yaml

from blueprint.diagnostics import Note, Reporter, Source
from blueprint.diagnostics.wording import counted, ticked
from blueprint.language import flow
from blueprint.language.lines import line_above, line_end, line_start, value_end, without_comment

_KEY = re.compile(r"[ \t]*(?:- +)*(?P<key>[^\s#'\"\[\]{},:-][^#'\"\[\]{},:]*?)[ \t]*:(?=\s|\Z)")
_CLOSERS = {"[": "]", "{": "}"}


@dataclass(frozen=True)
class _Stop:
    """Where the parser stopped (`at`), what it was reading (`context`) and where that began (`opened`)."""

    source: Source
    context: str
    opened: int
    at: int
    reporter: Reporter

    @property
    def text(self) -> str:
        return self.source.text

    @property
    def character(self) -> str:
        return self.text[self.at : self.at + 1]

    @property
    def start(self) -> int:
        return line_start(self.text, self.at)

    @property
    def before(self) -> str:
        """What stands before the place on its line."""
        return self.text[self.start : self.at]

    def error(self, message: str, start: int, end: int, *, label: str = "", help: str = "", opened: str = "") -> None:
        """Report `syntax`; opened: what to say of the place where the construct began."""
        notes = [Note(opened, self.source.span(self.opened, self.opened + 1))] if opened else []
        self.reporter.error("syntax", message, self.source.span(start, end), label=label, notes=notes, help=help)


def report_syntax(error: yaml.MarkedYAMLError, source: Source, known: int, reporter: Reporter) -> None:
    """Report the parser's error, unless it lies before character `known`, where another fault explains it."""
    context, problem = error.context_mark, error.problem_mark
    at = problem.index if problem else len(source.text)
    if at < known:
        return
    stop = _Stop(source, error.context or "", context.index if context else at, at, reporter)
    if "quoted scalar" in stop.context:
        _quote(stop)
    elif stop.character == "\t" or "\t" in re.split(r"[^ \t]", stop.before + "x", maxsplit=1)[0]:
        _tab(stop)
    elif "flow" in stop.context:
        _flow(stop)
    elif "alias" in stop.context or "anchor" in stop.context:
        _sign(stop, stop.opened)
    elif "simple key" in stop.context:
        _no_colon(stop, line_start(stop.text, stop.opened))
    elif "block scalar" in stop.context:
        _block_scalar(stop)
    elif "directive" in stop.context or stop.text[stop.at : stop.at + 5] == "%YAML":
        stop.error("directives are not part of the language", stop.at, stop.at + 1, help="remove the line")
    elif "tag" in stop.context or stop.character == "!":
        reporter.error("yaml-feature", "YAML's tags are not part of the language", source.span(stop.at, stop.at + 1),
                       help="remove it: types follow from the fields; text stands in quotes")  # fmt: skip
    else:
        _block(stop)


def _quote(stop: _Stop) -> None:
    mark = stop.text[stop.opened : stop.opened + 1]
    if stop.at < len(stop.text) and not stop.text.startswith(("---", "..."), stop.at):
        start = stop.at if stop.character == "\\" else stop.at - 1
        stop.error(
            f"{ticked(stop.text[start : start + 2])} is no escape that YAML knows",
            start,
            start + 2,
            help=r"write `\\` for a backslash, or put the text between single quotes",
        )
        return
    end = line_end(stop.text, stop.opened)
    stop.error(f"a quote is never closed: {mark}", stop.opened, end, label="it opens here",
               help=f"put {mark} behind the text")  # fmt: skip


def _tab(stop: _Stop) -> None:
    start = stop.start + stop.text[stop.start :].index("\t")
    end = start + len(re.match(r"\t*", stop.text[start:]).group())  # type: ignore[union-attr]
    stop.error("a tab stands where YAML wants spaces", start, end, help="indent by spaces, two for each level")


def _sign(stop: _Stop, start: int) -> None:
    sign = stop.text[start]
    key = _KEY.match(stop.text, line_start(stop.text, start))
    end = value_end(stop.text, start)
    written = flow.quoted(stop.text[start:end])
    shown = key["key"] + ": " + written if key and key.end() <= start else written
    name = "a backtick" if sign == "`" else f"`{sign}`"
    stop.error(f"a bare text cannot begin with {name}", start, end, help=f"quote it: {ticked(shown, 200)}")


def _flow(stop: _Stop) -> None:
    opener = stop.text[stop.opened : stop.opened + 1]
    if "node" in stop.context:
        if stop.character == ",":
            stop.error("a value is missing before this comma", stop.at, stop.at + 1, help="remove the comma")
        elif stop.character == ":":
            stop.error("no key stands before this `:`", stop.at, stop.at + 1, help="write `key: value`")
        elif not stop.text[stop.at :].strip():
            _never_closed(replace(stop, opened=_innermost(stop.text, stop.at)))
        else:
            _unexpected(stop)
        return
    closer = _CLOSERS.get(opener, "")
    start = _plain_start(stop.text, stop.opened, stop.at)
    same_line = "\n" not in stop.text[start : stop.at]
    if stop.character in ("[", "{") and start < stop.at and same_line:
        flow.report_cut(stop.source, start, stop.at, flow.extent(stop.text, start), stop.reporter)
    elif stop.character in _CLOSERS.values() and stop.character:
        message = f"`{opener}` is closed by `{stop.character}`"
        stop.error(message, stop.at, stop.at + 1, label=f"`{closer}` belongs here", opened="it opens here")
    elif stop.character == ":" and same_line and line_start(stop.text, stop.opened) == stop.start:
        _second_colon(stop, start)
    elif stop.character and same_line and line_start(stop.text, stop.opened) == stop.start:
        _after_value(stop)
    else:
        _never_closed(stop)


def _never_closed(stop: _Stop) -> None:
    opener = stop.text[stop.opened]
    if opener not in _CLOSERS:  # a bracket inside quotes has misled the search
        _unexpected(stop)
        return
    last = _last_inside(stop.text, stop.opened, stop.at)
    label = f"`{_CLOSERS[opener]}` is missing behind this"
    stop.error(f"`{opener}` is never closed", last, last + 1, label=label, opened="it opens here")


def _block(stop: _Stop) -> None:
    if stop.character == ":":
        _colon(stop)
    elif stop.character == "-" and stop.before.strip():
        stop.error("a list cannot begin behind a key", stop.at, line_end(stop.text, stop.at),
                   help="put it on lines of its own, each item behind `- `, or write `[a, b]`")  # fmt: skip
    elif stop.character in ("]", "}"):
        stop.error(f"`{stop.character}` closes nothing", stop.at, stop.at + 1, help="remove it, or open the bracket")
    elif stop.character in ("@", "`", "%"):
        _sign(stop, stop.at)
    elif stop.before.rstrip().endswith(("]", "}", '"', "'")):
        _after_value(stop)
    elif not stop.before.strip() and stop.character:
        _misaligned(stop)
    else:
        _unexpected(stop)


def _colon(stop: _Stop) -> None:
    """A `: ` where none may stand: in a bare value, or behind one that ran on from the line above."""
    key = _KEY.match(stop.text, stop.start)
    if not key:
        stop.error("no key stands before this `:`", stop.at, stop.at + 1, help="write `key: value`")
        return
    if key.end() - 1 < stop.at:
        _second_colon(stop, key.end() + len(re.match(r"\s*", stop.text[key.end() :]).group()))  # type: ignore[union-attr]
        return
    above = line_above(stop.text, stop.start)
    owner = _KEY.match(stop.text, above)
    if not owner or owner.end() > line_end(stop.text, above):
        _no_colon(stop, above)
        return
    name, over = key["key"], owner["key"]
    stop.error(
        f"{ticked(name)} is indented deeper than {ticked(over)}, which has a value on its line already",
        key.start("key"),
        key.end("key"),
        help=f"align {ticked(name)} with {ticked(over)}, or put every field of {ticked(over)} on a line below it",
    )


def _second_colon(stop: _Stop, start: int) -> None:
    end = flow.extent(stop.text, stop.at + 1) if "flow" in stop.context else value_end(stop.text, start)
    end = min(max(end, stop.at + 1), line_end(stop.text, stop.at))
    written = flow.quoted(stop.text[start:end])
    mend = "put a comma before another field" if "flow" in stop.context else "begin a new line for another field"
    stop.error("a bare value cannot hold `: `", stop.at, stop.at + 1,
               help=f"{mend}, or quote the value: {ticked(written, 200)}")  # fmt: skip


def _no_colon(stop: _Stop, line: int) -> None:
    start = line + len(re.match(r"[ \t]*(?:- +)*", stop.text[line:]).group())  # type: ignore[union-attr]
    end = value_end(stop.text, start)
    words = stop.text[start:end]
    joined = re.match(r"([\w.-]+)[:=]\s*(\S.*)", words)
    spaced = re.match(r"([\w.-]+)\s+(\S.*)", words)
    if joined and words[len(joined[1])] == ":":
        stop.error(
            "a space must follow the `:` of a key", start, end, help=f"write {ticked(f'{joined[1]}: {joined[2]}')}"
        )
        return
    parts = joined or spaced
    if parts:
        help = f"write {ticked(f'{parts[1]}: {parts[2]}')}"
    elif re.match(r"[\w.-]+\Z", words):
        item = start > line and "-" in stop.text[line:start]
        help = f"write {ticked(words + ':')} " + ("for keys to stand below it" if item else "and its value")
    else:
        help = "put a key and `: ` before it, or quote a text that goes over several lines"
    stop.error("this line is no `key: value`", start, end, help=help)


def _after_value(stop: _Stop) -> None:
    """Text behind a value that ended at its own bracket or quote: `[0] + x`."""
    last = stop.before.rstrip()[-1:]
    if "flow" in stop.context:
        end = max(flow.extent(stop.text, stop.at), stop.at + 1)
        stop.error("a comma is missing before this", stop.at, end, help="put a comma, or quote the whole value")
        return
    key = _KEY.match(stop.text, stop.start)
    help = "remove the text, or quote the whole value"
    if key and key.end() <= stop.at:
        start = key.end() + len(re.match(r"\s*", stop.text[key.end() :]).group())  # type: ignore[union-attr]
        name, written = key["key"], flow.quoted(stop.text[start : value_end(stop.text, start)])
        help = f"an expression that begins so is quoted whole: {ticked(f'{name}: {written}', 200)}"
    end = max(value_end(stop.text, stop.at), stop.at + 1)
    stop.error(f"the value ends at {last}, yet text follows", stop.at, end, help=help)


def _block_scalar(stop: _Stop) -> None:
    sign = stop.text[stop.opened]
    if stop.start == line_start(stop.text, stop.opened):
        _sign(stop, stop.opened)
    else:
        stop.error(f"a line of the text that `{sign}` begins is not indented enough", stop.at, stop.at + 1,
                   opened="it begins here", help="indent all its lines alike")  # fmt: skip


def _misaligned(stop: _Stop) -> None:
    end = line_end(stop.text, stop.at)
    key = _KEY.match(stop.text, stop.start)
    if key:
        end = key.end("key")
    column = stop.at - stop.start
    beside = "block" in stop.context and column == stop.opened - line_start(stop.text, stop.opened)
    if beside and stop.text.startswith("- ", stop.opened):
        stop.error("an item of a list begins with `- `", stop.at, end, opened="the list begins here",
                   help="put `- ` before it, or indent it less than the list")  # fmt: skip
    elif beside and stop.character == "-":
        stop.error("a list item stands among keys", stop.at, end, opened="the mapping begins here",
                   help="write `key: value`, or put the list below a key of its own")  # fmt: skip
    else:
        above = line_above(stop.text, stop.start)
        indent = len(re.match(r" *", stop.text[above:]).group())  # type: ignore[union-attr]
        replace(stop, opened=above + indent).error(
            "this line does not belong to any line above it",
            stop.at,
            end,
            label=f"indented by {counted(column, 'space')}",
            opened=f"the line above it is indented by {counted(indent, 'space')}",
            help="give lines that belong together the same indentation",
        )


def _unexpected(stop: _Stop) -> None:
    if stop.at >= len(stop.text.rstrip()):
        last = max(0, len(stop.text.rstrip()) - 1)
        stop.error("the file ends too early", last, last + 1)
        return
    stop.error(f"{ticked(stop.character)} is not expected here", stop.at, stop.at + 1,
               help="quote text that holds characters with a meaning of their own in YAML")  # fmt: skip


def _plain_start(text: str, opened: int, at: int) -> int:
    """Where the bare text begins that ends at `at`; `at` if there is none."""
    start = at
    while start > opened + 1 and text[start - 1] not in ",[]{}\n\"'":
        if text[start - 1] in " \t" and text[start - 2] == ":":
            break
        start -= 1
    return start + len(text[start:at]) - len(text[start:at].lstrip())


def _innermost(text: str, at: int) -> int:
    """The last bracket before `at` that is not closed before it."""
    closed = 0
    for i in range(at - 1, -1, -1):
        if text[i] in _CLOSERS.values():
            closed += 1
        elif text[i] in _CLOSERS:
            if not closed:
                return i
            closed -= 1
    return 0


def _last_inside(text: str, opened: int, at: int) -> int:
    """The last character of a bracket's content that is likely still meant to be inside.

    That is on the line where the bracket opens, or on later ones that are indented deeper, as
    long as they are neither a key of a block nor an item of a list.
    """
    start = line_start(text, opened)
    indent = len(text[start:]) - len(text[start:].lstrip(" "))
    end = line_end(text, opened)
    while end < at:
        following = text[end + 1 : line_end(text, end + 1)]
        deeper = len(following) - len(following.lstrip(" ")) > indent
        if following.strip() and (not deeper or following.lstrip().startswith("- ") or _KEY.match(following)):
            break
        end = line_end(text, end + 1)
    return opened + max(len(without_comment(text[opened:end]).rstrip()) - 1, 0)
