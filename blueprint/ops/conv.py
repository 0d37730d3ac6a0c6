"""Convolutions: `conv` over maps, `conv1d` over tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, Weight, option
from blueprint.ops.kinds import expect_kind
from blueprint.ops.sizes import Size, check_fill, pair, same_padding, window_sizes

if TYPE_CHECKING:
    from torch import nn

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]


@dataclass(frozen=True, kw_only=True)
class Conv(Op):
    """A convolution: out[o, i, j] = bias[o] + sum over c, a, b of weight[o, c, a, b] * x[c, i*s + a*d, j*s + b*d].

    Takes a map (C, H, W), gives a map. `padding` left out keeps the size at stride 1:
    dilation * (kernel_size - 1) // 2; an even kernel takes 0 when it moves by its own size.
    `groups: in_channels` is a depthwise convolution. With `weight_mask` below 1 each weight is kept
    with that probability in training and divided by it, one mask a forward for the whole batch.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    name: ClassVar[str] = "conv"
    main: ClassVar[str | None] = "out_channels"
    fresh: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("stride", "padding", "dilation", "groups", "padding_mode")

    out_channels: int | None = option("int", None, help="channels of the output; left out: as many as enter", minimum=1)
    kernel_size: Size = option("size", help="height and width of the kernel", minimum=1)
    stride: Size = option("size", 1, help="step of the kernel", minimum=1)
    padding: Size | Literal["same"] = option(
        "size | same",
        "same",
        help="rows and columns added on each side; left out: the size stays at stride 1",
        minimum=0,
    )
    dilation: Size = option("size", 1, help="distance of the kernel's elements", minimum=1)
    groups: int = option("int", 1, help="groups of channels that do not see each other", minimum=1)
    bias: bool = option("bool", True, help="whether a learned bias is added")
    padding_mode: PaddingMode = option("zeros | reflect | replicate | circular", "zeros", help="what the padding holds")
    weight_mask: float = option("float", 1.0, help="keep rate of a random mask on the weights", minimum=0, maximum=1)

    def resolve(self, *inputs: ValueType) -> Op:
        """The op with its channels and padding as numbers; as `MaskedConv` if its weights are masked."""
        (x,) = inputs
        expect_kind(self.name, x, "map")
        stride, kernel, dilation = pair(self.stride), pair(self.kernel_size), pair(self.dilation)
        if self.padding == "same":
            height, width = (same_padding(*axis) for axis in zip(kernel, stride, dilation, strict=True))
            padding = (height, width)
        else:
            padding = pair(self.padding)
        whole = replace(
            self,
            out_channels=self.out_channels or x.channels,
            kernel_size=kernel,
            stride=stride,
            padding=padding,
            dilation=dilation,
        )
        if self.weight_mask == 1.0:
            return whole
        return MaskedConv(**{f.name: getattr(whole, f.name) for f in fields(whole)})

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        check_groups(x.channels, self._out, self.groups)
        for axis, amount in zip(("height", "width"), self._padding, strict=True):
            check_fill(self.padding_mode, amount, x, axis, "padding", f"`padding` (={amount}) with `padding_mode`")
        sizes = window_sizes(x, pair(self.kernel_size), pair(self.stride), self._padding, pair(self.dilation))
        return x.replace(channels=self._out, **sizes)

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        weight = Weight((self._out, inputs[0].channels // self.groups, *pair(self.kernel_size)))
        return {"weight": weight, "bias": Weight((self._out,))} if self.bias else {"weight": weight}

    def macs(self, *inputs: ValueType) -> int:
        """Output elements times kernel elements times the input channels of one group."""
        kernel = prod(pair(self.kernel_size))
        return self.infer(*inputs).elements * kernel * (inputs[0].channels // self.groups)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        return nn.Conv2d(inputs[0].channels, self._out, **self._arguments())

    def code(self, call: Call) -> str:
        if self.padding_mode != "zeros":
            return super().code(call)
        bias = call.parameter("bias")
        return (
            f"torch.conv2d({call.args[0]}, {call.parameter('weight')}, {bias}, "
            f"{pair(self.stride)}, {self._padding}, {pair(self.dilation)}, {self.groups})"
        )

    def _arguments(self) -> dict[str, Any]:
        """What torch's module takes beside the channels."""
        return {
            "kernel_size": pair(self.kernel_size),
            "stride": pair(self.stride),
            "padding": self._padding,
            "dilation": pair(self.dilation),
            "groups": self.groups,
            "bias": self.bias,
            "padding_mode": self.padding_mode,
        }

    @property
    def _out(self) -> int:
        assert self.out_channels is not None, "conv: not resolved"
        return self.out_channels

    @property
    def _padding(self) -> tuple[int, int]:
        assert self.padding != "same", "conv: not resolved"
        return pair(self.padding)


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
class Conv1d(Op):
    """A convolution along the tokens: out[l, o] = bias[o] + sum over c, a of weight[o, c, a] * x[l*s + a*d, c].

    Takes tokens (L, D), gives tokens. `padding` left out as for `conv`.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
    """

    name: ClassVar[str] = "conv1d"
    main: ClassVar[str | None] = "out_channels"
    fresh: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("stride", "padding", "dilation", "groups", "padding_mode")

    out_channels: int | None = option("int", None, help="channels of the output; left out: as many as enter", minimum=1)
    kernel_size: int = option("int", help="length of the kernel", minimum=1)
    stride: int = option("int", 1, help="step of the kernel", minimum=1)
    padding: int | Literal["same"] = option(
        "int | same", "same", help="tokens added on each side; left out: the length stays at stride 1", minimum=0
    )
    dilation: int = option("int", 1, help="distance of the kernel's elements", minimum=1)
    groups: int = option("int", 1, help="groups of channels that do not see each other", minimum=1)
    bias: bool = option("bool", True, help="whether a learned bias is added")
    padding_mode: PaddingMode = option("zeros | reflect | replicate | circular", "zeros", help="what the padding holds")

    def resolve(self, *inputs: ValueType) -> Op:
        (x,) = inputs
        expect_kind(self.name, x, "tokens")
        padding = self.padding
        if padding == "same":
            padding = same_padding(self.kernel_size, self.stride, self.dilation)
        return replace(self, out_channels=self.out_channels or x.channels, padding=padding)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "tokens")
        check_groups(x.channels, self._out, self.groups)
        words = f"`padding` (={self._padding}) with `padding_mode`"
        check_fill(self.padding_mode, self._padding, x, "tokens", "padding", words)
        window = ((self.kernel_size,), (self.stride,), (self._padding,), (self.dilation,))
        return x.replace(channels=self._out, **window_sizes(x, *window, axes=("tokens",)))

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        weight = Weight((self._out, inputs[0].channels // self.groups, self.kernel_size))
        return {"weight": weight, "bias": Weight((self._out,))} if self.bias else {"weight": weight}

    def macs(self, *inputs: ValueType) -> int:
        """Output elements times kernel elements times the input channels of one group."""
        return self.infer(*inputs).elements * self.kernel_size * (inputs[0].channels // self.groups)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        return nn.Conv1d(
            inputs[0].channels,
            self._out,
            self.kernel_size,
            stride=self.stride,
            padding=self._padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
            padding_mode=self.padding_mode,
        )

    def code(self, call: Call) -> str:
        if self.padding_mode != "zeros":
            return super().code(call)
        bias = call.parameter("bias")
        return (
            f"torch.conv1d({call.args[0]}, {call.parameter('weight')}, {bias}, "
            f"{self.stride}, {self._padding}, {self.dilation}, {self.groups})"
        )

    @property
    def _out(self) -> int:
        assert self.out_channels is not None, "conv1d: not resolved"
        return self.out_channels

    @property
    def _padding(self) -> int:
        assert self.padding != "same", "conv1d: not resolved"
        return self.padding


def check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    """Raise Misfit `not-divisible` unless `groups` divides the channels on both sides."""
    if in_channels % groups:
        raise Misfit(
            "not-divisible",
            f"`in_channels` (={in_channels}) must be divisible by `groups` (={groups})",
            label=f"{in_channels} channels enter",
            field="groups",
            inputs=(0,),
        )
    if out_channels % groups:
        raise Misfit(
            "not-divisible",
            f"`out_channels` (={out_channels}) must be divisible by `groups` (={groups})",
            field="groups",
        )


OPS: tuple[type[Op], ...] = (Conv, Conv1d)
