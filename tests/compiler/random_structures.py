"""Writes random structures: nodes that hold bodies, and those that join values with names."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from blueprint.language.values import ValueType
from tests.compiler.random_bodies import BodyWriter, Nodes, Scope
from tests.compiler.random_ops import FREE, MERGES, bridge, divisors, fields_for, op_for, pattern_for, result


class StructureWriter(BodyWriter):
    """Writes every structure of the language; each method gives nodes and the type that leaves them."""

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
