"""The rows of the table of a network's layers: one per leaf, or one per structure at a depth, rounds as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blueprint.compiler.graph import Graph
from blueprint.view.parts import Part, folded, told

MERELY_GLUE = frozenset({"add", "multiply", "concat", "split", "scale", "identity"})


@dataclass(frozen=True)
class Row:
    """A structure or leaf with its totals.

    kind: what it is, where its name and the row above do not tell. repeats: how many in a row are
    alike. output: the shape that leaves it. parameters and macs: of all repeats together.
    shared: a leaf whose weights another one before it has.
    """

    name: str
    kind: str
    depth: int
    output: tuple[int, ...]
    parameters: int
    macs: int
    repeats: int
    shared: bool


def rows(graph: Graph, depth: int) -> list[Row]:
    """The rows to show: structures down to `depth`, leaves of the same level but for those that merely join values."""
    whole = folded(graph)
    parameters, macs = [0] * len(graph.nodes), [0] * len(graph.nodes)
    shared: set[int] = set()
    seen: set[tuple[str, ...]] = set()
    for index, node in enumerate(graph.nodes):
        (shown,) = whole.shown(index) or (index,)
        if node.path in seen:
            shared.add(index)
        else:
            parameters[shown] += graph.parameters_of(node)
        seen.add(node.path)
        if index in graph.needed_in_eval:
            macs[shown] += node.op.macs(*graph.inputs_of(node))

    def found(part: Part, level: int, within: str) -> Iterable[Row]:
        first, last = graph.nodes[part.nodes.start], graph.nodes[part.nodes.stop - 1]
        total = sum(parameters[i] for i in part.nodes), sum(macs[i] for i in part.nodes)
        if not part.children and not any(total) and first.op.name in MERELY_GLUE:
            return
        output = graph.outputs_of(last)[-1 if part.children else 0].shape
        name, kind = told(part, within)
        yield Row(name, kind, level, output, *total, part.repeats, not part.children and part.nodes.start in shared)
        if level < depth:
            for child in part.children:
                yield from found(child, level + 1, part.own)

    return [row for part in whole.parts for row in found(part, 0, "")]
