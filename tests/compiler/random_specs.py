"""Random specs without a fault: documents as plain data, drawn with any `random.Random`."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from tests.compiler.random_bodies import Nodes, Scope
from tests.compiler.random_ops import FREE
from tests.compiler.random_structures import StructureWriter

MAX_DEPTH = 3


@dataclass
class Spec:
    """A document, what it gives at its default arguments, and those arguments that only switch parts on."""

    document: dict[str, Any]
    outputs: dict[str, ValueType]
    switches: list[str]


def random_spec(chance: random.Random, switching: bool = False) -> Spec:
    """A spec of a few nodes up to some dozens, small enough to run in milliseconds.

    switching: whether it shall have arguments that switch parts on.
    """
    return Author(chance, switching).spec()


class Dumper(yaml.SafeDumper):
    """Writes what occurs twice twice: the language has no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def dumped(document: dict[str, Any]) -> str:
    """The document as YAML."""
    return yaml.dump(document, Dumper=Dumper, sort_keys=False, default_flow_style=None, width=100)


class Author(StructureWriter):
    """Writes one spec."""

    def spec(self) -> Spec:
        """The whole spec."""
        inputs = {"x": self.input_type()}
        if self.chance.random() < 0.2:
            inputs = {"left": inputs["x"], "right": self.chance.choice([inputs["x"], self.input_type()])}
        first = next(iter(inputs.values()))
        scope = Scope(first, values=dict(inputs) if len(inputs) > 1 else {})
        for _ in range(self.chance.randrange(3)):
            number, name = self.chance.randrange(1, 9), self.name("n")
            forms: list[Any] = [number, f"int = {number}", {"type": "int", "default": number, "min": 1}]
            self.arguments[name] = self.chance.choice(forms)
            scope.numbers[name] = number
        for _ in range(2 if self.switching else self.chance.randrange(3)):
            name = self.name("on")
            self.arguments[name] = self.chance.choice([True, "bool = true", {"default": True, "help": "a switch"}])
            self.switches.append(name)
        nodes, last = self.body(first, scope, 0)
        outputs = {"output": last}
        document: dict[str, Any] = {"blueprint": 1, "kind": "model", "name": self.chance.choice(["random", "a-b.c_1"])}
        document["input"] = {name: list(kind.shape) for name, kind in inputs.items()}
        if len(inputs) == 1:
            document["input"] = list(first.shape)
        if self.chance.random() < 0.3:
            document["defaults"] = {"conv": {"bias": False}, "dropout": {"p": 0.25}, "residual": {"scale": 0.5}}
        if self.chance.random() < 0.3:
            weight = {"kaiming_normal": {"mode": "fan_out"}}
            document["init"] = {"conv": {"weight": weight}, "linear": {"weight": {"normal": 0.1}}}
        document |= {"args": self.arguments} if self.arguments else {}
        document |= {"blocks": self.blocks} if self.blocks else {}
        document["body"] = nodes
        if self.chance.random() < 0.4:
            outputs = self.outputs(document, nodes, last, scope)
        return Spec(document, outputs, self.switches)

    def input_type(self) -> ValueType:
        """A small map, mostly; else tokens or a vector."""
        channels, side = self.chance.choice([1, 2, 3, 4, 6, 8]), lambda: self.chance.randrange(4, 9)
        kind = self.chance.random()
        if kind < 0.7:
            return map_of(channels, side(), side())
        return tokens_of(side(), channels) if kind < 0.9 else vector_of(channels + 2)

    def outputs(self, document: dict[str, Any], nodes: Nodes, last: ValueType, scope: Scope) -> dict[str, ValueType]:
        """Write named outputs: the last value and some of those with a name."""
        given: dict[str, Any] = {"main": self.mark(nodes, last, scope)}
        kinds = {"main": last}
        for place, (name, kind) in enumerate(list(scope.values.items())[:3]):
            if kind.batched:
                forms: list[Any] = [name, [name], {"from": name}, {"from": name, "training_only": True}]
                given[f"out{place}"] = self.chance.choice(forms)
                kinds[f"out{place}"] = kind
        document["outputs"] = given
        return kinds

    def node(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """One thing to write, mostly one node, and the type that leaves it."""
        plain = [self.op] * 6
        if depth >= MAX_DEPTH:
            return self.chance.choice([*plain, self.learned, self.merged, self.tied])(x, scope, depth)
        kinds = [self.residual, self.gate, self.branches, self.attention, self.rearranged, self.learned, self.rounds]
        kinds += [self.grown, self.choice, self.side, self.named, self.tied, self.merged, self.call, self.call]
        return self.chance.choice([*plain, *kinds])(x, scope, depth)

    # Blocks.

    def call(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """A call of a block, a new one or one that took such a value before."""
        known = [call for call in self.calls if call[3] == x]
        if known and self.chance.random() < 0.6:
            name, numbers, others, _, after = self.chance.choice(known)
            return [self.called(name, numbers, others, x, after, scope)], after
        name = self.name("unit")
        numbers = {self.name("n"): self.chance.randrange(1, 9) for _ in range(self.chance.randrange(3))}
        arguments: dict[str, Any] = {}
        for argument, number in numbers.items():
            arguments[argument] = self.chance.choice(["int", number, f"int = {number}"])
        act, others = self.name("f"), {}
        inner = Scope(x, {**scope_arguments(scope, self.arguments), **numbers})
        self.blocks[name] = block = {"args": arguments, "body": []}
        body, after = self.body(x, inner, depth + 1)
        if self.chance.random() < 0.5:
            arguments[act] = f"body = {self.chance.choice(FREE)}"
            body.append(self.chance.choice([act, {act: None}]))
            others[act] = self.chance.choice(["tanh", {"leaky_relu": 0.1}, ["relu", {"scale": 2}], []])
        if after.kind == "map" and self.chance.random() < 0.4:
            core, channels = self.name("core"), self.chance.randrange(1, 9)
            self.blocks.setdefault("pointwise", POINTWISE)
            arguments[core] = "body(out_channels) = pointwise"
            body.append({core: self.chance.choice([channels, {"out_channels": channels}]) if core else None})
            body[-1] = {core: {"out_channels": self.number(channels, inner)}}
            conv = {"conv": {"out_channels": None, "kernel_size": 3}}
            others[core] = self.chance.choice(["pointwise", conv, [conv, "relu"], {"linear": "out_channels"}])
            after = after.replace(channels=channels)
        block["body"] = self.given(body) if body else []
        if self.chance.random() < 0.3:
            block["init"] = {"conv": {"weight": "zeros"}}
        self.calls.append((name, numbers, others, x, after))
        return [self.called(name, numbers, others, x, after, scope)], after

    def called(
        self, name: str, numbers: dict[str, int], others: dict[str, Any], x: ValueType, after: ValueType, scope: Scope
    ) -> Any:
        """A node that calls the block; what has a default may be left out."""
        arguments: dict[str, Any] = {}
        for argument, number in numbers.items():
            if self.blocks[name]["args"][argument] == "int" or self.chance.random() < 0.5:
                arguments[argument] = self.number(number, scope)
        for argument, value in others.items():
            if self.chance.random() < 0.6:
                arguments[argument] = deepcopy(value)
        node: dict[str, Any] = {name: arguments or None}
        if self.chance.random() < 0.2:
            node["as"] = self.name("v")
            scope.values[node["as"]] = after
        elif self.chance.random() < 0.2:
            node["share"] = self.name("tied")
        return node if arguments or len(node) > 1 else self.chance.choice([node, name])


POINTWISE = {"args": {"out_channels": "int"}, "body": [{"conv": {"out_channels": None, "kernel_size": 1}}, "relu"]}


def scope_arguments(scope: Scope, arguments: dict[str, Any]) -> dict[str, int]:
    """The model's own numbers, which its blocks see."""
    return {name: value for name, value in scope.numbers.items() if name in arguments}
