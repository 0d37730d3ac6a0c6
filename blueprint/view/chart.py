"""A graph as a chart: boxes for ops and for structures that are not opened, frames around those that are, arrows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from blueprint.compiler.graph import Graph
from blueprint.language.types import show
from blueprint.language.values import ValueType
from blueprint.view.figures import shape_text
from blueprint.view.parts import Part, folded, told


@dataclass(frozen=True)
class Box:
    """A box: its name for arrows, and the lines in it. closed: a structure of which nothing inside is shown."""

    key: str
    lines: tuple[str, ...]
    closed: bool = False


@dataclass(frozen=True)
class Frame:
    """An opened structure: its title and what is inside."""

    key: str
    title: str
    inside: tuple[Box | Frame, ...]


@dataclass(frozen=True)
class Arrow:
    """A value on its way from one box to another. label: its shape, where it is not the one that entered the first."""

    start: str
    end: str
    label: str = ""
    training_only: bool = False


@dataclass
class Chart:
    """What is drawn, in the order in which it runs. ends: the boxes of the network's inputs and outputs."""

    ends: list[Box] = field(default_factory=list)
    items: tuple[Box | Frame, ...] = ()
    arrows: list[Arrow] = field(default_factory=list)

    def boxes(self) -> Iterator[Box]:
        """All boxes but the ends."""
        pending = list(reversed(self.items))
        while pending:
            now = pending.pop()
            if isinstance(now, Box):
                yield now
            else:
                pending += reversed(now.inside)


def chart(graph: Graph, depth: int) -> Chart:
    """The chart of a graph, structures opened down to `depth` levels, identical rounds of a loop drawn once."""
    return _Drawing(graph, depth).chart


class _Drawing:
    def __init__(self, graph: Graph, depth: int) -> None:
        self.graph, self.depth = graph, depth
        self.count = 0
        self.box_of: dict[int, Box] = {}
        self.entering: dict[str, ValueType] = {}
        whole = folded(graph)
        self.chart = Chart()
        made: dict[int, Box] = {}
        for name, value in graph.inputs:
            made[value] = Box(self.key("i"), (name, shape_text(graph.types[value].shape)))
            self.chart.ends.append(made[value])
        self.chart.items = tuple(self.item(part, 0) for part in whole.parts)
        producers = {value: index for index, node in enumerate(graph.nodes) for value in node.outputs}
        for index, node in enumerate(graph.nodes):
            for value in node.inputs:
                source = producers.get(value)
                shown = whole.shown(index) if source is None else whole.shown(source, index)
                if shown is not None:
                    start = made[value] if source is None else self.box_of[shown[0]]
                    self.arrow(start, self.box_of[shown[-1]], value)
        for name, value in graph.outputs:
            end = Box(self.key("o"), (name, shape_text(graph.types[value].shape)))
            self.chart.ends.append(end)
            maker = whole.shown(producers[value]) if value in producers else None
            start = made[value] if maker is None else self.box_of[maker[0]]
            self.chart.arrows.append(Arrow(start.key, end.key, training_only=name in graph.training_only))

    def key(self, sort: str) -> str:
        """A name that no other box or frame has."""
        self.count += 1
        return f"{sort}{self.count}"

    def item(self, part: Part, level: int, within: str = "") -> Box | Frame:
        """The box or the frame of a part. within: the own name of the frame around it."""
        title = _title(part, within)
        if part.children and level < self.depth:
            key = self.key("g")
            return Frame(key, title, tuple(self.item(child, level + 1, part.own) for child in part.children))
        node = self.graph.nodes[part.nodes.stop - 1]
        lines = [title]
        if part.children:
            lines.append(shape_text(self.graph.outputs_of(node)[-1].shape))
        else:
            settings = self.graph.settings_of(node).items()
            lines += [", ".join(f"{name} {show(value)}" for name, value in settings)] if settings else []
        box = Box(self.key("n"), tuple(lines), bool(part.children))
        for index in part.nodes:
            self.box_of[index] = box
        return box

    def arrow(self, start: Box, end: Box, value: int) -> None:
        """Draw one value; values inside a box are not seen."""
        if start is end:
            return
        kind = self.graph.types[value]
        changed = self.entering.get(start.key) != kind and not start.closed and start not in self.chart.ends
        found = Arrow(start.key, end.key, shape_text(kind.shape) if changed else "")
        self.entering.setdefault(end.key, kind)
        if found not in self.chart.arrows:
            self.chart.arrows.append(found)


def _title(part: Part, within: str) -> str:
    title = " ".join(filter(None, told(part, within)))
    return f"{title} x {part.repeats}" if part.repeats > 1 else title
