"""The module tree that the nodes' paths span, and the stretches of the graph that its containers run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from blueprint.compiler.graph import Graph

if TYPE_CHECKING:
    from torch import nn

Path = tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """The nodes `start` to `stop` that a container runs in one call, the values it takes and those it gives."""

    start: int
    stop: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(eq=False)
class Place:
    """A name in the module tree.

    A leaf has `module`; a learned value of its own has `weight`, its name in the op; a container that
    can be called has `regions`, one a call, all alike. Anything else is a namespace. live: whether the code runs
    it or something in it.
    """

    path: Path
    children: dict[str, Place] = field(default_factory=dict)
    module: nn.Module | None = None
    weight: str | None = None
    regions: tuple[Region, ...] = ()
    kind: str = ""
    live: bool = False

    @property
    def listed(self) -> bool:
        """Whether it is a namespace whose children are modules called 0, 1, 2, ... as in a ModuleList."""
        return (
            not self.regions
            and list(self.children) == [str(i) for i in range(len(self.children))]
            and all(child.weight is None for child in self.children.values())
        )

    def walk(self) -> Iterator[Place]:
        """The place and all below it, parents first, in the order of their nodes."""
        yield self
        for child in self.children.values():
            yield from child.walk()

    def find(self, path: Path) -> Place:
        """The place below this one that `path`, counted from the root, leads to."""
        place = self
        for name in path[len(self.path) :]:
            place = place.children[name]
        return place


class Uses:
    """Who makes each value of a graph and who reads it; built once, so that questions cost no search."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        end = len(graph.nodes)
        self.maker = [-1] * len(graph.types)
        self.count = [0] * len(graph.types)
        self.last = [-1] * len(graph.types)
        for index, node in enumerate(graph.nodes):
            for value in node.outputs:
                self.maker[value] = index
            for value in node.inputs:
                self.count[value] += 1
                self.last[value] = index
        for _, value in graph.outputs:
            self.count[value] += 1
            self.last[value] = end

    @cached_property
    def facts(self) -> list[str]:
        """All that a node's code depends on, a text a node, but for its values and its path."""
        graph = self.graph
        return [f"{n.op!r}{graph.inputs_of(n)}{graph.outputs_of(n)}{n.label}" for n in graph.nodes]

    def region(self, start: int, stop: int) -> Region:
        """The stretch with the values made before it, in the order of first use, and those read behind it."""
        nodes = self.graph.nodes[start:stop]
        inputs = [v for node in nodes for v in node.inputs if self.maker[v] < start]
        outputs = [v for node in nodes for v in node.outputs if self.last[v] >= stop]
        return Region(start, stop, tuple(dict.fromkeys(inputs)), tuple(outputs))

    def fingerprint(self, region: Region, depth: int, extra: str = "") -> str:
        """A hash that two regions share exactly if the same code runs both; `depth` frames enclose them."""
        numbers = {value: i for i, value in enumerate(region.inputs)}
        calls: dict[tuple[int, ...], int] = {}
        text = [extra]
        for index in range(region.start, region.stop):
            node = self.graph.nodes[index]
            frames = node.frames[depth:]
            call = calls.setdefault(tuple(frame.call for frame in frames), len(calls))
            reads = [numbers[v] for v in node.inputs]
            for value in node.outputs:
                numbers[value] = len(numbers)
            text.append(f"{[(f.name, f.kind) for f in frames]}{call}{reads}{self.facts[index]}")
        text.append(str([numbers[v] for v in region.outputs]))
        return hashlib.sha256("\n".join(text).encode()).hexdigest()[:16]


def build_tree(graph: Graph, uses: Uses, modules: Mapping[Path, nn.Module | None]) -> Place:
    """The root of the tree; `modules` holds the module, or None, of each node that owns one or a weight.

    uses: those of the nodes that are run.
    """
    root = Place((), live=True)
    run = {node.path for node in uses.graph.nodes}
    weights = {node.path: next(iter(node.op.weights(*graph.inputs_of(node))), None) for node in graph.owners}
    for node in graph.owners:
        module, weight = modules[node.path], weights[node.path]
        if module is None and weight is None:
            continue
        place = root
        for end in range(1, len(node.path) + 1):
            assert (place.module or place.weight) is None, f"lower: {place.path} is a leaf and holds {node.path}"
            place = place.children.setdefault(node.path[end - 1], Place(node.path[:end]))
            place.live |= node.path in run
        assert not place.children, f"lower: {node.path} is a leaf and holds {list(place.children)}"
        place.module = module
        place.weight = weight if module is None else None
    for path, stretches in _stretches(uses.graph).items():
        _make_container(root, path, stretches, uses)
    inputs, outputs = (tuple(value for _, value in ends) for ends in (graph.inputs, graph.outputs))
    root.regions = (Region(0, len(uses.graph.nodes), inputs, outputs),)
    root.kind = graph.name
    return root


def _make_container(root: Place, path: Path, stretches: list[tuple[int, int]], uses: Uses) -> None:
    """Give the place at `path` its regions if it can be called: named children, the same code in each call."""
    place, way = root, []
    for name in path:
        if name not in place.children:
            return
        place = place.children[name]
        way.append(place)
    if any(name.isdecimal() for name in place.children):
        return
    regions = tuple(uses.region(*stretch) for stretch in stretches)
    if not all(region.outputs for region in regions):
        return
    if len(regions) > 1 and len({uses.fingerprint(region, len(path)) for region in regions}) > 1:
        return
    frames = uses.graph.nodes[regions[0].start].frames[: len(path)]
    named = next((f for f in reversed(frames) if f.kind or not f.name.isdecimal()), frames[-1])  # a round: the loop's
    place.regions, place.kind = regions, named.kind or named.name
    for above in way:
        above.live = True


def _stretches(graph: Graph) -> dict[Path, list[tuple[int, int]]]:
    """Where the calls of each structure begin and end, for those whose every call is one stretch of nodes."""
    found: dict[Path, dict[tuple[int, ...], tuple[int, int]]] = {}
    broken = set()
    for index, node in enumerate(graph.nodes):
        names = tuple(frame.name for frame in node.frames)
        calls = tuple(frame.call for frame in node.frames)
        for depth in range(1, len(names) + 1):
            runs = found.setdefault(names[:depth], {})
            start, stop = runs.get(calls[:depth], (index, index))
            if stop != index:
                broken.add(names[:depth])
            runs[calls[:depth]] = (start, index + 1)
    return {path: list(runs.values()) for path, runs in found.items() if path not in broken}
