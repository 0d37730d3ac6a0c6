"""The graph: a frozen list of core nodes, the one interface between the language and torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from blueprint.diagnostics import Note, Span
from blueprint.language.values import ValueType
from blueprint.ops.base import Op
from blueprint.ops.facts import facts


@dataclass(frozen=True)
class Frame:
    """One structure that encloses a node and gives its weights a part of their name.

    call: a number that tells apart the runs of the structure of that name in one run of what encloses it
    (weights shared under a label).
    kind: what a person calls it, the block's name for a block: shown by `print(model)`.
    """

    name: str
    call: int
    kind: str = ""


@dataclass(frozen=True)
class Initialiser:
    """How a weight is filled: a name of `ops.initialisers` and its settings."""

    name: str
    settings: tuple[tuple[str, float | str], ...] = ()


@dataclass(frozen=True)
class Node:
    """An op at its place: the values it reads and makes, where its weights stand, where it was written.

    frames: the enclosing structures, outermost first. label: the node's own part of the name.
    Nodes with equal paths share their weights. Where a node was written is no part of what it equals.
    """

    op: Op
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    frames: tuple[Frame, ...]
    label: str
    init: Mapping[str, Initialiser] = field(default_factory=dict)
    span: Span | None = field(default=None, compare=False)
    trail: tuple[Note, ...] = field(default=(), compare=False)

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The parts of the name under which the node's weights stand in the state_dict."""
        return (*[frame.name for frame in self.frames], self.label)


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they run; values are numbers, `types[v]` is the type of value v.

    inputs: the network's inputs by name; outputs: its outputs by name, those in `training_only`
    given in training alone. A single output named `output` is returned as it is, several as a dict.
    """

    name: str
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]
    nodes: tuple[Node, ...]
    types: tuple[ValueType, ...]
    training_only: frozenset[str] = frozenset()
    fixed_size: bool = False  # the spec reads height or width: other input sizes do not fit

    def inputs_of(self, node: Node) -> tuple[ValueType, ...]:
        """The types of the values that `node` reads."""
        types = self.types
        return tuple([types[v] for v in node.inputs])

    def outputs_of(self, node: Node) -> tuple[ValueType, ...]:
        """The types of the values that `node` makes."""
        types = self.types
        return tuple([types[v] for v in node.outputs])

    @cached_property
    def owners(self) -> tuple[Node, ...]:
        """The nodes that own weights or a module: of those that share them, the first."""
        seen: dict[tuple[str, ...], Node] = {}
        for node in self.nodes:
            seen.setdefault(node.path, node)
        return tuple(seen.values())

    @cached_property
    def parameters(self) -> int:
        """The number of learned elements; shared ones count once."""
        return sum(self.parameters_of(node) for node in self.owners)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates for one sample, outputs for training alone left out."""
        needed = self.needed_in_eval
        return sum(n.op.macs(*self.inputs_of(n)) for i, n in enumerate(self.nodes) if i in needed)

    @cached_property
    def needed_in_eval(self) -> frozenset[int]:
        """The indices of the nodes that the outputs in eval mode depend on."""
        return self._needed({v for name, v in self.outputs if name not in self.training_only})

    @cached_property
    def needed(self) -> frozenset[int]:
        """The indices of the nodes that any output depends on; the others only bear weights."""
        return self._needed({value for _, value in self.outputs})

    def _needed(self, wanted: set[int]) -> frozenset[int]:
        needed = set()
        for index in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[index]
            if wanted.intersection(node.outputs):
                needed.add(index)
                wanted.update(node.inputs)
        return frozenset(needed)

    def parameters_of(self, node: Node) -> int:
        """The learned elements of one node."""
        return facts(node.op, self.inputs_of(node)).parameters

    def settings_of(self, node: Node) -> dict[str, Any]:
        """The node's fields that differ from their defaults, a size with equal sides as one number, for print."""
        settings = {}
        for info in node.op.fields():
            value = getattr(node.op, info.name)
            if "size" in info.type and isinstance(value, tuple) and value[0] == value[1]:
                value = value[0]
            if info.required or value != info.default:
                settings[info.name] = value
        return settings
