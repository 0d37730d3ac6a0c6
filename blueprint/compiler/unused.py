"""Weights that no output needs: built, counted, and never trained."""

from __future__ import annotations

from blueprint.compiler.graph import Graph
from blueprint.diagnostics import Diagnostic, Span


def unused(graph: Graph) -> list[Diagnostic]:
    """A warning for each place in the spec whose nodes bear weights that no output needs, in training neither."""
    wanted = {value for _, value in graph.outputs}
    idle = []
    trained = set()
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            trained.add(node.path)
        else:
            idle.append(node)
    parameters: dict[Span, int] = {}
    for node in reversed(idle):
        if node.span is not None and node.path not in trained:
            parameters[node.span] = parameters.get(node.span, 0) + graph.parameters_of(node)
    first = {node.span: node for node in idle}
    return [
        Diagnostic(
            "unused-weights",
            f"no output needs what this `{first[span].op.name}` gives",
            span,
            label=f"{count:,} parameters that nothing trains",
            notes=first[span].trail,
            help="take its value by its name, or leave the node out",
            severity="warning",
        )
        for span, count in parameters.items()
        if count
    ]
