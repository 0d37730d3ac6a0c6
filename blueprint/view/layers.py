"""The layers of a graph as rows: one per leaf, or one per structure to a depth, repeats collapsed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from blueprint.compiler.graph import Graph, Node


@dataclass
class Layer:
    """A structure or leaf with its totals.

    repeats: how many in a row are alike; `name` then covers them all: `0-2`. output: the shape
    that leaves it. parameters and macs: of all repeats together.
    """

    name: str
    kind: str
    depth: int
    output: tuple[int, ...]
    parameters: int
    macs: int
    repeats: int = 1
    children: list[Layer] = field(default_factory=list)
    shared: bool = False

    @property
    def form(self) -> tuple[object, ...]:
        """What makes two layers alike: everything but their names and repeats."""
        return (self.kind, self.output, self.parameters, self.macs, tuple((c.name, c.form) for c in self.children))

    def walk(self) -> Iterator[Layer]:
        """The layer and those inside it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def layers(graph: Graph) -> list[Layer]:
    """The tree of a graph's layers, in the order in which they run; alike neighbours are one layer."""
    seen: set[tuple[str, ...]] = set()
    return _collapsed(_grouped(graph, list(enumerate(graph.nodes)), 0, seen))


def _grouped(graph: Graph, nodes: list[tuple[int, Node]], depth: int, seen: set[tuple[str, ...]]) -> list[Layer]:
    found: list[Layer] = []
    start = 0
    while start < len(nodes):
        node = nodes[start][1]
        if len(node.frames) == depth:
            found.append(_leaf(graph, nodes[start][0], node, depth, seen))
            start += 1
            continue
        frame = node.frames[depth]
        end = start
        while end < len(nodes) and nodes[end][1].frames[depth : depth + 1] == (frame,):
            end += 1
        inside = _collapsed(_grouped(graph, nodes[start:end], depth + 1, seen))
        start = end
        if len(inside) == 1 and inside[0].repeats > 1:
            found.append(_merged(frame.name, inside[0]))
            continue
        last = graph.outputs_of(nodes[end - 1][1])[-1].shape
        parameters, macs = sum(c.parameters for c in inside), sum(c.macs for c in inside)
        found.append(Layer(frame.name, frame.kind, depth, last, parameters, macs, children=inside))
    return found


def _merged(name: str, repeated: Layer) -> Layer:
    """A name whose only contents are alike iterations, shown as one layer with their count."""
    for layer in repeated.walk():
        layer.depth -= 1
    repeated.name = name
    return repeated


def _leaf(graph: Graph, index: int, node: Node, depth: int, seen: set[tuple[str, ...]]) -> Layer:
    shared = node.path in seen
    seen.add(node.path)
    parameters = 0 if shared else graph.parameters_of(node)
    macs = node.op.macs(*graph.inputs_of(node)) if index in graph.needed_in_eval else 0
    output = graph.outputs_of(node)[0].shape
    return Layer(node.label, node.op.name, depth, output, parameters, macs, shared=shared)


def _collapsed(found: list[Layer]) -> list[Layer]:
    result: list[Layer] = []
    for layer in found:
        last = result[-1] if result else None
        if (
            last is not None
            and layer.name.isdigit()
            and last.name.split("-")[0].isdigit()
            and _once(last) == layer.form
        ):
            first = last.name.split("-")[0]
            last.name, last.repeats = f"{first}-{layer.name}", last.repeats + 1
            last.parameters += layer.parameters
            last.macs += layer.macs
        else:
            result.append(layer)
    return result


def _once(layer: Layer) -> tuple[object, ...]:
    n = layer.repeats
    children = tuple((c.name, c.form) for c in layer.children)
    return (layer.kind, layer.output, layer.parameters // n, layer.macs // n, children)
