"""The table of a network's layers, its totals and what `expect` says of them, as text or as JSON's data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blueprint.compiler.graph import Graph
from blueprint.view.layers import Layer, layers

MERELY_GLUE = frozenset({"add", "multiply", "concat", "split", "scale", "identity"})


def rows(graph: Graph, depth: int) -> list[Layer]:
    """The layers to show: structures down to `depth`, leaves of the same level with weights or cost."""
    return [row for layer in layers(graph) for row in _shown(layer, depth)]


def _shown(layer: Layer, depth: int) -> Iterable[Layer]:
    if not layer.children and not layer.parameters and not layer.macs and layer.kind in MERELY_GLUE:
        return
    yield layer
    if layer.depth < depth:
        for child in layer.children:
            yield from _shown(child, depth)


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape without the batch: `64 x 32 x 32`."""
    return " x ".join(map(str, shape))


def count_text(number: int) -> str:
    """A large count with its unit, three digits: `91.6 M`."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            value = number / limit
            return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}"
    return str(number)


def layer_data(graph: Graph) -> list[dict[str, Any]]:
    """A record per leaf of the graph, for JSON."""
    found = []
    seen: set[tuple[str, ...]] = set()
    for index, node in enumerate(graph.nodes):
        fresh = node.path not in seen
        seen.add(node.path)
        found.append(
            {
                "name": ".".join(node.path),
                "op": node.op.name,
                "output": list(graph.outputs_of(node)[0].shape),
                "parameters": graph.parameters_of(node) if fresh else 0,
                "macs": node.op.macs(*graph.inputs_of(node)) if index in graph.needed_in_eval else 0,
            }
        )
    return found


def graph_data(graph: Graph) -> dict[str, Any]:
    """The graph's figures for JSON: `name, parameters, macs, input, output, layers`."""
    inputs = {name: list(graph.types[value].shape) for name, value in graph.inputs}
    outputs = {name: list(graph.types[value].shape) for name, value in graph.outputs}
    return {
        "name": graph.name,
        "parameters": graph.parameters,
        "macs": graph.macs,
        "input": next(iter(inputs.values())) if len(inputs) == 1 else inputs,
        "output": next(iter(outputs.values())) if len(outputs) == 1 else outputs,
        "layers": layer_data(graph),
    }
