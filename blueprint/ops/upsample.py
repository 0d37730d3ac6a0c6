"""A map made larger by interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.kinds import expect_kind
from blueprint.ops.sizes import Size, pair


@dataclass(frozen=True, kw_only=True)
class Upsample(Op):
    """A map of another height and width, its values taken from the nearest or interpolated between the next places.

    Takes and gives a map, its sizes times `scale_factor` rounded down, or `size`.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
    """

    name: ClassVar[str] = "upsample"
    main: ClassVar[str | None] = "scale_factor"

    scale_factor: float | None = option("float", None, help="height and width of the output over the input's")
    size: Size | None = option("size", None, help="height and width of the output, instead of scale_factor", minimum=1)
    mode: Literal["nearest", "bilinear", "bicubic"] = option(
        "nearest | bilinear | bicubic", "nearest", help="how a value between places is found"
    )
    align_corners: bool = option(
        "bool", False, help="whether the corners' centres fall on each other; not with nearest"
    )

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        if (self.scale_factor is None) == (self.size is None):
            raise Misfit("missing-key", "`upsample` takes one of `scale_factor` and `size`", field="scale_factor")
        if self.align_corners and self.mode == "nearest":
            raise Misfit(
                "out-of-range",
                "`align_corners` has no meaning with `mode` nearest",
                help="leave it out, or take `bilinear` or `bicubic`",
                field="align_corners",
            )
        if self.size is not None:
            height, width = pair(self.size)
        else:
            assert self.scale_factor is not None
            height, width = (floor(float(side) * self.scale_factor) for side in x.shape[1:])
            if min(height, width) < 1:
                raise Misfit(
                    "out-of-range",
                    f"`scale_factor` (={self.scale_factor}) leaves nothing of {x}",
                    label=f"{x} enters",
                    field="scale_factor",
                    inputs=(0,),
                )
        return x.replace(height=height, width=width)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        to = f"scale_factor={self.scale_factor!r}" if self.size is None else f"size={pair(self.size)}"
        corners = "" if self.mode == "nearest" else f", align_corners={self.align_corners}"
        return f'F.interpolate({call.args[0]}, {to}, mode="{self.mode}"{corners})'


OPS: tuple[type[Op], ...] = (Upsample,)
