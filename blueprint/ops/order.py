"""The elements of an axis in another order: `roll`, `flip`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Op, option
from blueprint.ops.kinds import expect_axis


@dataclass(frozen=True, kw_only=True)
class Reordering(Op):
    """What the ops share that leave every size as it is and move elements along one axis."""

    main: ClassVar[str | None] = "axis"

    axis: str = option("text", help="the axis along which elements move")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_axis(self.name, x, self.axis)
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"


@dataclass(frozen=True, kw_only=True)
class Roll(Reordering):
    """The elements moved along an axis, those pushed out coming in at the other end: y[i] = x[(i - shift) mod size].

    Takes and gives any kind that has the axis.
    https://docs.pytorch.org/docs/stable/generated/torch.roll.html
    """

    name: ClassVar[str] = "roll"

    shift: int = option("int", help="how many places each element moves; below 0 towards the start")

    def code(self, call: Call) -> str:
        return f"torch.roll({call.args[0]}, {self.shift}, {call.dim(self.axis)})"


@dataclass(frozen=True, kw_only=True)
class Flip(Reordering):
    """The elements of an axis in reverse, of any kind that has it.

    https://docs.pytorch.org/docs/stable/generated/torch.flip.html
    """

    name: ClassVar[str] = "flip"

    def code(self, call: Call) -> str:
        return f"{call.args[0]}.flip({call.dim(self.axis)})"


OPS: tuple[type[Op], ...] = (Roll, Flip)
