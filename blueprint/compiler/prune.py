"""Dropping nodes that no output needs. Those with weights stay: the state_dict is what the spec says.

They are built and never run.
"""

from __future__ import annotations

from dataclasses import replace

from blueprint.compiler.graph import Graph


def prune(graph: Graph) -> Graph:
    """The graph without nodes whose results are not used, unless they bear weights."""
    wanted = {value for _, value in graph.outputs}
    kept = []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs) or graph.parameters_of(node):
            kept.append(node)
            wanted.update(node.inputs)
    return graph if len(kept) == len(graph.nodes) else replace(graph, nodes=tuple(reversed(kept)))
