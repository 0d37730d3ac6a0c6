"""Random specs without a fault: documents as plain data, drawn with any `random.Random`."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from blueprint.language.values import ValueType, map_of, tokens_of, vector_of
from blueprint.ops import ops
from tests.compiler.random_ops import FREE, MERGES, bridge, divisors, fields_for, op_for, pattern_for, result

Nodes = list[Any]

MAX_DEPTH = 3


@dataclass
class Scope:
    """The names in reach at a place, and the value that enters its body."""

    x: ValueType
    numbers: dict[str, int] = field(default_factory=dict)
    values: dict[str, ValueType] = field(default_factory=dict)

    def inner(self, x: ValueType) -> Scope:
        """The scope of a body that `x` enters."""
        return Scope(x, dict(self.numbers), dict(self.values))


@dataclass
class Spec:
    """A document, what it gives at its default arguments, and those arguments that only switch parts on."""

    document: dict[str, Any]
    outputs: dict[str, ValueType]
    switches: list[str]


def random_spec(chance: random.Random) -> Spec:
    """A spec of a few nodes up to some dozens, small enough to run in milliseconds."""
    return Author(chance).spec()


class Author:
    """Writes one spec. `room` is how many nodes may still be written."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.arguments: dict[str, Any] = {}
        self.switches: list[str] = []
        self.blocks: dict[str, Any] = {}
        self.calls: list[tuple[str, dict[str, int], dict[str, Any], ValueType, ValueType]] = []
        self.room = chance.choice([2, 4, 8, 14])
        self.count = 0

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
        for _ in range(self.chance.randrange(3)):
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
        if self.chance.random() > 0.3 or (isinstance(node, dict) and {"let", "side", "when", "share"} & set(node)):
            return node
        node = {node: None} if isinstance(node, str) else node
        return {**node, "when": self.chance.choice([*self.switches, True, "1 < 2"])}

    def node(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """One thing to write, mostly one node, and the type that leaves it."""
        plain = [self.op] * 6
        if depth >= MAX_DEPTH:
            return self.chance.choice([*plain, self.learned, self.merged, self.tied])(x, scope, depth)
        kinds = [self.residual, self.gate, self.branches, self.attention, self.rearranged, self.learned, self.rounds]
        kinds += [self.grown, self.choice, self.side, self.named, self.tied, self.merged, self.call, self.call]
        return self.chance.choice([*plain, *kinds])(x, scope, depth)

    def op(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        name, fields, after = op_for(self.chance, x)
        written: Any = self.written(fields, scope)
        if not fields:
            return [self.chance.choice([name, {name: None}, {name: {}}])], after
        node: dict[str, Any] = {name: written}
        if name in ("conv", "linear") and self.chance.random() < 0.2:
            node["init"] = {"weight": self.chance.choice(["zeros", {"uniform": {"a": -1, "b": 1}}, {"normal": 0.2}])}
        if ops()[name].several:
            return [{**node, "as": self.name("parts")}], x
        if self.chance.random() < 0.1:
            node["as"] = self.name("v")
            scope.values[node["as"]] = after
        return [node], after

    # Structures.

    def residual(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        form = self.chance.randrange(3)
        if form == 0:
            return [{"residual": self.to(x, x, scope, depth)}], x
        fields: dict[str, Any] = {"body": self.to(x, x, scope, depth)}
        after = x
        if form == 1 and x.batched and x.kind != "axes":
            fields["body"], after = self.body(x, scope.inner(x), depth + 1)
            if after.kind == "axes":
                fields["body"] += bridge(self.chance, after, x)
                after = x
            fields["shortcut"] = self.given(self.to(x, after, scope, depth))
        if self.chance.random() < 0.3:
            fields["scale"] = self.chance.choice([0.5, -1, "1 / 4"])
        if self.chance.random() < 0.3:
            fields["drop_path"] = self.chance.choice([0.0, 0.5, "0.1 * 2"])
        if after == x and self.chance.random() < 0.3:
            fields["skip"] = self.chance.choice([*self.switches, True, False])
        return [{"residual": fields}], after

    def given(self, nodes: Nodes) -> Any:
        """A body as the value of a field: one node may stand for itself."""
        if len(nodes) == 1 and self.chance.random() < 0.5:
            return nodes[0]
        return nodes or self.chance.choice(["identity", []])

    def gate(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        if x.kind in ("map", "tokens") and self.chance.random() < 0.5:
            body: Nodes = ["global_avg_pool", {"linear": self.number(x.channels, scope.inner(x))}]
        else:
            body = self.to(x, x, scope, depth)
        if self.chance.random() < 0.5:
            return [{"gate": body}], x
        return [{"gate": {"body": body, "activation": self.chance.choice(["tanh", "relu", "sigmoid"])}}], x

    def branches(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        if x.kind == "axes":
            return self.op(x, scope, depth)
        names = self.chance.sample(["near", "far", "left", "right"], self.chance.choice([2, 2, 3]))
        fields: dict[str, Any] = {"merge": self.chance.choice(["concat", "add", "multiply", "mean", "max"])}
        parts = dict.fromkeys(names, x)
        if x.channels % len(names) == 0 and self.chance.random() < 0.4:
            equal = x.channels // len(names)
            forms: list[Any] = [self.number(len(names), scope), {**dict.fromkeys(names, equal), names[0]: "rest"}]
            fields["split"] = self.chance.choice(forms)
            parts = dict.fromkeys(names, x.replace(channels=equal))
        concat = fields["merge"] == "concat"
        paths, channels = {}, 0
        for name, part in parts.items():
            wanted = x.replace(channels=self.chance.randrange(1, 5)) if concat else x
            body: Any = self.to(part, wanted, scope, depth)
            if not concat and name != names[0] and self.switches and self.chance.random() < 0.4:
                body = {"when": self.chance.choice(self.switches), "body": body}
            paths[name] = body if isinstance(body, dict) else self.given(body)
            channels += wanted.channels
        return [{"branches": {**fields, "paths": paths}}], x.replace(channels=channels) if concat else x

    def attention(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        if x.kind not in ("map", "tokens"):
            return self.op(x, scope, depth)
        heads = self.chance.choice(divisors(x.channels))
        fields: dict[str, Any] = {"num_heads": self.number(heads, scope)}
        whole, inside = True, x
        if x.kind == "map" and self.chance.random() < 0.4:
            sides = [min(side, self.chance.randrange(1, 4)) for side in x.shape[1:]]
            fields[self.chance.choice(["window", "grid"])] = sides
            whole = False
            height, width = (-(-length // side) * side for length, side in zip(x.shape[1:], sides, strict=True))
            inside = x.replace(height=height, width=width)
            if "window" in fields and self.chance.random() < 0.4:
                fields["shift"] = [side // 2 for side in sides]
        for role in ("query", "key", "value"):
            if self.chance.random() < 0.2:
                fields[role] = self.given(self.to(inside, inside, scope, depth))
        if whole and self.chance.random() < 0.3:
            pool = {"max_pool": 2} if x.kind == "map" and min(x.shape[1:]) > 1 else "relu"
            fields["key"], fields["value"] = [pool], [pool, {"linear": self.number(2 * heads, scope.inner(x))}]
        elif self.chance.random() < 0.3:
            fields["position_bias"] = "relative"
        fields |= {"dropout": 0.2} if self.chance.random() < 0.3 else {}
        fields |= {"scale": 0.3} if self.chance.random() < 0.3 else {}
        fields |= {"qkv_bias": self.condition(False, scope)} if self.chance.random() < 0.3 else {}
        return [{"attention": fields}], x

    def rearranged(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        pattern, sizes = pattern_for(self.chance, x)
        inside = result("rearrange", {"pattern": pattern, "sizes": tuple(sizes.items())}, x)
        if inside is None:
            return self.op(x, scope, depth)
        fields = {"pattern": pattern, **{name: self.number(size, scope) for name, size in sizes.items()}}
        if self.chance.random() < 0.5 or "axes" in (x.kind, inside.kind):
            return [{"rearrange": fields if sizes else pattern}], inside
        return [{"rearrange": {**fields, "body": self.to(inside, inside, scope, depth)}}], x

    def learned(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        if not x.batched or x.kind == "axes":
            return self.op(x, scope, depth)
        nodes: Nodes = []
        before, name = self.mark(nodes, x, scope), self.name("p")
        axes = self.chance.choice([x.axes, (("channels", x.channels),)])
        kind = ValueType(axes, batched=False)
        in_side = self.chance.random() < 0.4
        aside = scope.inner(x) if in_side else scope
        node: dict[str, Any] = {"parameter": {"shape": {n: self.number(s, aside) for n, s in axes}}, "as": name}
        if self.chance.random() < 0.5:
            node["parameter"]["init"] = self.chance.choice(["ones", {"trunc_normal": {"std": 0.1}}])
        if in_side:
            inside, fields, after = op_for(self.chance, kind)
            last = [{inside: self.written(fields, aside)}] if after == kind else []
            node = {"side": [{"parameter": node["parameter"]}, *last], "as": name}
        return [*nodes, node, {self.chance.choice(["add", "multiply"]): [name, before]}], x

    def rounds(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """A loop whose rounds end with what they began with."""
        if x.kind == "axes" or not x.batched:
            return self.op(x, scope, depth)
        count, inner = self.chance.randrange(3), scope.inner(x)
        body, last = self.body(x, inner, depth + 1)
        body += bridge(self.chance, last, x)
        form = self.chance.randrange(3)
        node: dict[str, Any] = {"repeat": self.number(count, scope) if count else 0, "do": body}
        after = [] if form else None
        if form == 1:
            index = self.name("i")
            body.insert(0, {"scale": f"1 + 0.5 * {index}"})
            body.insert(0, {"if": f"{index} > 0", "then": [{"linear": None}]})
            node = {"for": {index: self.chance.choice([count, list(range(count))])}, "do": body}
        elif form == 2:
            kernel, act, kept, all = (self.name(stem) for stem in ("k", "f", "v", "all"))
            table = {"columns": [kernel, act], "rows": [[1, "relu"], [3, {"leaky_relu": 0.2}]]}
            size = {"conv": {"kernel_size": kernel}} if x.kind == "map" else {"scale": kernel}
            body += [size, act, {"identity": None, "as": kept}]
            node = {"for": table, "do": body, "collect": {all: kept}}
            after = [{"average": [f"first({all})", f"{all}[-1]"]}, {"maximum": f"reversed({all})"}]
        if self.chance.random() < 0.5:
            node["as"] = self.name("loop")
        return [node, *(after or [])], x

    def grown(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """A loop over channels, of nodes that take any."""
        if x.kind not in ("map", "tokens"):
            return self.op(x, scope, depth)
        dims = [self.chance.randrange(1, 9) for _ in range(self.chance.randrange(1, 4))]
        dim, index, kept, all = (self.name(stem) for stem in ("dim", "i", "v", "all"))
        body: Nodes = [{"linear": self.chance.choice([dim, f"{index} + {dim} - {index}", {"out_features": dim}])}]
        anything: Nodes = ["layer_norm", "relu", "dropout", {"residual": ["batch_norm", "linear", "gelu"]}]
        anything += [{"gate": ["global_avg_pool", {"linear": "x.channels"}]}, {"attention": 1}, {"mlp": f"2 * {dim}"}]
        anything += [{"repeat": index, "do": ["linear", "tanh"]}, {"layer_scale": 0.1}]
        if x.kind == "map":
            anything += ["batch_norm", {"conv": {"kernel_size": 3, "groups": "in_channels"}}, {"squeeze_excite": dim}]
        body += deepcopy(self.chance.sample(anything, self.chance.randrange(4)))
        node: dict[str, Any] = {"for": {dim: dims, index: len(dims)}, "do": body}
        if self.chance.random() < 0.5:
            node["as"] = self.name("loop")
        if self.chance.random() < 0.6:
            return [node], x.replace(channels=dims[-1])
        body.append({"identity": None, "as": kept})
        node["collect"] = {all: kept}
        if self.chance.random() < 0.5:
            return [node, {"concat": all}], x.replace(channels=sum(dims))
        before, last = self.name("v"), dims[-1]
        anywhere = Scope(ValueType(()), scope.numbers)
        back = [{"identity": None, "as": before}, {"concat": [before, dim]}, {"linear": self.number(last, anywhere)}]
        return [node, {"for": {dim: f"reversed({all})"}, "do": back}], x.replace(channels=last)

    def choice(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        truth = self.chance.random() < 0.5
        then, first = self.body(x, scope.inner(x), depth + 1)
        node = {"if": self.condition(truth, scope), "then": then}
        second = x
        if self.chance.random() < 0.6:
            node["else"], second = self.body(x, scope.inner(x), depth + 1)
        return [node], first if truth else second

    def side(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        body, after = self.body(x, scope.inner(x), depth + 1)
        name = self.name("v")
        scope.values[name] = after
        return [{"side": self.given(body) if body else ["relu"], "as": name}], x

    def named(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """A name for a number, or an op from a value with a name."""
        if scope.values and self.chance.random() < 0.6:
            name = self.chance.choice(list(scope.values))
            op, fields, after = op_for(self.chance, scope.values[name])
            if after.batched:
                return [{op: self.written(fields, scope), "from": name}], after
        name, number = self.name("n"), self.chance.randrange(1, 9)
        node = {"let": {name: self.number(number, scope)}}
        scope.numbers[name] = number
        return [node], x

    def tied(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """Two nodes with one set of weights."""
        label = self.name("tied")
        fields = fields_for(self.chance, "linear", x)
        if result("linear", fields, x) != x:
            return self.op(x, scope, depth)
        node = {"linear": self.written(fields, scope), "share": label}
        return [node, self.chance.choice(FREE), deepcopy(node)], x

    def merged(self, x: ValueType, scope: Scope, depth: int) -> tuple[Nodes, ValueType]:
        """The value and others with a name, as one."""
        nodes: Nodes = []
        op = self.chance.choice(MERGES)
        fields = fields_for(self.chance, op, x)
        partners = [n for n, kind in scope.values.items() if result(op, fields, x, kind) is not None]
        other = self.chance.choice([*partners, ""])
        after = result(op, fields, x, scope.values.get(other, x))
        if after is None:
            return self.op(x, scope, depth)
        name = self.mark(nodes, x, scope)
        names = [name, other or name]
        written: Any = {"inputs": names, **self.written(fields, scope)} if fields else names
        return [*nodes, {op: written}], after

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
