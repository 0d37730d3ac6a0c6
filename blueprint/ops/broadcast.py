"""How the shapes of several values come together: by the axes' names, then by size 1."""

from __future__ import annotations

from blueprint.language.values import ValueType
from blueprint.ops.base import Misfit
from blueprint.ops.kinds import axes_help


def broadcast(op: str, inputs: tuple[ValueType, ...]) -> ValueType:
    """The type of an elementwise op's output: the axes of the widest input, the larger of sizes that are equal or 1.

    A value with fewer axes is repeated along those it does not have, found by name: a vector
    fits a map or tokens by its channels. Raises Misfit `shape-mismatch` for anything else.
    """
    assert inputs, f"{op}: no inputs"
    widest = max(range(len(inputs)), key=lambda i: len(inputs[i].axes))
    whole = inputs[widest]
    sizes = dict(whole.axes)
    owner = dict.fromkeys(whole.names, widest)
    for index, value in enumerate(inputs):
        places = [whole.names.index(name) for name in value.names if name in sizes]
        if len(places) < len(value.names):
            missing = next(name for name in value.names if name not in sizes)
            kinds = {value.kind, whole.kind}
            bridge = "; bring both to one kind with `to_tokens` or `to_map`" if kinds == {"map", "tokens"} else ""
            raise _unequal(op, inputs, (index, widest), f"{whole} has no axis `{missing}`{bridge}")
        if places != sorted(places):
            raise _unequal(op, inputs, (index, widest), "their axes are in another order")
        for name, size in value.axes:
            if sizes[name] != size and 1 not in (sizes[name], size):
                raise _unequal(
                    op,
                    inputs,
                    (owner[name], index),
                    f"`{name}` is {sizes[name]} in one and {size} in the other; sizes are equal or 1",
                )
            if sizes[name] == 1 and size != 1:
                sizes[name], owner[name] = size, index
    return ValueType(tuple(sizes.items()), any(value.batched for value in inputs))


def joined(op: str, inputs: tuple[ValueType, ...], axis: str) -> ValueType:
    """The type of the inputs laid behind each other along `axis`; their other sizes must be equal."""
    assert inputs, f"{op}: no inputs"
    first = inputs[0]
    total = 0
    for index, value in enumerate(inputs):
        if value.names != first.names:
            raise _unequal(op, inputs, (0, index), "they are of different kinds", f" but for `{axis}`")
        size = value.size(axis)
        if size is None:
            raise Misfit(
                "wrong-kind",
                f"`{op}` joins along the axis `{axis}`, which {value} does not have",
                label=f"{value} enters",
                help=axes_help(value, axis),
                field="axis",
                inputs=(index,),
            )
        total += size
        for name, other in value.axes:
            if name != axis and other != first.size(name):
                cause = f"`{name}` is {first.size(name)} in one and {other} in the other"
                raise _unequal(op, inputs, (0, index), cause, f" but for `{axis}`")
    batched = any(value.batched for value in inputs)
    return ValueType(first.replace(**{axis: total}).axes, batched)


def _unequal(op: str, inputs: tuple[ValueType, ...], at: tuple[int, int], cause: str, but: str = "") -> Misfit:
    """The fault that two inputs' shapes do not fit."""
    first, second = sorted(at)
    return Misfit(
        "shape-mismatch",
        f"`{op}` needs equal shapes{but}",
        label=f"{inputs[first]} and {inputs[second]}",
        help=cause,
        inputs=(first, second),
    )
