"""From one kind of value to another: `flatten`, `to_tokens`, `to_map`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isqrt
from typing import ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.kinds import expect_divisible, expect_kind


@dataclass(frozen=True, kw_only=True)
class Flatten(Op):
    """All elements of a sample in one axis: a map row by row in each channel, tokens one after another.

    Takes any kind, gives a vector. https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
    """

    name: ClassVar[str] = "flatten"

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        return ValueType((("channels", x.elements),), x.batched)

    def layout(self, *inputs: ValueType) -> Layout:
        return "natural"

    def code(self, call: Call) -> str:
        return call.args[0] if len(call.inputs[0].axes) == 1 else f"{call.args[0]}.flatten(1)"


@dataclass(frozen=True, kw_only=True)
class ToTokens(Op):
    """The places of a map as tokens, row by row: (C, H, W) to (H * W, C).

    Takes a map, gives tokens.
    """

    name: ClassVar[str] = "to_tokens"

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        _, height, width = x.shape
        return ValueType((("tokens", height * width), ("channels", x.channels)), x.batched)

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def code(self, call: Call) -> str:
        return f"{call.args[0]}.flatten({call.dim('height')}, {call.dim('width')})"


@dataclass(frozen=True, kw_only=True)
class ToMap(Op):
    """Tokens as the places of a map, row by row: (H * W, C) to (C, H, W).

    Takes tokens, gives a map; a square if neither height nor width is given.
    """

    name: ClassVar[str] = "to_map"

    height: int | None = option("int", None, help="rows of the map; left out: from the width, or a square", minimum=1)
    width: int | None = option(
        "int", None, help="columns of the map; left out: from the height, or a square", minimum=1
    )

    def resolve(self, *inputs: ValueType) -> Op:
        (x,) = inputs
        expect_kind(self.name, x, "tokens")
        tokens = x.shape[0]
        height, width = self.height, self.width
        if height is None and width is None:
            height = width = isqrt(tokens)
        for name, side in (("height", height), ("width", width)):
            if side is not None and (height is None or width is None):
                expect_divisible(x, "tokens", side, f"`{name}` (={side})", name)
        if height is None:
            assert width is not None
            height = tokens // width
        return replace(self, height=height, width=tokens // height if width is None else width)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "tokens")
        assert self.height is not None, "to_map: not resolved"
        assert self.width is not None, "to_map: not resolved"
        if self.height * self.width != x.shape[0]:
            raise Misfit(
                "shape-mismatch",
                f"`height` (={self.height}) times `width` (={self.width}) must be the tokens (={x.shape[0]})",
                label=f"{x} enters",
                help="write `height` or `width` where the map is no square",
                inputs=(0,),
            )
        return ValueType((("channels", x.channels), ("height", self.height), ("width", self.width)), x.batched)

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def code(self, call: Call) -> str:
        return f"torch.unflatten({call.args[0]}, {call.dim('tokens')}, ({self.height}, {self.width}))"


OPS: tuple[type[Op], ...] = (Flatten, ToTokens, ToMap)
