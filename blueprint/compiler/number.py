"""Counting values and runs from 0, in the order of the nodes, so that equal networks have equal graphs."""

from __future__ import annotations

from dataclasses import replace

from blueprint.compiler.graph import Frame, Graph

_Run = tuple[tuple[str, int], ...]
"""A run of a structure: the names of the structures from the outermost one to it, each with the number of its run."""


def number(graph: Graph) -> Graph:
    """The graph with its values counted as they are made, inputs first, and no type of a value that nothing makes.

    The runs of a structure are counted within the run of the structure around it.
    """
    made = [*(value for _, value in graph.inputs), *(value for node in graph.nodes for value in node.outputs)]
    moved = {value: place for place, value in enumerate(made)}
    runs: dict[_Run, dict[str, dict[int, int]]] = {}
    nodes = []
    for node in graph.nodes:
        within: _Run = ()
        frames = []
        for frame in node.frames:
            known = runs.setdefault(within, {}).setdefault(frame.name, {})
            call = known.setdefault(frame.call, len(known))
            frames.append(Frame(frame.name, call, frame.kind))
            within = (*within, (frame.name, call))
        inputs, outputs = (tuple(moved[value] for value in values) for values in (node.inputs, node.outputs))
        nodes.append(replace(node, inputs=inputs, outputs=outputs, frames=tuple(frames)))
    return replace(
        graph,
        inputs=tuple((name, moved[value]) for name, value in graph.inputs),
        outputs=tuple((name, moved[value]) for name, value in graph.outputs),
        nodes=tuple(nodes),
        types=tuple(graph.types[value] for value in made),
    )
