"""The legal form of a graph, checked after each pass."""

from __future__ import annotations

from blueprint.compiler.graph import Graph


def verify(graph: Graph, after: str) -> None:
    """Assert that the graph is legal; the message names the pass that made it."""
    made = {value for _, value in graph.inputs}
    for node in graph.nodes:
        where = f"{after}: {node.op.name} at {'.'.join(node.path)}"
        assert made.issuperset(node.inputs), f"{where} reads a value before it is made"
        assert made.isdisjoint(node.outputs), f"{where} makes a value a second time"
        inferred = node.op.infer(*graph.inputs_of(node))
        outs = inferred if isinstance(inferred, tuple) else (inferred,)
        assert outs == graph.outputs_of(node), f"{where} gives {graph.outputs_of(node)}, by its rule {outs}"
        made.update(node.outputs)
    assert made.issuperset(value for _, value in graph.outputs), f"{after}: an output is never made"
