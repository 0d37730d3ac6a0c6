"""The printed form of a graph, made to be read and compared; `text_parser` reads it.

    network NAME, fixed size
    input NAME: TYPE

    STRUCTURE: KIND
      NODE = OP(VALUE, FIELD=SETTING): TYPE with WEIGHT=INITIALISER(SETTING=...)  # what it costs

    output NAME, in training: VALUE

A structure holds the lines below it that stand further to the right. KIND is the block's name, if it is a block. What
has nothing but numbers inside, or one thing, stands in front of their names instead: `stages.0`. The second of one
name has `'2` behind it. NODE is the value that a node makes, NODE[0], NODE[1] are those of several. A VALUE is sought
in the innermost structure that holds the line, then in those around it; with a dot in front, outside all of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from blueprint.compiler.graph import Graph, Initialiser, Node
from blueprint.compiler.number import number
from blueprint.language.values import ValueType

Path = tuple[str, ...]

WIDTH = 120
CONSTANTS = {"true": True, "false": False, "null": None, "inf": float("inf"), "nan": float("nan")}
_WORD = re.compile(r"[^\W\d]\w*")
_PIECE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,"])+,? ?')


def text(graph: Graph) -> str:
    """The graph as text, the same for equal graphs, however their values and runs are numbered.

    Settings are those that differ from their defaults. What stands behind `#` follows from the rest: the learned
    elements and multiply-accumulates of a node, and at the end of all.
    """
    graph = number(graph)
    lines = [f"network {_word(graph.name)}" + (", fixed size" if graph.fixed_size else "")]
    lines += [f"input {name}: {type_text(graph.types[value])}" for name, value in graph.inputs]
    printer = _Printer(graph)
    lines += ["", *printer.lines(0, len(graph.nodes), (), (), 0), ""]
    for name, value in graph.outputs:
        when = ", in training" if name in graph.training_only else ""
        lines.append(f"output {name}{when}: {printer.values.shortest(value, ())}")
    lines.append(f"# {graph.parameters:,} parameters; {graph.macs:,} macs")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def type_text(kind: ValueType) -> str:
    """The type of a value; that of one that all samples share says so."""
    return str(kind) if kind.batched else f"unbatched {kind}"


class Values:
    """The values of a graph by their full names, such as `stages.0.conv`."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: dict[int, Path] = {}

    def add(self, path: Path, value: int) -> None:
        """Let the value be called by that path."""
        self._numbers[".".join(path)], self._names[value] = value, path

    def add_outputs(self, path: Path, values: tuple[int, ...]) -> None:
        """Let the values that a node makes be called by its path, several with their numbers behind it."""
        for place, value in enumerate(values):
            last = path[-1] if len(values) == 1 else f"{path[-1]}[{place}]"
            self.add((*path[:-1], last), value)

    def find(self, name: str, scope: Path) -> int | None:
        """The value that a name means inside the structures `scope`, or None."""
        if name.startswith("."):
            return self._numbers.get(name[1:])
        for end in range(len(scope), -1, -1):
            found = self._numbers.get(".".join((*scope[:end], name)))
            if found is not None:
                return found
        return None

    def shortest(self, value: int, scope: Path) -> str:
        """The shortest name that means the value inside the structures `scope`; it begins with no number."""
        path = self._names[value]
        common = 0
        while common < min(len(scope), len(path) - 1) and scope[common] == path[common]:
            common += 1
        for start in range(common, -1, -1):
            name = ".".join(path[start:])
            if (start == 0 or not path[start][0].isdecimal()) and self.find(name, scope) == value:
                return name
        return "." + ".".join(path)


class _Printer:
    """Writes the nodes of a graph whose values and runs are counted from 0."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._paths = _paths(graph)
        self._seen: set[Path] = set()
        self.values = Values()
        for name, value in graph.inputs:
            self.values.add((name,), value)
        for path, node in zip(self._paths, graph.nodes, strict=True):
            self.values.add_outputs(path, node.outputs)

    def lines(self, start: int, stop: int, scope: Path, pending: Path, indent: int) -> Iterator[str]:
        """The nodes from `start` to `stop`: they stand in the structures `scope`, and in `pending`, not yet printed."""
        depth = len(scope) + len(pending)
        at = start
        while at < stop:
            node, path = self._graph.nodes[at], self._paths[at]
            inside = (*pending, path[depth])
            if len(path) == depth + 1:
                yield self._node(node, scope, inside, indent)
                at += 1
                continue
            end = at + 1
            while end < stop and self._paths[end][: depth + 1] == path[: depth + 1]:
                end += 1
            kind = node.frames[depth].kind
            if not kind and self._only_names(at, end, depth + 1):
                yield from self.lines(at, end, scope, inside, indent)
            else:
                if not indent:
                    yield ""
                yield f"{' ' * indent}{'.'.join(inside)}:" + (f" {_word(kind)}" if kind else "")
                yield from self.lines(at, end, (*scope, *inside), (), indent + 2)
                if not indent:
                    yield ""
            at = end

    def _only_names(self, start: int, stop: int, depth: int) -> bool:
        """Whether a structure of these nodes holds but one thing, or numbered ones."""
        parts = {path[depth].partition("'")[0] for path in self._paths[start:stop]}
        return len({path[depth] for path in self._paths[start:stop]}) == 1 or all(map(str.isdecimal, parts))

    def _node(self, node: Node, scope: Path, inside: Path, indent: int) -> str:
        graph = self._graph
        inputs = [self.values.shortest(value, scope) for value in node.inputs]
        settings = [f"{name}={setting_text(value)}" for name, value in graph.settings_of(node).items()]
        types = ", ".join(map(type_text, graph.outputs_of(node)))
        weights = node.op.weights(*graph.inputs_of(node))
        inits = [f"{name}={_init_text(node.init[name])}" for name in weights if name in node.init]
        behind = f": {types}" + (f" with {', '.join(inits)}" if inits else "")
        costs = self._costs(node)
        lines = _wrapped(f"{'.'.join(inside)} = {node.op.name}(", ", ".join([*inputs, *settings]), f"){behind}", indent)
        return lines + (f"  # {costs}" if costs else "")

    def _costs(self, node: Node) -> str:
        parameters, macs = self._graph.parameters_of(node), node.op.macs(*self._graph.inputs_of(node))
        shared = " shared" if node.path in self._seen else ""
        self._seen.add(node.path)
        words = [f"{parameters:,} parameters{shared}"] if parameters else []
        return "; ".join([*words, f"{macs:,} macs"] if macs else words)


def _paths(graph: Graph) -> list[Path]:
    """The path of each node, with a mark where a structure runs again or a node stands under one name again."""
    again: Counter[Path] = Counter((name,) for name, _ in graph.inputs)
    paths = []
    for node in graph.nodes:
        frames = tuple(_marked(frame.name, frame.call) for frame in node.frames)
        name = (*frames, node.label)
        paths.append((*frames, _marked(node.label, again[name])))
        again[name] += 1
    return paths


def _marked(name: str, before: int) -> str:
    return f"{name}'{before + 1}" if before else name


def _wrapped(head: str, arguments: str, tail: str, indent: int) -> str:
    """The three texts on one line, or the arguments on lines of their own where that is too long."""
    margin = " " * indent
    if indent + len(head) + len(arguments) + len(tail) <= WIDTH:
        return margin + head + arguments + tail
    inner = " " * (indent + 4)
    return "\n".join([margin + head, *_packed(arguments, inner, inner), *_packed(tail, margin, inner)])


def _packed(words: str, first: str, margin: str) -> list[str]:
    """A text cut behind commas into lines that keep the width, each with a margin, the first line with its own."""
    lines = [first]
    for match in _PIECE.finditer(words):
        if lines[-1].strip() and len(lines[-1]) + len(match[0].rstrip()) > WIDTH:
            lines.append(margin)
        lines[-1] += match[0]
    return [line.rstrip() for line in lines]


def setting_text(value: object) -> str:
    """A setting: words bare, other texts in quotes, tuples as lists, named sizes as `{h: 2}`."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, (tuple, list)):
        if value and all(isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) for item in value):
            return "{" + ", ".join(f"{_word(name)}: {setting_text(size)}" for name, size in value) + "}"
        return "[" + ", ".join(map(setting_text, value)) + "]"
    return repr(value)


def _init_text(how: Initialiser) -> str:
    settings = ", ".join(f"{name}={setting_text(value)}" for name, value in how.settings)
    return f"{how.name}({settings})" if settings else how.name


def _word(word: str) -> str:
    if _WORD.fullmatch(word) and word not in CONSTANTS:
        return word
    return json.dumps(word, ensure_ascii=False)
