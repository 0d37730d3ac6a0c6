"""Pools: over windows, to a given size, over all places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.kinds import expect_kind
from blueprint.ops.sizes import Size, pair, window_sizes

_Window = TypeVar("_Window", "MaxPool", "AvgPool", "LpPool")


@dataclass(frozen=True, kw_only=True)
class MaxPool(Op):
    """The largest value of each window, each channel for itself.

    Takes and gives a map. https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """

    name: ClassVar[str] = "max_pool"
    main: ClassVar[str | None] = "kernel_size"

    kernel_size: Size = option("size", help="height and width of the window", minimum=1)
    stride: Size | None = option("size", None, help="step of the window; left out: the kernel_size", minimum=1)
    padding: Size = option("size", 0, help="rows and columns added on each side, never the largest", minimum=0)
    dilation: Size = option("size", 1, help="distance of the window's elements", minimum=1)
    ceil_mode: bool = option("bool", False, help="whether a window that is only partly filled counts")

    def resolve(self, *inputs: ValueType) -> Op:
        return _with_stride(self)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        dilation = pair(self.dilation)
        pooled = _pooled(self.name, x, self.kernel_size, self.stride, self.padding, dilation, self.ceil_mode)
        assert self.stride is not None, "max_pool: not resolved"
        steps = zip(pair(self.stride), pair(self.padding), dilation, pooled.shape[1:], strict=True)
        for (axis, length), (stride, padding, apart, count) in zip(x.axes[1:], steps, strict=True):
            if apart > length and _sees_nothing(length, stride, padding, apart, count):
                raise Misfit(
                    "out-of-range",
                    f"`dilation` (={apart}) steps over the whole {axis} (={length})",
                    label=f"{x} enters",
                    help="with it, a window would see nothing but padding",
                    field="dilation",
                    inputs=(0,),
                )
        return pooled

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        window = ", ".join(
            str(pair(v)) for v in (self.kernel_size, self.stride, self.padding, self.dilation) if v is not None
        )
        return f"torch.max_pool2d({call.args[0]}, {window}, {self.ceil_mode})"


@dataclass(frozen=True, kw_only=True)
class AvgPool(Op):
    """The mean of each window, each channel for itself.

    Takes and gives a map. https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
    """

    name: ClassVar[str] = "avg_pool"
    main: ClassVar[str | None] = "kernel_size"

    kernel_size: Size = option("size", help="height and width of the window", minimum=1)
    stride: Size | None = option("size", None, help="step of the window; left out: the kernel_size", minimum=1)
    padding: Size = option("size", 0, help="rows and columns of zeros added on each side", minimum=0)
    ceil_mode: bool = option("bool", False, help="whether a window that is only partly filled counts")
    count_include_pad: bool = option("bool", True, help="whether the padding's zeros count in the mean")

    def resolve(self, *inputs: ValueType) -> Op:
        return _with_stride(self)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        return _pooled(self.name, x, self.kernel_size, self.stride, self.padding, (1, 1), self.ceil_mode)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        window = ", ".join(str(pair(v)) for v in (self.kernel_size, self.stride, self.padding) if v is not None)
        return f"F.avg_pool2d({call.args[0]}, {window}, {self.ceil_mode}, {self.count_include_pad})"


@dataclass(frozen=True, kw_only=True)
class LpPool(Op):
    """The p-norm of each window, each channel for itself: sum(x ** norm_type) ** (1 / norm_type).

    Takes and gives a map. An odd `norm_type` keeps the elements' signs, and a negative sum gives nan.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
    """

    name: ClassVar[str] = "lp_pool"

    norm_type: float = option("float", help="exponent of the norm; 1 is the sum", minimum=1)
    kernel_size: Size = option("size", help="height and width of the window", minimum=1)
    stride: Size | None = option("size", None, help="step of the window; left out: the kernel_size", minimum=1)
    ceil_mode: bool = option("bool", False, help="whether a window that is only partly filled counts")

    def resolve(self, *inputs: ValueType) -> Op:
        return _with_stride(self)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        return _pooled(self.name, x, self.kernel_size, self.stride, 0, (1, 1), self.ceil_mode)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        assert self.stride is not None, "lp_pool: not resolved"
        window = f"{pair(self.kernel_size)}, {pair(self.stride)}"
        return f"F.lp_pool2d({call.args[0]}, {self.norm_type!r}, {window}, {self.ceil_mode})"


@dataclass(frozen=True, kw_only=True)
class AdaptiveAvgPool(Op):
    """Means over as many windows as the output has places; `adaptive_avg_pool: 1` is the mean over all, kept as a map.

    Takes and gives a map.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """

    name: ClassVar[str] = "adaptive_avg_pool"
    main: ClassVar[str | None] = "output_size"

    output_size: Size = option("size", help="height and width of the output", minimum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        height, width = pair(self.output_size)
        return x.replace(height=height, width=width)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        return f"F.adaptive_avg_pool2d({call.args[0]}, {pair(self.output_size)})"


@dataclass(frozen=True, kw_only=True)
class AdaptiveMaxPool(Op):
    """The largest values of as many windows as the output has places.

    Takes and gives a map.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    name: ClassVar[str] = "adaptive_max_pool"
    main: ClassVar[str | None] = "output_size"

    output_size: Size = option("size", help="height and width of the output", minimum=1)

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_kind(self.name, x, "map")
        height, width = pair(self.output_size)
        return x.replace(height=height, width=width)

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def code(self, call: Call) -> str:
        return f"F.adaptive_max_pool2d({call.args[0]}, {pair(self.output_size)})"


@dataclass(frozen=True, kw_only=True)
class GlobalAvgPool(Op):
    """The mean of each channel over all places.

    Takes a map or tokens, gives a vector; `adaptive_avg_pool: 1` gives a map.
    Lin et al. 2013, https://arxiv.org/abs/1312.4400
    """

    name: ClassVar[str] = "global_avg_pool"

    def infer(self, *inputs: ValueType) -> ValueType:
        return _global(self.name, inputs[0])

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def code(self, call: Call) -> str:
        return f"{call.args[0]}.mean({_places(call)})"


@dataclass(frozen=True, kw_only=True)
class GlobalMaxPool(Op):
    """The largest value of each channel over all places; equal values share the gradient.

    Takes a map or tokens, gives a vector; `adaptive_max_pool: 1` gives a map.
    """

    name: ClassVar[str] = "global_max_pool"

    def infer(self, *inputs: ValueType) -> ValueType:
        return _global(self.name, inputs[0])

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def code(self, call: Call) -> str:
        return f"{call.args[0]}.amax({_places(call)})"


def _with_stride(op: _Window) -> _Window:
    kernel = pair(op.kernel_size)
    stride = kernel if op.stride is None else pair(op.stride)
    return replace(op, kernel_size=kernel, stride=stride)


def _pooled(
    name: str, x: ValueType, kernel: Size, stride: Size | None, padding: Size, dilation: tuple[int, int], ceil: bool
) -> ValueType:
    expect_kind(name, x, "map")
    assert stride is not None, f"{name}: not resolved"
    for k, p in zip(pair(kernel), pair(padding), strict=True):
        if p > k // 2:
            raise Misfit(
                "out-of-range",
                f"`padding` (={p}) must be at most half of `kernel_size` (={k})",
                help="with more, some windows would see nothing but padding",
                field="padding",
            )
    return x.replace(**window_sizes(x, pair(kernel), pair(stride), pair(padding), dilation, ceil_mode=ceil))


def _sees_nothing(length: int, stride: int, padding: int, dilation: int, count: int) -> bool:
    """Whether a window that begins in the padding steps over all elements: torch's backward writes where none is."""
    begins = range(-padding, min(0, count * stride - padding), stride)
    return any(begin % dilation >= length for begin in begins)


def _global(name: str, x: ValueType) -> ValueType:
    expect_kind(name, x, "map", "tokens")
    return ValueType((("channels", x.channels),), x.batched)


def _places(call: Call) -> str:
    """The dimensions of all axes but the channels, as an argument of a reduction."""
    dims = [call.dim(name) for name in call.inputs[0].names if name != "channels"]
    return str(dims[0]) if len(dims) == 1 else str(tuple(dims))


OPS: tuple[type[Op], ...] = (MaxPool, AvgPool, LpPool, AdaptiveAvgPool, AdaptiveMaxPool, GlobalAvgPool, GlobalMaxPool)
