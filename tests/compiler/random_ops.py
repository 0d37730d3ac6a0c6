"""Random ops that fit a value, with their fields, for random specs."""

from __future__ import annotations

import random
from typing import Any

from blueprint.language.types import parse_type
from blueprint.language.values import ValueType
from blueprint.ops import Misfit, ops
from blueprint.ops.base import FieldInfo

MAX_ELEMENTS = 1500
MAX_CHANNELS = 30

_APART = {"rearrange", "parameter", "relative_offsets", "relative_position_bias", "scaled_dot_product_attention"}
_SELDOM = {"log", "log1p", "sqrt", "exp", "divide", "flatten", "sign", "identity"}  # most give nothing to compare
_OFTEN = ["conv", "linear", "batch_norm", "layer_norm", "relu", "max_pool", "avg_pool", "dropout", "gelu"]
UNARY = sorted(name for name, op in ops().items() if op.arity == 1 and name not in _APART)
MERGES = sorted(name for name, op in ops().items() if op.arity is None and name not in _APART)
FREE = ["relu", "gelu", "tanh", "silu", "sigmoid", "leaky_relu", "softplus", "abs", "hardswish"]
"""Ops of any kind without a field that must be given, which keep the type."""

_FLOATS = [0.0, 1e-5, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, -0.5]
_OWN: dict[str, list[float]] = {"eps": [1e-5, 1e-3, 0.1], "norm_type": [1.0, 2.0], "k": [1.0, 2.0]}


def op_for(chance: random.Random, x: ValueType, several: bool = False) -> tuple[str, dict[str, Any], ValueType]:
    """The name of an op that fits the value, its fields as Python has them, and the type that it gives.

    several: whether it may be an op that gives several values.
    """
    for _ in range(30):
        name = chance.choice(_OFTEN) if chance.random() < 0.5 else chance.choice(UNARY)
        if (name in _SELDOM and chance.random() < 0.8) or (ops()[name].several and not several):
            continue
        fields = fields_for(chance, name, x)
        given = result(name, fields, x)
        if given is not None:
            return name, fields, given
    return "relu", {}, x


def result(name: str, fields: dict[str, Any], *inputs: ValueType) -> ValueType | None:
    """The type of the first value that the op gives, or None where it does not fit or is too large."""
    try:
        op = ops()[name](**fields).resolve(*inputs)
        made = op.infer(*inputs)
    except Misfit:
        return None
    first = made[0] if isinstance(made, tuple) else made
    if name.endswith("_norm") and name not in ("layer_norm", "rms_norm") and first.elements == first.channels:
        return None  # torch trains on more than one value a channel
    return first if first.elements <= MAX_ELEMENTS and first.channels <= MAX_CHANNELS else None


def divisors(number: int) -> list[int]:
    """All that divide a number."""
    return [n for n in range(1, number + 1) if number % n == 0]


def _setting(chance: random.Random, info: FieldInfo, x: ValueType) -> Any:
    kind = parse_type(info.type)
    if kind.members and (not kind.bases or chance.random() < 0.4):
        return chance.choice(kind.members)
    if kind.element is not None:
        return _parts(chance, x.channels)
    (base,) = kind.bases
    low = int(info.minimum) if info.minimum is not None else 1
    if base == "text":
        return chance.choice(x.names)
    if base == "bool":
        return chance.random() < 0.5
    if base == "size":
        side = lambda: chance.randrange(low, low + 3)  # noqa: E731
        return (side(), side()) if chance.random() < 0.3 else side()
    if base == "int":
        if info.name in ("groups", "num_groups", "num_parameters"):
            return chance.choice(divisors(x.channels))
        return chance.randrange(low, low + (8 if info.name.startswith("out") else 4))
    high = info.maximum if info.maximum is not None else 3
    least = info.minimum if info.minimum is not None else -1
    return chance.choice([f for f in _OWN.get(info.name, _FLOATS) if least <= f <= high])


def _parts(chance: random.Random, whole: int) -> tuple[int, ...]:
    parts: list[int] = []
    while sum(parts) < whole:
        parts.append(chance.randrange(1, whole - sum(parts) + 1))
    return tuple(parts)


def bridge(chance: random.Random, x: ValueType, wanted: ValueType) -> list[Any]:
    """Nodes that make a value of the wanted type, batched and a map, tokens or a vector, of any value."""
    nodes: list[Any] = []
    if x.kind == "axes":
        names = [chr(ord("a") + i) for i in range(len(x.axes))]
        right = names if len(names) < 4 else [*names[:2], f"({' '.join(names[2:])})"]
        nodes.append({"rearrange": f"{' '.join(names)} -> {' '.join(right)}"})
        sizes = [*x.shape[:2], x.elements // (x.shape[0] * x.shape[1])] if len(names) > 3 else x.shape
        kinds = {1: ("channels",), 2: ("tokens", "channels"), 3: ("channels", "height", "width")}
        x = ValueType(tuple(zip(kinds[len(sizes)], sizes, strict=True)), x.batched)
    if x.axes == wanted.axes:
        return nodes
    if wanted.kind == "vector":
        nodes += ["global_avg_pool"] if x.kind != "vector" else []
    elif x.kind == "tokens" and (wanted.kind == "map" or x.shape[0] != wanted.shape[0]):
        nodes.append({"to_map": {"width": 1}})
    elif x.kind == "vector":
        nodes.append({"rearrange": "c -> c 1 1"})
    if wanted.kind == "map" and (x.kind != "map" or x.shape[1:] != wanted.shape[1:]):
        nodes.append({"adaptive_avg_pool": list(wanted.shape[1:])})
    if wanted.kind == "tokens" and not (x.kind == "tokens" and x.shape[0] == wanted.shape[0]):
        nodes += [{"adaptive_avg_pool": [wanted.shape[0], 1]}, "to_tokens"]
    if x.channels != wanted.channels:
        conv = {"conv": {"out_channels": wanted.channels, "kernel_size": 1}}
        nodes.append(conv if wanted.kind == "map" and chance.random() < 0.5 else {"linear": wanted.channels})
    return nodes


def pattern_for(chance: random.Random, x: ValueType) -> tuple[str, dict[str, int]]:
    """A pattern over the axes of the value, with the sizes that it needs."""
    if x.kind == "vector":
        d = chance.choice(divisors(x.channels))
        forms = [("c -> c 1 1", {}), ("c -> 1 c", {}), ("(a d) -> a d", {"d": d}), ("(a d) -> (d a)", {"d": d})]
        return chance.choice(forms)
    if x.kind == "tokens":
        h, g = (chance.choice(divisors(size)) for size in x.shape)
        forms = [("l c -> c l", {}), ("l c -> (l c)", {}), ("l c -> c 1 l", {}), ("(h w) c -> c h w", {"h": h})]
        return chance.choice([*forms, ("l (g c) -> l (c g)", {"g": g})])
    if x.kind == "map":
        g, i, j = (chance.choice(divisors(size)) for size in x.shape)
        forms = [("c h w -> h c w", {}), ("c h w -> (h w) c", {}), ("c h w -> c h 1 w", {})]
        forms += [("(g c) h w -> (c g) h w", {"g": g}), ("c (i h) w -> c h w i", {"i": i})]
        return chance.choice([*forms, ("c (h i) (w j) -> (j i c) h w", {"i": i, "j": j})])
    names = "abcdefgh"[: len(x.axes)]
    return f"{' '.join(names)} -> {' '.join(chance.sample(names, len(names)))}", {}


def fields_for(chance: random.Random, name: str, x: ValueType) -> dict[str, Any]:
    """Some of the op's fields, and all that must be given."""
    fields: dict[str, Any] = {}
    for info in ops()[name].fields():
        if info.required or chance.random() < 0.35:
            fields[info.name] = _setting(chance, info, x)
    return fields
