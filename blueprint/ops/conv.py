"""Convolutions: `conv` over maps, `conv1d` over tokens."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Op, option
from blueprint.ops.convolution import Convolution
from blueprint.ops.sizes import Size, check_fill, same_padding, window_sizes

if TYPE_CHECKING:
    from torch import nn

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]


@dataclass(frozen=True, kw_only=True)
class Forward(Convolution):
    """What `conv` and `conv1d` share, which the transposed ones do otherwise."""

    settings: ClassVar[tuple[str, ...]] = ("stride", "padding", "dilation", "groups", "padding_mode")

    padding: Size | Literal["same"] = option(
        "size | same",
        "same",
        help="rows and columns added on each side; left out: the size stays at stride 1",
        minimum=0,
    )
    padding_mode: PaddingMode = option("zeros | reflect | replicate | circular", "zeros", help="what the padding holds")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        self._check(x)
        for axis, amount in zip(self.axes, self._padded(), strict=True):
            check_fill(self.padding_mode, amount, x, axis, "padding", f"`padding` (={amount}) with `padding_mode`")
        kernel, stride, dilation = map(self._along, (self.kernel_size, self.stride, self.dilation))
        return x.replace(channels=self._out, **window_sizes(x, kernel, stride, self._padded(), dilation, self.axes))

    def macs(self, *inputs: ValueType) -> int:
        """Output elements times kernel elements times the input channels of one group."""
        return self.infer(*inputs).elements * prod(self.weights(*inputs)["weight"].shape[1:])

    def code(self, call: Call) -> str:
        if self.padding_mode != "zeros":
            return super().code(call)
        weights = f"{call.parameter('weight')}, {call.parameter('bias')}"
        window = f"{self.stride}, {self.padding}, {self.dilation}"
        return f"torch.{self.torch_name.lower()}({call.args[0]}, {weights}, {window}, {self.groups})"

    def _joined(self, in_channels: int) -> tuple[int, int]:
        return self._out, in_channels // self.groups

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), "padding_mode": self.padding_mode}

    def _padded(self) -> tuple[int, ...]:
        if self.padding == "same":
            axes = zip(*map(self._along, (self.kernel_size, self.stride, self.dilation)), strict=True)
            return tuple(same_padding(*axis) for axis in axes)
        return super()._padded()


@dataclass(frozen=True, kw_only=True)
class Conv(Forward):
    """A convolution: out[o, i, j] = bias[o] + sum over c, a, b of weight[o, c, a, b] * x[c, i*s + a*d, j*s + b*d].

    Takes a map (C, H, W), gives a map. `padding` left out keeps the size at stride 1:
    dilation * (kernel_size - 1) // 2; an even kernel takes 0 when it moves by its own size.
    `groups: in_channels` is a depthwise convolution. With `weight_mask` below 1 each weight is kept
    with that probability in training and divided by it, one mask a forward for the whole batch.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    name: ClassVar[str] = "conv"
    torch_name: ClassVar[str] = "Conv2d"

    weight_mask: float = option("float", 1.0, help="keep rate of a random mask on the weights", minimum=0, maximum=1)

    def resolve(self, *inputs: ValueType) -> Op:
        """The op with its channels and padding as numbers; as `MaskedConv` if its weights are masked."""
        whole = super().resolve(*inputs)
        if self.weight_mask == 1.0:
            return whole
        return MaskedConv(**{f.name: getattr(whole, f.name) for f in fields(whole)})


@dataclass(frozen=True, kw_only=True)
class MaskedConv(Conv):
    """A `conv` whose `weight_mask` is below 1: what `Conv.resolve` gives then, no op of its own."""

    random: ClassVar[bool] = True

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from blueprint.ops.masked_conv import MaskedConv2d

        return MaskedConv2d(inputs[0].channels, self._out, **self._arguments(), weight_mask=self.weight_mask)

    def code(self, call: Call) -> str:
        return f"{call.module}({call.args[0]})"


@dataclass(frozen=True, kw_only=True)
class Conv1d(Forward):
    """A convolution along the tokens: out[l, o] = bias[o] + sum over c, a of weight[o, c, a] * x[l*s + a*d, c].

    Takes tokens (L, D), gives tokens. `padding` left out as for `conv`.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
    """

    name: ClassVar[str] = "conv1d"
    torch_name: ClassVar[str] = "Conv1d"
    kind: ClassVar[str] = "tokens"
    axes: ClassVar[tuple[str, ...]] = ("tokens",)

    kernel_size: int = option("int", help="length of the kernel", minimum=1)
    stride: int = option("int", 1, help="step of the kernel", minimum=1)
    padding: int | Literal["same"] = option(
        "int | same", "same", help="tokens added on each side; left out: the length stays at stride 1", minimum=0
    )
    dilation: int = option("int", 1, help="distance of the kernel's elements", minimum=1)


OPS: tuple[type[Op], ...] = (Conv, Conv1d)
