"""Graphs written by hand: a node a call, structures as `with` blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from blueprint.compiler.graph import Frame, Graph, Initialiser, Node
from blueprint.language.values import ValueType
from blueprint.ops.registry import ops


class Builder:
    """Collects nodes; every method that adds one returns the number of its value, or a tuple of them."""

    def __init__(self, **inputs: ValueType) -> None:
        self.types: list[ValueType] = []
        self.nodes: list[Node] = []
        self.inputs = tuple((name, self._value(value)) for name, value in inputs.items())
        self._frames: list[Frame] = []
        self._calls = count()

    @property
    def x(self) -> int:
        """The first input."""
        return self.inputs[0][1]

    def _value(self, value_type: ValueType) -> int:
        self.types.append(value_type)
        return len(self.types) - 1

    @contextmanager
    def frame(self, *names: str, kind: str = "") -> Iterator[None]:
        """What is added inside stands in these structures."""
        for name in names:
            self._frames.append(Frame(name, next(self._calls), kind))
        yield
        del self._frames[len(self._frames) - len(names) :]

    def add(
        self, op: str, *inputs: int, label: str = "", init: dict[str, Initialiser] | None = None, **fields: Any
    ) -> Any:
        """A node of the op called `op`; its label is the op's name unless given."""
        types = tuple(self.types[v] for v in inputs)
        resolved = ops()[op](**fields).resolve(*types)
        made = resolved.infer(*types)
        several = isinstance(made, tuple)
        outputs = tuple(self._value(t) for t in (made if isinstance(made, tuple) else (made,)))
        self.nodes.append(Node(resolved, inputs, outputs, tuple(self._frames), label or op, init or {}))
        return outputs if several else outputs[0]

    def chain(self, value: int, *steps: tuple[str, dict[str, Any]] | str) -> int:
        """Ops one behind the other, each a name or a name with fields; labels count up where they repeat."""
        for step in steps:
            op, fields = (step, {}) if isinstance(step, str) else step
            value = self.add(op, value, **fields)
        return value

    def graph(self, *, name: str = "small_net", training_only: tuple[str, ...] = (), **outputs: int) -> Graph:
        """The graph with these outputs."""
        return Graph(
            name, self.inputs, tuple(outputs.items()), tuple(self.nodes), tuple(self.types), frozenset(training_only)
        )
