"""Reading the printed form of a graph, as `text` writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from blueprint.compiler.bind_values import limit_text, within
from blueprint.compiler.graph import Frame, Graph, Initialiser, Node
from blueprint.compiler.number import number
from blueprint.compiler.text import Path, Values, type_text
from blueprint.compiler.text_cursor import WORD, Cursor, refuse, statements
from blueprint.compiler.verify import verify
from blueprint.diagnostics import Source, Span
from blueprint.diagnostics.nearest import nearest
from blueprint.language.types import Mismatch, coerce, frozen, parse_type, show
from blueprint.language.values import ValueType, by_rank
from blueprint.ops import Misfit, Op, ops
from blueprint.ops.base import FieldInfo
from blueprint.ops.initialisers import initialisers

_PATH = re.compile(r"\w+(?:'\d+)?(?:\.\w+(?:'\d+)?)*")
_VALUE = re.compile(rf"\.?{_PATH.pattern}(?:\[\d+\])?")
_FIELD = re.compile(r"[^\W\d]\w*(?==)")
_SIZE = re.compile(r"[1-9]\d{0,17}")
_RANKS = {"vector": 1, "tokens": 2, "map": 3}
_KIND = re.compile(r"(?:axes|vector|tokens|map)(?=\()")


@dataclass
class _Line:
    """A node as it is written, each thing with its place."""

    scope: Path
    path: Path
    frames: tuple[Frame, ...]
    op: tuple[str, Span]
    inputs: list[tuple[str, Span]]
    settings: dict[str, tuple[object, Span]]
    types: list[ValueType]
    init: dict[str, Initialiser]


def parse(text: str) -> Graph:
    """The graph that a printed form stands for, its values and runs counted from 0.

    Raises SpecError with the line at fault.
    """
    return _Parser(Source("<graph>", text)).graph()


class _Parser:
    """Collects the statements of a text, then makes their graph."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._head: tuple[str, bool] | None = None
        self._inputs: dict[str, ValueType] = {}
        self._lines: list[_Line] = []
        self._outputs: dict[str, tuple[str, Span]] = {}
        self._training_only: set[str] = set()
        self._open: list[tuple[Path, tuple[Frame, ...]]] = []
        self._values = Values()
        self._types: list[ValueType] = []

    def graph(self) -> Graph:
        """The graph of the whole text."""
        whole = self._source.span(0, len(self._source.text.rstrip()))
        for indent, cursor in statements(self._source):
            self._statement(indent, cursor)
        if self._head is None:
            refuse("the first line is `network` and its name", whole)
        name, fixed_size = self._head
        self._count()
        nodes = tuple(map(self._node, self._lines))
        outputs = tuple((name, self._find(value, (), span)) for name, (value, span) in self._outputs.items())
        inputs = tuple((name, value) for value, name in enumerate(self._inputs))
        types, training_only = tuple(self._types), frozenset(self._training_only)
        graph = Graph(name, inputs, outputs, nodes, types, training_only, fixed_size)
        try:
            verify(graph, "as it is written")
        except AssertionError as fault:
            refuse(f"the text is no legal graph: {fault}", whole)
        return number(graph)

    # Statements.

    def _statement(self, indent: int, cursor: Cursor) -> None:
        if self._head is None:
            self._head = _network(cursor)
        else:
            while 2 * len(self._open) > indent:
                self._open.pop()
            if 2 * len(self._open) != indent:
                expected = f"{2 * len(self._open)} spaces, two for each structure that holds it"
                refuse(f"a line here begins with {expected}, not {indent}", cursor.since(cursor.here))
            self._one(indent, cursor)
        cursor.finish()

    def _one(self, indent: int, cursor: Cursor) -> None:
        name, span = cursor.take(_PATH, "a name")
        path = tuple(name.split("."))
        if cursor.has(":"):
            kind = "" if cursor.done else cursor.word("the name of a block")
            self._open.append((path, _frames(path, kind)))
        elif cursor.has("="):
            self._lines.append(self._line(cursor, path))
        elif name == "input" and not indent:
            self._input(cursor)
        elif name == "output" and not indent:
            self._output(cursor)
        else:
            refuse("`:` stands behind a structure, `=` behind a node", span)

    def _input(self, cursor: Cursor) -> None:
        name, span = cursor.take(WORD, "a name")
        if name in self._inputs:
            refuse(f"there is an input `{name}` already", span, "duplicate-name")
        cursor.need(":")
        self._inputs[name] = _type(cursor)

    def _output(self, cursor: Cursor) -> None:
        name, span = cursor.take(WORD, "a name")
        if name in self._outputs:
            refuse(f"there is an output `{name}` already", span, "duplicate-name")
        if cursor.has(","):
            cursor.need("in training")
            self._training_only.add(name)
        cursor.need(":")
        self._outputs[name] = cursor.take(_VALUE, "a value")

    def _line(self, cursor: Cursor, path: Path) -> _Line:
        scope = tuple(part for parts, _ in self._open for part in parts)
        frames = tuple(frame for _, inside in self._open for frame in inside) + _frames(path[:-1])
        line = _Line(scope, (*scope, *path), frames, cursor.take(WORD, "an op"), [], {}, [], {})
        cursor.need("(")
        cursor.several(lambda: _argument(cursor, line), ")")
        cursor.need(":")
        line.types = cursor.several(lambda: _type(cursor))
        if cursor.has("with"):
            line.init = dict(cursor.several(lambda: _initialiser(cursor)))
        return line

    # The graph.

    def _count(self) -> None:
        """Give every value its name and number, in the order of the text."""
        self._types += self._inputs.values()
        for value, name in enumerate(self._inputs):
            self._values.add((name,), value)
        for line in self._lines:
            if self._values.find("." + ".".join(_first(line)), ()) is not None:
                refuse(f"there is a value `{'.'.join(line.path)}` already", line.op[1], "duplicate-name")
            made = len(self._types)
            self._types += line.types
            self._values.add_outputs(line.path, tuple(range(made, len(self._types))))

    def _find(self, name: str, scope: Path, span: Span, before: int | None = None) -> int:
        found = self._values.find(name, scope)
        if found is None:
            refuse(f"there is no value `{name}` here", span, "unknown-name")
        if before is not None and found >= before:
            refuse(f"`{name}` is made only here or below", span, "unknown-name")
        return found

    def _node(self, line: _Line) -> Node:
        name, span = line.op
        made = self._values.find("." + ".".join(_first(line)), ())
        assert made is not None, "text: a node without a value"
        inputs = tuple(self._find(value, line.scope, at, made) for value, at in line.inputs)
        entering = tuple(self._types[value] for value in inputs)
        op = _op(line)
        if len(inputs) != op.arity if op.arity is not None else not inputs:
            takes = "values" if op.arity is None else op.arity
            refuse(f"`{name}` takes {takes}, not {len(inputs)}", span, "wrong-type")
        try:
            op = op.resolve(*entering)
            inferred = op.infer(*entering)
        except Misfit as fault:
            refuse(fault.message, span, fault.code, fault.label, fault.help)
        types = list(inferred) if isinstance(inferred, tuple) else [inferred]
        if types != line.types:
            refuse(f"`{name}` gives {', '.join(map(type_text, types))} here", span, "shape-mismatch")
        outputs = tuple(range(made, made + len(types)))
        return Node(op, inputs, outputs, line.frames, line.path[-1].partition("'")[0], line.init)


def _network(cursor: Cursor) -> tuple[str, bool]:
    """The name of the network, and whether its input has a fixed size."""
    word, span = cursor.take(WORD, "`network`")
    if word != "network":
        refuse("the first line is `network` and its name", span)
    name = cursor.word("a name")
    fixed = cursor.has(",")
    if fixed:
        cursor.need("fixed size")
    return name, fixed


def _frames(path: Path, kind: str = "") -> tuple[Frame, ...]:
    """A frame for each part of a path, the last of that kind."""
    frames = []
    for place, part in enumerate(path, 1):
        name, _, run = part.partition("'")
        frames.append(Frame(name, int(run or 1) - 1, kind if place == len(path) else ""))
    return tuple(frames)


def _first(line: _Line) -> Path:
    """The name of the first value that a node makes."""
    return line.path if len(line.types) == 1 else (*line.path[:-1], f"{line.path[-1]}[0]")


def _type(cursor: Cursor) -> ValueType:
    batched = not cursor.has("unbatched")
    kind, span = cursor.take(_KIND, "a type such as `map(64, 32, 32)`")
    cursor.need("(")
    names: list[str] = []

    def size() -> int:
        if kind == "axes":
            names.append(cursor.word("the name of an axis"))
            cursor.need(":")
        return int(cursor.take(_SIZE, "a size")[0])

    sizes = tuple(cursor.several(size, ")"))
    if kind == "axes":
        return ValueType(tuple(zip(names, sizes, strict=True)), batched)
    if len(sizes) != _RANKS[kind]:
        refuse(f"`{kind}` has {_RANKS[kind]} axes, not {len(sizes)}", span)
    return by_rank(sizes, batched=batched)


def _argument(cursor: Cursor, line: _Line) -> None:
    """A value that the node reads, or a field."""
    start = cursor.here
    name = cursor.match(_FIELD)
    if name is None:
        line.inputs.append(cursor.take(_VALUE, "a value or a field"))
        return
    if name in line.settings:
        refuse(f"`{name}` is set already", cursor.since(start), "duplicate-key")
    cursor.need("=")
    line.settings[name] = (cursor.setting(), cursor.since(start))


def _initialiser(cursor: Cursor) -> tuple[str, Initialiser]:
    """A weight, and how it is filled."""
    weight, _ = cursor.take(WORD, "a weight")
    cursor.need("=")
    name, span = cursor.take(WORD, "an initialiser")
    info = initialisers().get(name)
    if info is None:
        refuse(f"there is no initialiser `{name}`", span, "unknown-name", help=_meant(name, initialisers()))

    def setting() -> tuple[str, Any]:
        start = cursor.here
        key, _ = cursor.take(_FIELD, "a setting")
        cursor.need("=")
        value = cursor.setting()
        return key, _coerced(info.fields, name, key, value, cursor.since(start))

    settings = cursor.several(setting, ")") if cursor.has("(") else []
    return weight, Initialiser(name, tuple(settings))


def _op(line: _Line) -> Op:
    name, span = line.op
    op = ops().get(name)
    if op is None:
        refuse(f"there is no op `{name}`", span, "unknown-op", help=_meant(name, ops()))
    fields = op.fields()
    given = {key: _coerced(fields, name, key, value, at) for key, (value, at) in line.settings.items()}
    missing = [info.name for info in fields if info.required and info.name not in given]
    if missing:
        refuse(f"`{name}` needs `{missing[0]}`", span, "missing-key")
    return op(**given)


def _coerced(fields: tuple[FieldInfo, ...], name: str, key: str, value: object, span: Span) -> Any:
    """A setting of an op or initialiser as its field holds it."""
    infos = {info.name: info for info in fields}
    info = infos.get(key)
    if info is None:
        refuse(f"`{name}` has no field `{key}`", span, "unknown-key", help=_meant(key, infos))
    try:
        held = frozen(coerce(value, parse_type(info.type)))
    except Mismatch as fault:
        refuse(f"`{key}` {fault}", span, "wrong-type")
    limits = (info.minimum, info.maximum)
    if info.type == "table" and not _named_sizes(held):
        refuse(f"`{key}` needs sizes with their names, such as `{{h: 2}}`", span, "wrong-type")
    if not within(held, limits):
        refuse(f"`{key}` {limit_text(limits)}", span, "out-of-range", f"is {show(held)}")
    return held


def _named_sizes(value: object) -> bool:
    pairs = value if isinstance(value, tuple) else ()
    names = all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs)
    return names and all(isinstance(size, int) and size > 0 for _, size in pairs)


def _meant(word: str, known: Any) -> str:
    meant = nearest(word, list(known))
    return f"did you mean `{meant}`?" if meant else ""
