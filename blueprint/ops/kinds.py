"""Which kinds and sizes of value an op takes, and what to insert where another one comes."""

from __future__ import annotations

from blueprint.diagnostics.nearest import nearest
from blueprint.language.values import ValueType
from blueprint.ops.base import Misfit

_WORDS = {"map": "a map", "tokens": "tokens", "vector": "a vector", "axes": "named axes"}

_BRIDGES = {
    ("map", "tokens"): "insert `to_tokens` before it",
    ("map", "vector"): "insert `global_avg_pool` or `flatten` before it",
    ("tokens", "map"): "insert `to_map` before it",
    ("tokens", "vector"): "insert `global_avg_pool` or `flatten` before it",
    ("vector", "map"): "move it before the pooling that made the vector, or insert `rearrange: c -> c 1 1`",
    ("vector", "tokens"): "move it before the pooling that made the vector, or insert `rearrange: c -> c 1`",
    ("axes", "map"): "insert a `rearrange` to three axes before it",
    ("axes", "tokens"): "insert a `rearrange` to two axes before it",
    ("axes", "vector"): "insert a `rearrange` to one axis before it",
}


def expect_kind(op: str, x: ValueType, *kinds: str, index: int = 0) -> None:
    """Raise Misfit `wrong-kind` unless input `index` is of one of these kinds."""
    if x.kind in kinds:
        return
    wanted = " or ".join(_WORDS[kind] for kind in kinds)
    raise Misfit(
        "wrong-kind",
        f"`{op}` takes {wanted}, not {_WORDS[x.kind]}",
        label=f"{x} enters",
        help=_BRIDGES[x.kind, kinds[0]],
        inputs=(index,),
    )


def expect_axis(op: str, x: ValueType, axis: str, index: int = 0) -> int:
    """The size of the axis; raises Misfit `wrong-kind` where the input has no such axis."""
    size = x.size(axis)
    if size is None:
        raise Misfit(
            "wrong-kind",
            f"`{op}` acts on the axis `{axis}`, which {_WORDS[x.kind]} here {_HAS[x.kind]} not have",
            label=f"{x} enters",
            help=axes_help(x, axis),
            inputs=(index,),
        )
    return size


def axes_help(x: ValueType, axis: str) -> str:
    """The help where a value has no axis of that name: the one that was meant, or all."""
    meant = nearest(axis, x.names)
    return f"did you mean `{meant}`?" if meant else "its axes are " + ", ".join(f"`{name}`" for name in x.names)


def expect_divisible(x: ValueType, axis: str, number: int, words: str, field: str) -> None:
    """Raise Misfit `not-divisible` unless `number`, in `words` for the message, divides the axis; `field` gives it."""
    size = x.size(axis)
    assert size is not None, f"expect_divisible: {x} has no {axis}"
    if size % number:
        near = [multiple for multiple in (size - size % number, size - size % number + number) if multiple]
        raise Misfit(
            "not-divisible",
            f"the {axis} (={size}) must be divisible by {words}",
            label=f"{x} enters",
            help=f"{' or '.join(map(str, near))} would do",
            field=field,
            inputs=(0,),
        )


_HAS = {"map": "does", "tokens": "do", "vector": "does", "axes": "do"}
