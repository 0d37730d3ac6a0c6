"""The linear map of the channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Op, Weight, option
from blueprint.ops.kinds import expect_axis

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Linear(Op):
    """A linear map of the channels, the same at every place: out = x @ weight.T + bias.

    Takes and gives any kind with a channels axis; on a map it is a convolution of kernel size 1.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """

    name: ClassVar[str] = "linear"
    main: ClassVar[str | None] = "out_features"
    fresh: ClassVar[bool] = True

    out_features: int | None = option("int", None, help="channels of the output; left out: as many as enter", minimum=1)
    bias: bool = option("bool", True, help="whether a learned bias is added")

    def resolve(self, *inputs: ValueType) -> Op:
        (x,) = inputs
        return replace(self, out_features=self.out_features or expect_axis(self.name, x, "channels"))

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_axis(self.name, x, "channels")
        return x.replace(channels=self._out)

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        weight = Weight((self._out, inputs[0].channels))
        return {"weight": weight, "bias": Weight((self._out,))} if self.bias else {"weight": weight}

    def macs(self, *inputs: ValueType) -> int:
        """Input elements times output channels."""
        return inputs[0].elements * self._out

    def layout(self, *inputs: ValueType) -> Layout:
        return "last"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        return nn.Linear(inputs[0].channels, self._out, bias=self.bias)

    def code(self, call: Call) -> str:
        bias = call.parameter("bias")
        return f"F.linear({call.args[0]}, {call.parameter('weight')}, {bias})"

    @property
    def _out(self) -> int:
        assert self.out_features is not None, "linear: not resolved"
        return self.out_features


OPS: tuple[type[Op], ...] = (Linear,)
