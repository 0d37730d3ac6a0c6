"""Counting values and runs from 0, in the order of the nodes, so that equal networks have equal graphs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from blueprint.compiler.graph import Frame, Graph, Node


class _Run(NamedTuple):
    """A run of a structure: its frame as it is counted, and the runs inside it."""

    frame: Frame
    inside: _Inside


_Inside: TypeAlias = dict[str, dict[int, _Run]]
"""The runs inside a run, by the name of their structure and by the number that they came with."""


def number(graph: Graph) -> Graph:
    """The graph with its values counted as they are made, inputs first, and no type of a value that nothing makes.

    The runs of a structure are counted within the run of the structure around it.
    """
    made = [*(value for _, value in graph.inputs), *(value for node in graph.nodes for value in node.outputs)]
    moved = {value: place for place, value in enumerate(made)}
    counted = _Runs()
    nodes = []
    for node in graph.nodes:
        inputs, outputs = (tuple([moved[value] for value in values]) for values in (node.inputs, node.outputs))
        frames = counted.frames(node.frames)
        nodes.append(Node(node.op, inputs, outputs, frames, node.label, node.init, node.span, node.trail))
    return replace(
        graph,
        inputs=tuple((name, moved[value]) for name, value in graph.inputs),
        outputs=tuple((name, moved[value]) for name, value in graph.outputs),
        nodes=tuple(nodes),
        types=tuple(graph.types[value] for value in made),
    )


class _Runs:
    """Counts the runs of each structure within the run of the structure around it, as they come."""

    def __init__(self) -> None:
        self._outermost: _Inside = {}
        self._done: dict[int, tuple[Frame, ...]] = {}

    def frames(self, frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        """The frames with their runs counted; those of nodes side by side are often one tuple."""
        done = self._done.get(id(frames))
        if done is None:
            done = self._done[id(frames)] = tuple(self._counted(frames))
        return done

    def _counted(self, frames: tuple[Frame, ...]) -> Iterator[Frame]:
        inside = self._outermost
        for frame in frames:
            runs = inside.setdefault(frame.name, {})
            run = runs.get(frame.call)
            if run is None:
                run = runs[frame.call] = _Run(Frame(frame.name, len(runs), frame.kind), {})
            yield run.frame
            inside = run.inside
