"""What `expect` promises of one graph, beside what was measured."""

from __future__ import annotations

from blueprint.compiler.graph import Graph
from blueprint.compiler.passes import run_passes
from blueprint.compiler.specification import Specification, expected_shapes, resolve
from blueprint.diagnostics import Reporter


def expected_figures(loaded: Specification) -> list[tuple[str, str, bool]]:
    """The figures of the lines of `expect` that speak of this very graph: key, as written, whether met."""
    found = []
    for line in loaded.document.expect:
        faults = Reporter()
        shapes = expected_shapes(loaded.document, line, faults)
        graph = None if faults.failed else resolve(loaded.document, faults, line.settings, shapes)[0]
        if graph is None or _form(run_passes(graph)) != _form(loaded.graph):
            continue
        for key, figure, actual in (("params", line.params, graph.parameters), ("macs", line.macs, graph.macs)):
            if figure is not None:
                found.append((key, figure[2], abs(actual - figure[0]) <= figure[1]))
    return found


def _form(graph: Graph) -> tuple[object, ...]:
    nodes = tuple((node.op, node.inputs, node.outputs, node.path) for node in graph.nodes)
    return (nodes, graph.types, graph.inputs, graph.outputs)
