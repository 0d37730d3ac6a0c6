"""The neighbourhood of each place laid out along the channels: `unfold`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Op, option
from blueprint.ops.kinds import expect_kind
from blueprint.ops.sizes import Size, pair, same_padding, window_sizes


@dataclass(frozen=True, kw_only=True)
class Unfold(Op):
    """The kernel_size patch around each place: y[c * k + a, i, j] = x[c, i*s + ..., j*s + ...], a over its k places.

    Takes a map (C, H, W), gives a map with C times as many channels as the patch has places, those of one input
    channel together; what lies outside is 0. `padding` left out as for `conv`.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
    """

    name: ClassVar[str] = "unfold"
    main: ClassVar[str | None] = "kernel_size"

    kernel_size: Size = option("size", help="height and width of the patch", minimum=1)
    stride: Size = option("size", 1, help="step from patch to patch", minimum=1)
    padding: Size | Literal["same"] = option(
        "size | same",
        "same",
        help="rows and columns on each side; left out: the size stays at stride 1",
        minimum=0,
    )
    dilation: Size = option("size", 1, help="distance of the patch's places", minimum=1)

    def resolve(self, *inputs: ValueType) -> Op:
        """The op with its padding as numbers."""
        if self.padding != "same":
            return self
        sides = zip(pair(self.kernel_size), pair(self.stride), pair(self.dilation), strict=True)
        height, width = (same_padding(*side) for side in sides)
        return replace(self, padding=(height, width))

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        sizes = (pair(self.kernel_size), pair(self.stride), self._padding, pair(self.dilation))
        return x.replace(channels=x.channels * prod(pair(self.kernel_size)), **window_sizes(x, *sizes))

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        (x,), kernel, padding = call.args, pair(self.kernel_size), self._padding
        stride, dilation = pair(self.stride), pair(self.dilation)
        rows, columns = (
            f"({x}.shape[{dim}] + {2 * p - d * (k - 1) - 1}) // {s} + 1"
            for dim, k, s, p, d in zip((2, 3), kernel, stride, padding, dilation, strict=True)
        )
        unfolded = f"F.unfold({x}, {kernel}, dilation={dilation}, padding={padding}, stride={stride})"
        return f"torch.unflatten({unfolded}, 2, ({rows}, {columns}))"

    @property
    def _padding(self) -> tuple[int, int]:
        assert self.padding != "same", "unfold: not resolved"
        return pair(self.padding)


OPS: tuple[type[Op], ...] = (Unfold,)
