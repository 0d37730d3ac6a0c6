"""One axis of a value reduced: `sum`, `mean`, `amax`, `amin`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.kinds import expect_axis


@dataclass(frozen=True, kw_only=True)
class Reduction(Op):
    """What the reductions share: an axis that becomes 1 or goes."""

    main: ClassVar[str | None] = "axis"

    axis: str = option("text", help="the axis that is reduced")
    keepdim: bool = option("bool", False, help="whether the axis stays, with size 1")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_axis(self.name, x, self.axis)
        if self.keepdim:
            return x.replace(**{self.axis: 1})
        if len(x.axes) == 1:
            raise Misfit(
                "wrong-kind",
                f"`{self.name}` would leave no axis of {x}",
                label=f"{x} enters",
                help="write `keepdim: true`",
                inputs=(0,),
            )
        return ValueType(tuple(axis for axis in x.axes if axis[0] != self.axis), x.batched)

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def code(self, call: Call) -> str:
        return f"{call.args[0]}.{self.name}({call.dim(self.axis)}{', True' if self.keepdim else ''})"


@dataclass(frozen=True, kw_only=True)
class Sum(Reduction):
    """The sum along one axis, of any kind that has it; the other axes keep their names.

    https://docs.pytorch.org/docs/stable/generated/torch.sum.html
    """

    name: ClassVar[str] = "sum"


@dataclass(frozen=True, kw_only=True)
class Mean(Reduction):
    """The mean along one axis, of any kind that has it; the other axes keep their names.

    https://docs.pytorch.org/docs/stable/generated/torch.mean.html
    """

    name: ClassVar[str] = "mean"


@dataclass(frozen=True, kw_only=True)
class Amax(Reduction):
    """The largest value along one axis, of any kind that has it; equal values share the gradient.

    https://docs.pytorch.org/docs/stable/generated/torch.amax.html
    """

    name: ClassVar[str] = "amax"


@dataclass(frozen=True, kw_only=True)
class Amin(Reduction):
    """The smallest value along one axis, of any kind that has it; equal values share the gradient.

    https://docs.pytorch.org/docs/stable/generated/torch.amin.html
    """

    name: ClassVar[str] = "amin"


OPS: tuple[type[Op], ...] = (Sum, Mean, Amax, Amin)
