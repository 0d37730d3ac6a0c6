"""Channels in another order, or as places: `channel_shuffle`, `pixel_shuffle`, `pixel_unshuffle`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Op, option
from blueprint.ops.kinds import expect_divisible, expect_kind


@dataclass(frozen=True, kw_only=True)
class ChannelShuffle(Op):
    """The channels of all groups in turn: channel j of group g, of n channels each, becomes channel j * groups + g.

    Takes and gives a map or tokens; `rearrange: (g n) h w -> (n g) h w` is the same on a map.
    Zhang et al. 2017, https://arxiv.org/abs/1707.01083;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
    """

    name: ClassVar[str] = "channel_shuffle"
    main: ClassVar[str | None] = "groups"

    groups: int = option("int", help="groups of as many channels each; divides the channels", minimum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map", "tokens")
        expect_divisible(x, "channels", self.groups, f"`groups` (={self.groups})", "groups")
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        return f"torch.channel_shuffle({call.args[0]}, {self.groups})"


@dataclass(frozen=True, kw_only=True)
class PixelShuffle(Op):
    """Channels laid out as places, for r = upscale_factor: (C * r**2, H, W) to (C, H * r, W * r).

    Takes and gives a map; `rearrange: (c i j) h w -> c (h i) (w j)` is the same with i and j r.
    Shi et al. 2016, https://arxiv.org/abs/1609.05158;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
    """

    name: ClassVar[str] = "pixel_shuffle"
    main: ClassVar[str | None] = "upscale_factor"

    upscale_factor: int = option("int", help="height and width of the output over the input's", minimum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        channels, height, width = x.shape
        r = self.upscale_factor
        expect_divisible(x, "channels", r**2, f"the square of `upscale_factor` (={r})", "upscale_factor")
        return x.replace(channels=channels // r**2, height=height * r, width=width * r)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        return f"torch.pixel_shuffle({call.args[0]}, {self.upscale_factor})"


@dataclass(frozen=True, kw_only=True)
class PixelUnshuffle(Op):
    """Places laid out as channels, for r = downscale_factor: (C, H * r, W * r) to (C * r**2, H, W).

    Takes and gives a map; `rearrange: c (h i) (w j) -> (c i j) h w` is the same with i and j r.
    Shi et al. 2016, https://arxiv.org/abs/1609.05158;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
    """

    name: ClassVar[str] = "pixel_unshuffle"
    main: ClassVar[str | None] = "downscale_factor"

    downscale_factor: int = option("int", help="height and width of the input over the output's", minimum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        channels, height, width = x.shape
        r = self.downscale_factor
        for axis in ("height", "width"):
            expect_divisible(x, axis, r, f"`downscale_factor` (={r})", "downscale_factor")
        return x.replace(channels=channels * r**2, height=height // r, width=width // r)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        return f"torch.pixel_unshuffle({call.args[0]}, {self.downscale_factor})"


OPS: tuple[type[Op], ...] = (ChannelShuffle, PixelShuffle, PixelUnshuffle)
