"""YAML text to a tree: the core schema of YAML 1.2, without what hides a text's meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from blueprint.diagnostics import Reporter, Source, Span
from blueprint.diagnostics.wording import ticked
from blueprint.language import flow
from blueprint.language.entries import add_entry
from blueprint.language.limits import MAX_DIGITS, GiveUp, Tally
from blueprint.language.lines import value_end
from blueprint.language.scalars import is_number, resolve
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree
from blueprint.language.yaml_faults import report_syntax

# The event classes of PyYAML have no types of their own fields that hold for both of its parsers.
Event = Any

_MARKED = re.compile(r"[&*!][^\s,\[\]{}]*")
_NAME = re.compile(r"[^\W\d][\w.-]*\Z")
_GLUED = re.compile(r"([^\W\d][\w.-]*):?\s*([\[{])")


def read_yaml(source: Source, reporter: Reporter) -> Tree | None:
    """The tree of the source's one document; None if anything is at fault, which is then reported."""
    faults = len(reporter.found)
    builder = _Builder(source, reporter)
    try:
        tree = builder.document()
    except yaml.MarkedYAMLError as error:
        report_syntax(error, source, builder.cut_until, reporter)
        return None
    except GiveUp:
        return None
    return tree if len(reporter.found) == faults else None


class _Builder:
    """Builds the tree from the events of the parser.

    cut_until: where the last expression ends that was found cut at a comma; its pieces are not
    looked at again.
    """

    def __init__(self, source: Source, reporter: Reporter) -> None:
        self.source, self.reporter = source, reporter
        self.tally = Tally(reporter)
        self.cut_until = 0
        self.flows = 0
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events: Iterator[Event] = iter(yaml.parse(source.text, Loader=loader))

    def document(self) -> Tree | None:
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            end = len(self.source.text.rstrip())
            self.error("syntax", "the file is empty", end, end, help="begin with `blueprint: 1` and `kind: model`")
            return None
        tree = self.node(next(self.events))
        next(self.events)
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            start = event.start_mark.index
            self.error(
                "yaml-feature",
                "a file holds one document",
                start,
                start + len(self.source.text[start:].split("\n", 1)[0].rstrip()),
                label="a second one begins here",
                help="put it into a file of its own",
            )
        return tree

    def node(self, event: Event, owner: Span | None = None) -> Tree:
        """The tree that begins with `event`; an empty value takes the place of `owner`, its key."""
        start, end = event.start_mark.index, event.end_mark.index
        self.refuse_marks(event, start)
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, start, end, owner)
        span = self.source.span(start, end)
        if isinstance(event, yaml.AliasEvent):
            return Scalar(None, span)
        self.tally.count(span)
        self.tally.enter(span)
        self.flows += bool(event.flow_style)
        make = self.sequence if isinstance(event, yaml.SequenceStartEvent) else self.mapping
        tree = make(event, start)
        self.flows -= bool(event.flow_style)
        self.tally.leave()
        return tree

    def scalar(self, event: Event, start: int, end: int, owner: Span | None) -> Scalar:
        text: str = event.value
        if event.style:
            end = start + len(self.source.text[start:end].rstrip())
            span = self.source.span(start, end)
            self.tally.count(span)
            return Scalar(text, span, quoted=True)
        span = (owner or self.source.span(start - 1, start)) if start == end else self.source.span(start, end)
        self.tally.count(span)
        if self.flows and start >= self.cut_until and flow.unclosed(text):
            whole = flow.extent(self.source.text, start)
            if self.source.text[end : whole + 1].lstrip()[:1] == ",":
                self.cut(start, self.source.text.index(",", end), whole)
        if len(text) > MAX_DIGITS and is_number(text):
            self.tally.digits(text, span)
        return Scalar(resolve(text), span)

    def sequence(self, first: Event, start: int) -> Sequence:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event))
        is_flow = bool(first.flow_style)
        return Sequence(tuple(items), self.collected(start, event, items, is_flow), is_flow)

    def mapping(self, first: Event, start: int) -> Mapping:
        entries: dict[str, Entry] = {}
        trees: list[Tree] = []
        is_flow = bool(first.flow_style)
        before = -1
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key_start, key_end = event.start_mark.index, event.end_mark.index
            bare = isinstance(event, yaml.ScalarEvent) and not event.style
            key = self.node(event)
            event = next(self.events)
            value_start, value_end = event.start_mark.index, event.end_mark.index
            empty = value_start == value_end
            value = self.node(event, key.span)
            trees += [key, value]
            broken = bare and (
                (empty and self.broken_key(key_start, key_end, before))
                if is_flow
                else self.glued_key(key_start, key_end)
            )
            plain = isinstance(event, yaml.ScalarEvent) and not empty and not event.style
            before = value_start if plain else -1
            if key_start < self.cut_until or broken or not self.good_key(key, self.source.text[key_start:key_end]):
                continue
            assert isinstance(key, Scalar)
            add_entry(entries, key, value, self.reporter)
        return Mapping(tuple(entries.values()), self.collected(start, event, trees, is_flow), is_flow)

    def collected(self, start: int, end: Event, parts: list[Tree], is_flow: bool) -> Span:
        """The span of a collection: between its brackets, or from its start to the end of its last part."""
        if is_flow or not parts:
            return self.source.span(start, end.end_mark.index)
        first, last = self.source.span(start, start + 1), parts[-1].span
        return Span(self.source, first.line, first.column, last.end_line, last.end_column)

    def cut(self, start: int, comma: int, end: int) -> None:
        flow.report_cut(self.source, start, comma, end, self.reporter)
        self.cut_until = end

    def broken_key(self, start: int, end: int, before: int) -> bool:
        """Whether a key without a value is no name but the rest of a cut expression, which is then reported.

        before: where the value in front of it begins if that is a bare string, else -1.
        """
        text = self.source.text[start:end]
        if start < self.cut_until or _NAME.match(text):
            return False
        joined = re.match(r"([^\W\d]\w*)[:=](?!=)(.+)", text)
        if joined:
            written = f"{joined[1]}: {joined[2].strip()}"
            self.error("syntax", "a field is written `name: value`", start, end, help=f"write {ticked(written)}")
        elif before < 0 or text == "<<":
            return False
        else:
            self.cut(before, self.source.text.rindex(",", before, start), end)
        return True

    def glued_key(self, start: int, end: int) -> bool:
        """Whether a key holds the bracket that was meant to open its value, which is then reported: `conv {k: 2}`."""
        glued = _GLUED.match(self.source.text, start, end)
        if glued:
            name, bracket = glued.groups()
            message = f"`: ` is missing between {ticked(name)} and `{bracket}`"
            rest = self.source.text[glued.end() : value_end(self.source.text, start)]
            self.error("syntax", message, start, glued.end(), help=f"write {ticked(f'{name}: {bracket}{rest}', 200)}")
        return bool(glued)

    def good_key(self, key: Tree, written: str) -> bool:
        """Whether a key is a text and no merge key; else it is reported."""
        if isinstance(key, Scalar) and isinstance(key.value, str):
            if key.value != "<<" or key.quoted:
                return True
            self.reporter.error(
                "yaml-feature",
                "merge keys are not part of the language",
                key.span,
                help="write the fields out; what several nodes share goes into a block or `defaults`, "
                "what several files share into `extends`",
            )
            return False
        help = "write `key: value`"
        if isinstance(key, Scalar):
            kind = "empty" if key.value is None else "a boolean" if isinstance(key.value, bool) else "a number"
            if key.value is not None:
                help = f"quote it: {ticked(flow.quoted(written))}"
        else:
            kind = "a list" if isinstance(key, Sequence) else "a mapping"
            if isinstance(key, Mapping) and key.flow:
                help = "`{{...}}` is no template here: an expression is written bare, `out_channels: 2 * dim`"
        self.reporter.error("yaml-feature", f"a key is a text, this one is {kind}", key.span, help=help)
        return False

    def refuse_marks(self, event: Event, start: int) -> None:
        """Report an anchor, an alias or a tag."""
        if isinstance(event, yaml.AliasEvent):
            self.refuse(start, "aliases", "*", "write the value out, or name it with `let` or as a block")
            return
        if event.anchor:
            self.refuse(start, "anchors", "&", "name a value with `let` or `args`, and nodes as a block")
        if event.tag:
            self.refuse(start, "tags", "!", "remove it: types follow from the fields; text stands in quotes")

    def refuse(self, start: int, feature: str, sign: str, help: str) -> None:
        marks = list(_MARKED.finditer(self.source.text, start, start + 500))
        mark = next((m for m in marks if m.group().startswith(sign)), None)
        first, last = (mark.start(), mark.end()) if mark else (start, start + 1)
        if sign != "!":
            help += f"; text that begins with `{sign}` stands in quotes"
        self.error("yaml-feature", f"YAML's {feature} are not part of the language", first, last, help=help)

    def error(self, code: str, message: str, start: int, end: int, *, label: str = "", help: str = "") -> None:
        self.reporter.error(code, message, self.source.span(start, end), label=label, help=help)
