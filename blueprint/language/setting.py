"""One setting of a command line, `--set KEY=VALUE`: its value as a tree whose places lie in the words written."""

from __future__ import annotations

from dataclasses import replace

from blueprint.diagnostics import Diagnostic, Reporter, Source, Span
from blueprint.language.reader import read_text
from blueprint.language.tree import Entry, Mapping, Scalar, Sequence, Tree


def read_setting(words: str, value: str, reporter: Reporter, expressions: bool = False) -> tuple[Tree | None, Span]:
    """The tree of `value`, YAML in flow form, with which `words` ends, and where its key stands in them.

    None after a fault, which is reported. expressions: a value that is no YAML may be an expression,
    which a file would hold between quotes: `[8, 16] * 2`. A value of several lines is a text of its own.
    """
    start = len(words) - len(value)
    head = words[:start].rstrip(" =")
    name = f"<{head}>"
    source = Source(name, words)
    begin = head.find(" ") + 1 if words.startswith("-") else 0
    key = Span(source, 1, begin + 1, 1, max(len(head), begin + 1) + 1)
    if not value.strip():
        reporter.error("usage", f"`{head[begin:]}` is set to nothing", key, help=f"`{head}=VALUE`")
        return None, key
    inner = Reporter()
    if "\n" in value:
        tree = read_text(Source(name, value), inner)
    else:
        read = read_text(Source(name, " " * start + value), inner)
        tree = None if read is None else _moved(read, source)
    if tree is None and expressions and _is_expression(value):
        return Scalar(value, source.span(start, len(words))), key
    for fault in inner.found if tree is None else ():
        reporter.add(fault if "\n" in value else _pointing(fault, source))
    return tree, key


def _is_expression(text: str) -> bool:
    from blueprint.language.expression import parse
    from blueprint.language.terms import ExpressionFault

    try:
        parse(text)
    except ExpressionFault:
        return False
    return True


def _pointing(fault: Diagnostic, source: Source) -> Diagnostic:
    """A fault found in a text of the same columns, at its place in the source."""
    notes = tuple(replace(note, span=_there(note.span, source)) if note.span else note for note in fault.notes)
    return replace(fault, span=_there(fault.span, source) if fault.span else None, notes=notes)


def _there(span: Span, source: Source) -> Span:
    return replace(span, source=source)


def _moved(tree: Tree, source: Source) -> Tree:
    """The tree with its places in another source of the same columns."""
    span = _there(tree.span, source)
    if isinstance(tree, Scalar):
        return replace(tree, span=span)
    if isinstance(tree, Sequence):
        return replace(tree, items=tuple(_moved(item, source) for item in tree.items), span=span)
    entries = []
    for entry in tree:
        key = _moved(entry.key, source)
        assert isinstance(key, Scalar), "setting: a key that is no scalar"
        entries.append(Entry(key, _moved(entry.value, source)))
    return Mapping(tuple(entries), span, tree.flow)
