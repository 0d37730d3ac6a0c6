"""The op `std_conv`. A check loads this file, so it imports no torch; the torch module is in `layer`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from blueprint.language.values import ValueType
from blueprint.ops import Call, Layout, Misfit, Op, Weight, option
from blueprint.ops.kinds import expect_kind
from blueprint.ops.sizes import window_sizes

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class StdConv(Op):
    """A convolution by (weight - mean) / sqrt(variance + eps), both over the weights of each output channel.

    Takes a map, gives a map; with stride 1 of the same height and width. Made for `group_norm` behind it.
    Qiao et al. 2019, https://arxiv.org/abs/1903.10520
    """

    name: ClassVar[str] = "std_conv"
    main: ClassVar[str | None] = "out_channels"  # `std_conv: 64` sets it
    fresh: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("stride", "eps")

    out_channels: int | None = option("int", None, help="channels of the output; left out: as many as enter", minimum=1)
    kernel_size: int = option("int", 3, help="height and width of the kernel, odd", minimum=1)
    stride: int = option("int", 1, help="step of the kernel", minimum=1)
    eps: float = option("float", 1e-5, help="added to the variance under the root", minimum=0)

    def resolve(self, *inputs: ValueType) -> Op:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        return replace(self, out_channels=self.out_channels or x.channels)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        k, s, p = self.kernel_size, self.stride, self.kernel_size // 2
        if k % 2 == 0:
            raise Misfit("out-of-range", f"`kernel_size` (={k}) of a `std_conv` must be odd", field="kernel_size")
        return x.replace(channels=self._out, **window_sizes(x, (k, k), (s, s), (p, p), (1, 1)))

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        return {"weight": Weight((self._out, *self._kernel(inputs[0]))), "bias": Weight((self._out,))}

    def macs(self, *inputs: ValueType) -> int:
        channels, height, width = self._kernel(inputs[0])
        return self.infer(*inputs).elements * channels * height * width

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from std_conv.layer import StdConv2d

        return StdConv2d(inputs[0].channels, self._out, self.kernel_size, self.stride, self.eps)

    def code(self, call: Call) -> str:
        weight = f"F.layer_norm({call.parameter('weight')}, {self._kernel(call.inputs[0])}, eps={self.eps!r})"
        return f"F.conv2d({call.args[0]}, {weight}, {call.parameter('bias')}, {self.stride}, {self.kernel_size // 2})"

    def _kernel(self, x: ValueType) -> tuple[int, int, int]:
        return (x.channels, self.kernel_size, self.kernel_size)

    @property
    def _out(self) -> int:
        assert self.out_channels is not None, "std_conv: not resolved"
        return self.out_channels
