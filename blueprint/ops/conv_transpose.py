"""Transposed convolutions: `conv_transpose` over maps, `conv_transpose1d` over tokens."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Misfit, Op, option
from blueprint.ops.convolution import Convolution
from blueprint.ops.kinds import expect_axis
from blueprint.ops.sizes import Size


@dataclass(frozen=True, kw_only=True)
class Transposed(Convolution):
    """What the transposed convolutions share."""

    settings: ClassVar[tuple[str, ...]] = ("stride", "padding", "output_padding", "dilation", "groups")
    sized: ClassVar[tuple[str, ...]] = (*Convolution.sized, "output_padding")

    output_padding: Size = option("size", 0, help="rows and columns added at the end of the output", minimum=0)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        self._check(x)
        names = ("kernel_size", "stride", "padding", "output_padding", "dilation")
        sizes = {}
        for axis, *numbers in zip(self.axes, *(self._along(getattr(self, name)) for name in names), strict=True):
            kernel, stride, padding, extra, dilation = numbers
            if extra >= max(stride, dilation):
                raise Misfit(
                    "out-of-range",
                    f"`output_padding` (={extra}) must be less than `stride` (={stride}) or `dilation` (={dilation})",
                    field="output_padding",
                )
            full = (expect_axis(self.name, x, axis) - 1) * stride + dilation * (kernel - 1) + extra + 1
            sizes[axis] = full - 2 * padding
            if sizes[axis] < 1:
                raise Misfit(
                    "out-of-range",
                    f"`padding` (={padding}) leaves nothing of the {axis}, which is {full} without it",
                    label=f"{x} enters",
                    field="padding",
                    inputs=(0,),
                )
        return x.replace(channels=self._out, **sizes)

    def macs(self, *inputs: ValueType) -> int:
        """Input elements times kernel elements times the output channels of one group."""
        return inputs[0].elements * prod(self.weights(*inputs)["weight"].shape[1:])

    def code(self, call: Call) -> str:
        weights = f"{call.parameter('weight')}, {call.parameter('bias')}"
        window = f"{self.stride}, {self.padding}, {self.output_padding}, {self.groups}, {self.dilation}"
        function = self.torch_name.replace("ConvTranspose", "conv_transpose")
        return f"torch.{function}({call.args[0]}, {weights}, {window})"

    def _joined(self, in_channels: int) -> tuple[int, int]:
        return in_channels, self._out // self.groups

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), "output_padding": self.output_padding}


@dataclass(frozen=True, kw_only=True)
class ConvTranspose(Transposed):
    """A transposed convolution: out[o, i*s + a*d - p, j*s + b*d - p] is the sum of weight[c, o, a, b] * x[c, i, j].

    Takes a map (C, H, W), gives a map. Its height is (H - 1) * stride - 2 * padding +
    dilation * (kernel_size - 1) + output_padding + 1, its width likewise:
    `{kernel_size: 2, stride: 2}` doubles both. The bias is added to each channel.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """

    name: ClassVar[str] = "conv_transpose"
    torch_name: ClassVar[str] = "ConvTranspose2d"

    padding: Size = option("size", 0, help="rows and columns taken away on each side of the output", minimum=0)


@dataclass(frozen=True, kw_only=True)
class ConvTranspose1d(Transposed):
    """A transposed convolution along the tokens: out[l*s + a*d - p, o] is the sum of weight[c, o, a] * x[l, c].

    Takes tokens (L, D), gives tokens: as many as `conv_transpose` gives rows.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
    """

    name: ClassVar[str] = "conv_transpose1d"
    torch_name: ClassVar[str] = "ConvTranspose1d"
    kind: ClassVar[str] = "tokens"
    axes: ClassVar[tuple[str, ...]] = ("tokens",)

    kernel_size: int = option("int", help="length of the kernel", minimum=1)
    stride: int = option("int", 1, help="step of the kernel", minimum=1)
    padding: int = option("int", 0, help="tokens taken away on each side of the output", minimum=0)
    dilation: int = option("int", 1, help="distance of the kernel's elements", minimum=1)
    output_padding: int = option("int", 0, help="tokens added at the end of the output", minimum=0)


OPS: tuple[type[Op], ...] = (ConvTranspose, ConvTranspose1d)
