"""A graph's nodes in the order of its text, grouped by the structures that hold them, rounds of a loop as one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby

from blueprint.compiler.graph import Frame, Graph

MAX_PERIOD = 12
_INDEX = re.compile(r"\.\d+\b")
_RANGE = re.compile(r"^\d+-\d+\.?")


@dataclass(frozen=True)
class Part:
    """A leaf, or a structure with the parts inside it.

    kind: an op's name for a leaf, a block's for a structure. nodes: the indices of the nodes it
    stands for, of the first round where there are several. repeats: how many alike in a row.
    """

    name: str
    kind: str
    nodes: range
    children: tuple[Part, ...] = ()
    repeats: int = 1

    @property
    def own(self) -> str:
        """The last part of the name that is no index."""
        return next((part for part in reversed(self.name.split(".")) if not part.isdigit()), self.name)


def told(part: Part, within: str = "") -> tuple[str, str]:
    """A part's name, and its kind where neither the name nor the structure around it tells that.

    `("head", "linear")`, but `("conv_2", "")`. within: the structure's own name.
    """
    name = part.name or ", ".join(child.name for child in part.children)
    kind, own = part.kind, part.own
    known = kind in (own, within) or (own.startswith(f"{kind}_") and own[len(kind) + 1 :].isdigit())
    return name, "" if known else kind


@dataclass
class Folded:
    """The parts of a graph, and how later rounds lie over the first ones."""

    parts: tuple[Part, ...] = ()
    runs: list[tuple[int, int, int]] = field(default_factory=list)  # first node, nodes in a round, rounds

    def shown(self, *nodes: int) -> tuple[int, ...] | None:
        """The nodes that stand for these, or None for nodes in different rounds of a loop that is shown once."""
        for start, length, rounds in self.runs:
            inside = [start <= node < start + length * rounds for node in nodes]
            if all(inside) and len({(node - start) // length for node in nodes}) > 1:
                return None
            nodes = tuple(
                start + (n - start) % length if within else n for n, within in zip(nodes, inside, strict=True)
            )
        return nodes


def siblings(graph: Graph, nodes: Iterable[int], depth: int) -> Iterator[tuple[Frame | None, range]]:
    """The nodes divided by the structure that holds them at a depth; None and a single node for a leaf."""

    def key(index: int) -> tuple[Frame | None, int]:
        frames = graph.nodes[index].frames
        return (frames[depth], -1) if len(frames) > depth else (None, index)

    for (frame, _), found in groupby(nodes, key):
        indices = list(found)
        yield frame, range(indices[0], indices[-1] + 1)


def folded(graph: Graph) -> Folded:
    """The parts of the whole graph; what repeats without a difference is one part with its number of rounds."""
    result = Folded()
    producers = {value: (index, at) for index, node in enumerate(graph.nodes) for at, value in enumerate(node.outputs)}
    result.parts = _Folding(graph, producers, result.runs).parts(range(len(graph.nodes)), 0)
    return result


class _Folding:
    def __init__(self, graph: Graph, producers: dict[int, tuple[int, int]], runs: list[tuple[int, int, int]]) -> None:
        self.graph, self.producers, self.runs = graph, producers, runs

    def parts(self, nodes: range, depth: int) -> tuple[Part, ...]:
        """The parts of a stretch of nodes that stand in the same structure."""
        found = list(siblings(self.graph, nodes, depth))
        result: list[Part] = []
        at = 0
        while at < len(found):
            period, rounds = self.repetition([nodes for _, nodes in found[at:]], depth)
            first = found[at : at + period]
            stretch = _stretch([indices for _, indices in first])
            if rounds > 1:
                self.runs.append((stretch.start, len(stretch), rounds))
            inside = tuple(self.part(frame, indices, depth) for frame, indices in first)
            if period > 1:
                each = tuple(replace(part, name=_INDEX.sub("", part.name, count=1)) for part in inside)
                result.append(Part("", "", stretch, each, rounds))
            elif rounds > 1:
                index = self.graph.nodes[stretch.start].path[depth]
                name = f"{index}-{int(index) + rounds - 1}{inside[0].name.removeprefix(index)}"
                result.append(replace(inside[0], name=name, repeats=rounds))
            else:
                result.append(inside[0])
            at += period * rounds
        return tuple(result)

    def part(self, frame: Frame | None, nodes: range, depth: int) -> Part:
        """One structure or leaf. A structure that holds a single part is shown as that part."""
        if frame is None:
            node = self.graph.nodes[nodes.start]
            return Part(node.label, node.op.name, nodes)
        inside = self.parts(nodes, depth + 1)
        only = inside[0]
        if len(inside) > 1 or (only.repeats > 1 and frame.name.isdigit()):
            return Part(frame.name, frame.kind, nodes, inside)
        rest = _RANGE.sub("", only.name) if only.repeats > 1 else only.name
        return replace(only, name=f"{frame.name}.{rest}" if rest else frame.name, kind=only.kind or frame.kind)

    def repetition(self, found: list[range], depth: int) -> tuple[int, int]:
        """How many of the siblings, from the first, make a round that the following ones repeat, and how often."""
        best = (1, 1)
        for period in range(1, min(MAX_PERIOD, len(found) // 2) + 1):
            rounds, form = 1, None
            first = found[:period]
            while (rounds + 1) * period <= len(found):
                again = found[rounds * period : (rounds + 1) * period]
                lengths = [len(nodes) for nodes in first] == [len(nodes) for nodes in again]
                if not lengths or not self.another_round(first, again, depth):
                    break
                form = form or self.form(_stretch(first), depth)
                if form != self.form(_stretch(again), depth):
                    break
                rounds += 1
            if rounds > 1 and rounds * period > best[0] * best[1]:
                best = (period, rounds)
        return best

    def another_round(self, first: list[range], again: list[range], depth: int) -> bool:
        """Whether siblings may be a round and the next one: their names differ in an index, the same in all of them."""
        pairs = [
            (self.graph.nodes[one.start].path[depth:], self.graph.nodes[two.start].path[depth:])
            for one, two in zip(first, again, strict=True)
        ]
        steps = {next(((a, b) for a, b in zip(one, two, strict=False) if a != b), ("", "")) for one, two in pairs}
        return len(steps) == 1 and steps != {("", "")} and all(_indexed(one) == _indexed(two) for one, two in pairs)

    def form(self, nodes: range, depth: int) -> tuple[object, ...]:
        """What makes two stretches alike: ops, names but for indices, types, and how they are joined inside."""
        found: list[object] = []
        for index in nodes:
            node = self.graph.nodes[index]
            sources: list[object] = []
            for value in node.inputs:
                made = self.producers.get(value)
                inside = made is not None and made[0] in nodes
                sources.append((made[0] - nodes.start, made[1]) if made and inside else self.graph.types[value])
            found.append((node.op, _indexed(node.path[depth:]), tuple(sources), self.graph.outputs_of(node)))
        return tuple(found)


def _stretch(found: list[range]) -> range:
    return range(found[0].start, found[-1].stop)


def _indexed(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("#" if part.isdigit() else part for part in path)
