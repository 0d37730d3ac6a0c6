"""The core of attention: queries, keys and values already projected."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.kinds import expect_kind

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class ScaledDotProductAttention(Op):
    """softmax(scale * query @ key.T) @ value for each head, over all places of the map or tokens.

    Takes a query, a key and a value, each a map or tokens; gives the query's axes with the value's
    channels. The channels are cut into `num_heads` equal parts. `dropout` falls on the softmax's output in training.
    Vaswani et al. 2017, https://arxiv.org/abs/1706.03762;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """

    name: ClassVar[str] = "scaled_dot_product_attention"
    main: ClassVar[str | None] = "num_heads"
    arity: ClassVar[int | None] = 3
    random: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("num_heads", "scale")

    num_heads: int = option("int", help="heads that attend side by side", minimum=1)
    scale: float | Literal["none"] = option(
        "float | none", "none", help="factor of the products; none: 1 / sqrt(channels of one head)"
    )
    dropout: float = option("float", 0.0, help="probability that a weight is zero in training", minimum=0, maximum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        query, key, value = inputs
        for index, (role, x) in enumerate(zip(("query", "key", "value"), inputs, strict=True)):
            expect_kind(self.name, x, "map", "tokens", index=index)
            if x.channels % self.num_heads:
                raise Misfit(
                    "not-divisible",
                    f"the {role}'s channels (={x.channels}) must be divisible by `num_heads` (={self.num_heads})",
                    label=f"{x} enters as {role}",
                    field="num_heads",
                    inputs=(index,),
                )
        if query.channels != key.channels:
            raise Misfit(
                "shape-mismatch",
                f"the query's channels (={query.channels}) must be the key's (={key.channels})",
                label=f"{query} and {key}",
                inputs=(0, 1),
            )
        if _places(key) != _places(value):
            raise Misfit(
                "shape-mismatch",
                f"the key's places (={_places(key)}) must be the value's (={_places(value)})",
                label=f"{key} and {value}",
                help="a stride in one of the two must be in the other as well",
                inputs=(1, 2),
            )
        batched = any(x.batched for x in inputs)
        return ValueType(query.replace(channels=value.channels).axes, batched)

    def macs(self, *inputs: ValueType) -> int:
        """Query places times key places times the channels of query and value."""
        query, key, value = inputs
        return _places(query) * _places(key) * (query.channels + value.channels)

    def layout(self, *inputs: ValueType) -> Layout:
        return "last"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        """Nothing without dropout: it has no weights."""
        from blueprint.ops.dot_product import DotProductAttention

        if not self.dropout:
            return None
        return DotProductAttention(self.num_heads, None if self.scale == "none" else self.scale, self.dropout)

    def code(self, call: Call) -> str:
        heads = ", ".join(self._heads(x, kind) for x, kind in zip(call.args, call.inputs, strict=True))
        options = []
        if self.dropout:
            options.append(f"dropout_p={call.setting('p')} if {call.setting('training')} else 0.0")
        if self.scale != "none":
            options.append(f"scale={self.scale!r}")
        arguments = ", ".join([heads, *options])
        query, channels = call.args[0], call.inputs[2].channels
        if call.inputs[0].kind == "tokens":
            merged = "flatten(2)"
        else:
            merged = f"reshape({query}.shape[0], {query}.shape[1], {query}.shape[2], {channels})"
        return f"F.scaled_dot_product_attention({arguments}).transpose(1, 2).{merged}"

    def _heads(self, x: str, kind: ValueType) -> str:
        """(N, ..., C) as (N, heads, places, C of one head)."""
        sizes = f"({self.num_heads}, {kind.channels // self.num_heads})"
        places = x if kind.kind == "tokens" else f"{x}.flatten(1, 2)"
        return f"torch.unflatten({places}, 2, {sizes}).transpose(1, 2)"


def _places(x: ValueType) -> int:
    return prod(size for name, size in x.axes if name != "channels")


OPS: tuple[type[Op], ...] = (ScaledDotProductAttention,)
