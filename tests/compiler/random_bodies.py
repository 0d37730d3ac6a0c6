"""Writes random bodies: names, numbers as expressions, lists of nodes, and nodes of one op."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from blueprint.language.values import ValueType
from blueprint.ops import ops
from tests.compiler.random_ops import FREE, bridge, op_for

Nodes = list[Any]


@dataclass
class Scope:
    """The names in reach at a place, and the value that enters its body."""

    x: ValueType
    numbers: dict[str, int] = field(default_factory=dict)
    values: dict[str, ValueType] = field(default_factory=dict)

    def inner(self, x: ValueType) -> Scope:
        """The scope of a body that `x` enters."""
        return Scope(x, dict(self.numbers), dict(self.values))


class BodyWriter:
    """Writes bodies that fit the value that enters them. `room` is how many nodes may still be written."""

    def __init__(self, chance: random.Random, switching: bool = False) -> None:
        self.chance = chance
        self.switching = switching
        self.arguments: dict[str, Any] = {}
        self.switches: list[str] = []
        self.blocks: dict[str, Any] = {}
        self.calls: list[tuple[str, dict[str, int], dict[str, Any], ValueType, ValueType]] = []
        self.room = chance.choice([8, 14] if switching else [2, 4, 8, 14])
        self.count = 0

    # Names and numbers.

    def name(self, stem: str) -> str:
        """A name that nothing else bears."""
        self.count += 1
        return f"{stem}{self.count}"

    def mark(self, nodes: Nodes, x: ValueType, scope: Scope) -> str:
        """The name of the value that the nodes end with; it is given one."""
        name = self.name("v")
        nodes.append({"identity": None, "as": name})
        scope.values[name] = x
        return name

    def number(self, number: int, scope: Scope) -> Any:
        """The number, or an expression that comes to it."""
        known = [*scope.numbers.items()]
        known += [("x.channels", scope.x.channels)] if "channels" in scope.x.names else []
        if not known or self.chance.random() < 0.5:
            return number
        name, value = self.chance.choice(known)
        forms = [f"{name} + {number - value}" if number >= value else f"{name} - {value - number}"]
        forms += [f"{number // value} * {name}"] if number % value == 0 else []
        forms += [name] * 3 if number == value else []
        forms += [f"min({number}, {number + value} * {name})", f"{number} if {name} == {value} else {name}"]
        return self.chance.choice(forms)

    def condition(self, truth: bool, scope: Scope) -> Any:
        """True or false, or an expression for it."""
        forms: list[Any] = [truth, f"{2 if truth else 1} > 1", f"not {str(not truth).lower()}"]
        forms += [f"{name} {'==' if truth else '!='} {value}" for name, value in scope.numbers.items()]
        return self.chance.choice(forms)

    def written(self, fields: dict[str, Any], scope: Scope) -> dict[str, Any]:
        """The fields of an op as a spec may write them."""

        def form(value: Any) -> Any:
            if isinstance(value, bool) or not isinstance(value, int):
                return self.condition(value, scope) if isinstance(value, bool) else value
            return self.number(value, scope)

        return {
            name: [form(item) for item in value] if isinstance(value, tuple) else form(value)
            for name, value in fields.items()
        }

    # Bodies.

    def body(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """A list of nodes that `x` enters, and the type that leaves it. What it names stays in `scope`."""
        nodes: Nodes = []
        while self.room > 0:
            self.room -= 1
            more, after = self.node(x, scope, depth)
            if len(more) == 1 and after == x:
                more = [self.switched(more[0])]
            nodes += more
            x = after
            if self.chance.random() < 0.15:
                self.mark(nodes, x, scope)
            if depth and self.chance.random() < 0.5:
                break
        return nodes, x

    def to(self, x: ValueType, wanted: ValueType, scope: Scope, depth: int) -> Nodes:
        """A body of its own that ends with the wanted type."""
        if wanted.kind == "axes":
            return [self.chance.choice(FREE)]
        nodes, last = self.body(x, scope.inner(x), depth + 1)
        return nodes + bridge(self.chance, last, wanted)

    def switched(self, node: Any) -> Any:
        """The node, perhaps under a switch."""
        if self.chance.random() > (0.8 if self.switching else 0.3) or (
            isinstance(node, dict) and {"let", "side", "when", "share"} & set(node)
        ):
            return node
        if isinstance(node, dict) and ("from" in node or isinstance(node.get("as"), list)):
            return node  # off, what enters it would be used instead, or be one value for several names
        node = {node: None} if isinstance(node, str) else node
        return {**node, "when": self.chance.choice([*self.switches, *([] if self.switching else [True, "1 < 2"])])}

    def node(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """One thing to write, mostly one node, and the type that leaves it."""
        return self.op(x, scope, depth)

    def op(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        name, fields, after = op_for(self.chance, x, several=True)
        written: Any = self.written(fields, scope)
        if not fields:
            return [self.chance.choice([name, {name: None}, {name: {}}])], after
        node: dict[str, Any] = {name: written}
        if name in ("conv", "linear") and self.chance.random() < 0.2:
            node["init"] = {"weight": self.chance.choice(["zeros", {"uniform": {"a": -1, "b": 1}}, {"normal": 0.2}])}
        if ops()[name].several:
            made = ops()[name](**fields).resolve(x).infer(x)
            parts = {self.name("v"): part for part in (made if isinstance(made, tuple) else (made,))}
            scope.values.update(parts)
            return [{**node, "as": list(parts)}], x
        if self.chance.random() < 0.1:
            node["as"] = self.name("v")
            scope.values[node["as"]] = after
        return [node], after

    def given(self, nodes: Nodes) -> Any:
        """A body as the value of a field: one node may stand for itself."""
        if len(nodes) == 1 and self.chance.random() < 0.5:
            return nodes[0]
        return nodes or self.chance.choice(["identity", []])
