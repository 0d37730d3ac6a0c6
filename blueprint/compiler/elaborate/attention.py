"""What the structure `attention` means: queries, keys and values made of the input, their attention, its projection."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from blueprint.compiler.elaborate.emitting import primitive
from blueprint.compiler.elaborate.run import At, Elaborator
from blueprint.compiler.elaborate.values import Poisoned, Value
from blueprint.compiler.syntax import NodeSyntax
from blueprint.language.types import BodyLike, Type
from blueprint.language.values import ValueType

BODY = Type(parameters=())
ROLES = ("query", "key", "value")

Sides = tuple[int, int]


class _Cut(NamedTuple):
    """How a map is cut: the fields `window`, `grid` and `shift`, each as height and width, (0, 0) for none."""

    window: Sides
    grid: Sides
    shift: Sides

    @property
    def together(self) -> Sides:
        """The height and width of what attends together; (0, 0) for the whole value."""
        return self.window if any(self.window) else self.grid


def attention(run: Elaborator, node: NodeSyntax, at: At, label: str | None) -> Value:
    """Queries, keys and values made of the input, their attention, and its projection."""
    entering = at.current.type
    if entering is None:
        raise Poisoned
    if entering.kind not in ("map", "tokens"):
        run.report(
            "wrong-kind",
            "`attention` takes a map or tokens",
            node.span,
            at,
            label=f"a {entering} enters",
            help="attend before the pooling, or `rearrange` the value into tokens",
        )
        raise Poisoned
    heads = run.field(node, "num_heads", None, at, "int")
    scale = run.field(node, "scale", None, at, "float")
    dropout = run.field(node, "dropout", 0.0, at, "float")
    cut = _Cut(*(_sides(run, node, field, at) for field in ("window", "grid", "shift")))
    x = _padded(run, node, at, entering, cut)
    inputs = _projected(run, node, at._replace(x=x, current=x) if x is not at.current else at)
    inputs += _bias(run, node, at, inputs, heads, cut)
    fields = {"num_heads": heads, "scale": "none" if scale is None else scale, "dropout": dropout, **cut._asdict()}
    op = primitive("scaled_dot_product_attention", **fields)
    result = run.emit(op, tuple(inputs), at, "scores", node.span, node)[0]
    if x is not at.current:
        result = run.emit(primitive("crop_like", align="start"), (result, at.current), at, "crop", node.span)[0]
    if "out" in node.fields:
        body = run.value(node.fields["out"], BODY, at, "out")
        return run.role(body, node, "out", at._replace(x=result, current=result))
    return run.emit(primitive("linear", out_features=entering.channels), (result,), at, "out", node.span)[0]


def _sides(run: Elaborator, node: NodeSyntax, field: str, at: At) -> Sides:
    value = run.field(node, field, (0, 0), at, "size")
    assert isinstance(value, tuple), f"elaborate: `{field}` is no size"
    return (value[0], value[1])


def _padded(run: Elaborator, node: NodeSyntax, at: At, entering: ValueType, cut: _Cut) -> Value:
    """The input, filled up with zeros at the bottom and on the right so that windows or grid divide it."""
    sides = cut.together
    if entering.kind != "map" or not all(sides):
        return at.current
    if all(length % side == 0 for length, side in zip(entering.shape[1:], sides, strict=True)):
        return at.current
    return run.emit(primitive("pad", multiple=sides), (at.current,), at, "pad", node.span)[0]


def _projected(run: Elaborator, node: NodeSyntax, at: At) -> list[Value]:
    """Queries, keys and values: each by its own body, else by a linear, or by one for all three."""
    x = at.current
    if x.type is None:
        raise Poisoned
    width, bias = x.type.channels, run.field(node, "qkv_bias", True, at, "bool")
    if not any(role in node.fields for role in ROLES):
        fused = run.emit(primitive("linear", out_features=3 * width, bias=bias), (x,), at, "qkv", node.span)
        parts = run.emit(primitive("split", sizes=(width,) * 3), fused, at, "qkv_split", node.span)
        if len(parts) != 3:
            raise Poisoned
        return list(parts)
    inputs = []
    for role in ROLES:
        if role in node.fields:
            body = run.value(node.fields[role], BODY, at, role)
            inputs.append(run.role(body, node, role, at))
        else:
            linear = primitive("linear", out_features=width, bias=bias)
            inputs.append(run.emit(linear, (x,), at, role, node.span)[0])
    return inputs


def _bias(run: Elaborator, node: NodeSyntax, at: At, inputs: list[Value], heads: object, cut: _Cut) -> list[Value]:
    """The bias on the scores, from a value per offset: nothing, or a list of one value."""
    if "position_bias" not in node.fields:
        return []
    given = run.value(node.fields["position_bias"], Type(members=("relative",), parameters=()), at, "position_bias")
    places = inputs[0].type
    if places is None:
        raise Poisoned
    sides = cut.together
    if not all(sides):
        sides = (places.shape[1], places.shape[2]) if places.kind == "map" else (1, places.shape[0])
        run.fixed_size = True
    name = node.places["position_bias"]
    if isinstance(given, BodyLike):
        offsets = run.emit(primitive("relative_offsets", window=sides), (), at, "offsets", node.span)[0]
        table = run.role(given, node, "position_bias", at._replace(x=offsets, current=offsets))
    else:
        shape = (("tokens", prod(2 * side - 1 for side in sides)), ("channels", heads))
        table = run.emit(primitive("parameter", shape=shape), (), at, name, node.spans["position_bias"])[0]
    spread = primitive("relative_position_bias", window=sides)
    return [run.emit(spread, (table,), at, "bias", node.spans["position_bias"], node)[0]]
