"""A map of another height and width by interpolation: `upsample`, `upsample_like`."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Any, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.kinds import expect_kind
from blueprint.ops.sizes import Size, pair

Mode = Literal["nearest", "bilinear", "bicubic"]

_MODE: dict[str, Any] = {
    "type": "nearest | bilinear | bicubic",
    "default": "nearest",
    "help": "how a value between places is found",
}
_ALIGN_CORNERS: dict[str, Any] = {
    "type": "bool",
    "default": False,
    "help": "whether the corners' centres fall on each other; not with nearest",
}


@dataclass(frozen=True, kw_only=True)
class Upsample(Op):
    """A map of another height and width, its values taken from the nearest or interpolated between the next places.

    Takes and gives a map, its sizes times `scale_factor` rounded down, or `size`; `upsample_like`
    takes the size of another map.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
    """

    name: ClassVar[str] = "upsample"
    main: ClassVar[str | None] = "scale_factor"

    scale_factor: float | None = option("float", None, help="height and width of the output over the input's")
    size: Size | None = option("size", None, help="height and width of the output, instead of scale_factor", minimum=1)
    mode: Mode = option(**_MODE)
    align_corners: bool = option(**_ALIGN_CORNERS)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        if (self.scale_factor is None) == (self.size is None):
            raise Misfit("missing-key", "`upsample` takes one of `scale_factor` and `size`", field="scale_factor")
        _check(self.mode, self.align_corners)
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
        return _interpolated(call.args[0], to, self.mode, self.align_corners)


@dataclass(frozen=True, kw_only=True)
class UpsampleLike(Op):
    """The first of two maps with the height and width of the second, interpolated as by `upsample`.

    Takes two maps, gives one with the channels of the first; where they are of one size it does
    nothing. `upsample_like: {inputs: [scores, image], mode: bilinear}` brings a segmentation head's
    scores to the size of its image, whatever that is.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """

    name: ClassVar[str] = "upsample_like"
    arity: ClassVar[int | None] = 2

    mode: Mode = option(**_MODE)
    align_corners: bool = option(**_ALIGN_CORNERS)

    def infer(self, *inputs: ValueType) -> ValueType:
        x, like = inputs
        for index, value in enumerate(inputs):
            expect_kind(self.name, value, "map", index=index)
        _check(self.mode, self.align_corners)
        _, height, width = like.shape
        return x.replace(height=height, width=width)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        (x, like), (kind, other) = call.args, call.inputs
        scaled = _interpolated(x, f"size={like}.shape[2:]", self.mode, self.align_corners)
        if kind.shape[1:] != other.shape[1:]:
            return scaled
        return f"{x} if {x}.shape[2:] == {like}.shape[2:] else {scaled}"


def _check(mode: Mode, align_corners: bool) -> None:
    """Raise Misfit where `align_corners` has no meaning."""
    if align_corners and mode == "nearest":
        raise Misfit(
            "out-of-range",
            "`align_corners` has no meaning with `mode` nearest",
            help="leave it out, or take `bilinear` or `bicubic`",
            field="align_corners",
        )


def _interpolated(x: str, to: str, mode: Mode, align_corners: bool) -> str:
    """The code that gives the map the size that `to` says."""
    corners = "" if mode == "nearest" else f", align_corners={align_corners}"
    return f'F.interpolate({x}, {to}, mode="{mode}"{corners})'


OPS: tuple[type[Op], ...] = (Upsample, UpsampleLike)
