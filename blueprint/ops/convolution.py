"""What all convolutions share: a kernel that moves along the axes of a value, channels in groups, a bias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Layout, Misfit, Op, Weight, option
from blueprint.ops.kinds import expect_kind
from blueprint.ops.sizes import Size

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Convolution(Op):
    """The base of the convolutions: over maps, unless a subclass says otherwise.

    kind, axes: what enters, and the axes along which the kernel moves; torch_name: its class in torch.nn;
    sized: the fields beside the padding that hold a size.
    """

    main: ClassVar[str | None] = "out_channels"
    fresh: ClassVar[bool] = True
    kind: ClassVar[str] = "map"
    axes: ClassVar[tuple[str, ...]] = ("height", "width")
    torch_name: ClassVar[str]
    sized: ClassVar[tuple[str, ...]] = ("kernel_size", "stride", "dilation")

    out_channels: int | None = option("int", None, help="channels of the output; left out: as many as enter", minimum=1)
    kernel_size: Size = option("size", help="height and width of the kernel", minimum=1)
    stride: Size = option("size", 1, help="step of the kernel", minimum=1)
    padding: Size | Literal["same"] = option("size", 0, help="rows and columns on each side", minimum=0)
    dilation: Size = option("size", 1, help="distance of the kernel's elements", minimum=1)
    groups: int = option("int", 1, help="groups of channels that do not see each other", minimum=1)
    bias: bool = option("bool", True, help="whether a learned bias is added")

    def resolve(self, *inputs: ValueType) -> Op:
        """The op with its channels as a number and its sizes as torch's module takes them."""
        (x,) = inputs
        expect_kind(self.name, x, self.kind)
        sizes: dict[str, Any] = {name: self._held(self._along(getattr(self, name))) for name in self.sized}
        sizes["padding"] = self._held(self._padded())
        return replace(self, out_channels=self.out_channels or x.channels, **sizes)

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        weight = Weight((*self._joined(inputs[0].channels), *self._along(self.kernel_size)))
        return {"weight": weight, "bias": Weight((self._out,))} if self.bias else {"weight": weight}

    def layout(self, *inputs: ValueType) -> Layout:
        return "first"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        module: nn.Module = getattr(nn, self.torch_name)(inputs[0].channels, self._out, **self._arguments())
        return module

    def _joined(self, in_channels: int) -> tuple[int, int]:
        """The first two sizes of the weight, which join the channels of one side to those of the other."""
        raise AssertionError(f"{self.name} has no weight")

    def _arguments(self) -> dict[str, Any]:
        """What torch's module takes beside the channels."""
        names = ("kernel_size", "stride", "padding", "dilation", "groups", "bias")
        return {name: getattr(self, name) for name in names}

    def _check(self, x: ValueType) -> None:
        """Raise Misfit unless the input is of the kind, and `groups` divides the channels on both sides."""
        expect_kind(self.name, x, self.kind)
        if x.channels % self.groups:
            raise Misfit(
                "not-divisible",
                f"`in_channels` (={x.channels}) must be divisible by `groups` (={self.groups})",
                label=f"{x.channels} channels enter",
                field="groups",
                inputs=(0,),
            )
        if self._out % self.groups:
            raise Misfit(
                "not-divisible",
                f"`out_channels` (={self._out}) must be divisible by `groups` (={self.groups})",
                field="groups",
            )

    def _padded(self) -> tuple[int, ...]:
        """The padding along each axis."""
        assert self.padding != "same", f"{self.name}: not resolved"
        return self._along(self.padding)

    def _along(self, size: Size) -> tuple[int, ...]:
        """A size along each axis."""
        return (size,) * len(self.axes) if isinstance(size, int) else size

    def _held(self, sizes: tuple[int, ...]) -> Size:
        """A size along each axis as a field holds it: one axis has a number, two have a pair."""
        return sizes[0] if len(sizes) == 1 else (sizes[0], sizes[1])

    @property
    def _out(self) -> int:
        assert self.out_channels is not None, f"{self.name}: not resolved"
        return self.out_channels
