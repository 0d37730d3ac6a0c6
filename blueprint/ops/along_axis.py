"""Functions of the values along one axis: `softmax`, `softmin`, `log_softmax`, `normalize`, `glu`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Op, option
from blueprint.ops.kinds import expect_axis, expect_divisible


@dataclass(frozen=True, kw_only=True)
class AlongAxis(Op):
    """What these ops share: an axis that the input must have, and any kind in."""

    main: ClassVar[str | None] = "axis"
    form: ClassVar[str] = ""  # the code, with {x} for the input and {dim} for the axis

    axis: str = option("text", "channels", help="the axis along which it acts")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_axis(self.name, x, self.axis)
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def code(self, call: Call) -> str:
        return self.form.format(x=call.args[0], dim=call.dim(self.axis))


@dataclass(frozen=True, kw_only=True)
class Softmax(AlongAxis):
    """exp(x) divided by its sum along one axis, of any kind that has the axis.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """

    name: ClassVar[str] = "softmax"
    form: ClassVar[str] = "torch.softmax({x}, {dim})"


@dataclass(frozen=True, kw_only=True)
class Softmin(AlongAxis):
    """exp(-x) divided by its sum along one axis, of any kind that has the axis.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html
    """

    name: ClassVar[str] = "softmin"
    form: ClassVar[str] = "torch.softmax(-{x}, {dim})"


@dataclass(frozen=True, kw_only=True)
class LogSoftmax(AlongAxis):
    """x - log(sum(exp(x))), the sum along one axis; of any kind that has the axis.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
    """

    name: ClassVar[str] = "log_softmax"
    form: ClassVar[str] = "torch.log_softmax({x}, {dim})"


@dataclass(frozen=True, kw_only=True)
class Normalize(AlongAxis):
    """x / max(norm, eps) with the p-norm along one axis, of any kind that has it.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """

    name: ClassVar[str] = "normalize"

    p: float = option("float", 2.0, help="exponent of the norm: sum(abs(x) ** p) ** (1 / p)", minimum=0)
    eps: float = option("float", 1e-12, help="the least that x is divided by", minimum=0)

    def code(self, call: Call) -> str:
        return f"F.normalize({call.args[0]}, {self.p!r}, {call.dim(self.axis)}, {self.eps!r})"


@dataclass(frozen=True, kw_only=True)
class Glu(AlongAxis):
    """a * sigmoid(b), a and b the first and second half along one axis.

    Takes any kind that has the axis, gives the same with half its size there.
    Dauphin et al. 2016, https://arxiv.org/abs/1612.08083;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
    """

    name: ClassVar[str] = "glu"
    form: ClassVar[str] = "F.glu({x}, {dim})"

    axis: str = option("text", "channels", help="the axis that is halved")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        size = expect_axis(self.name, x, self.axis)
        expect_divisible(x, self.axis, 2, "2, the parts of a `glu`", "axis")
        return x.replace(**{self.axis: size // 2})


OPS: tuple[type[Op], ...] = (Softmax, Softmin, LogSoftmax, Normalize, Glu)
