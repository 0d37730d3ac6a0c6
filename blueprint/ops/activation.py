"""Activations: functions of each element alone, and `softmax`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, Weight, option
from blueprint.ops.kinds import expect_axis

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Elementwise(Op):
    """What the ops on each element alone share: any kind in, the same out."""

    function: ClassVar[str] = ""  # what the code calls with the input and `arguments`

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def arguments(self) -> str:
        """The arguments behind the input, as they are written in the code."""
        return ""

    def code(self, call: Call) -> str:
        return f"{self.function}({call.args[0]}{self.arguments()})"


@dataclass(frozen=True, kw_only=True)
class Identity(Elementwise):
    """The input as it is, of any kind."""

    name: ClassVar[str] = "identity"

    def code(self, call: Call) -> str:
        return call.args[0]


@dataclass(frozen=True, kw_only=True)
class Relu(Elementwise):
    """The positive part, max(x, 0), of any kind.

    Nair and Hinton 2010, https://icml.cc/Conferences/2010/papers/432.pdf;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
    """

    name: ClassVar[str] = "relu"

    def code(self, call: Call) -> str:
        return f"torch.relu{'_' if call.inplace else ''}({call.args[0]})"


@dataclass(frozen=True, kw_only=True)
class Relu6(Elementwise):
    """The positive part up to six, min(max(x, 0), 6), of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html
    """

    name: ClassVar[str] = "relu6"
    function: ClassVar[str] = "F.relu6"


@dataclass(frozen=True, kw_only=True)
class Gelu(Elementwise):
    """x * Phi(x) with the normal distribution function Phi, of any kind.

    `approximate: tanh` is 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))).
    Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
    """

    name: ClassVar[str] = "gelu"
    function: ClassVar[str] = "F.gelu"

    approximate: Literal["none", "tanh"] = option("none | tanh", "none", help="the exact function or its approximation")

    def arguments(self) -> str:
        return "" if self.approximate == "none" else ', approximate="tanh"'


@dataclass(frozen=True, kw_only=True)
class Silu(Elementwise):
    """x * sigmoid(x), of any kind; also called swish.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html
    """

    name: ClassVar[str] = "silu"
    function: ClassVar[str] = "F.silu"


@dataclass(frozen=True, kw_only=True)
class Mish(Elementwise):
    """x * tanh(softplus(x)), of any kind.

    Misra 2019, https://arxiv.org/abs/1908.08681;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html
    """

    name: ClassVar[str] = "mish"
    function: ClassVar[str] = "F.mish"


@dataclass(frozen=True, kw_only=True)
class Sigmoid(Elementwise):
    """1 / (1 + exp(-x)), of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html
    """

    name: ClassVar[str] = "sigmoid"
    function: ClassVar[str] = "torch.sigmoid"


@dataclass(frozen=True, kw_only=True)
class Tanh(Elementwise):
    """The hyperbolic tangent, of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html
    """

    name: ClassVar[str] = "tanh"
    function: ClassVar[str] = "torch.tanh"


@dataclass(frozen=True, kw_only=True)
class Hardswish(Elementwise):
    """x * min(max(x + 3, 0), 6) / 6, of any kind.

    Howard et al. 2019, https://arxiv.org/abs/1905.02244;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
    """

    name: ClassVar[str] = "hardswish"
    function: ClassVar[str] = "F.hardswish"


@dataclass(frozen=True, kw_only=True)
class Hardsigmoid(Elementwise):
    """min(max(x + 3, 0), 6) / 6, of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
    """

    name: ClassVar[str] = "hardsigmoid"
    function: ClassVar[str] = "F.hardsigmoid"


@dataclass(frozen=True, kw_only=True)
class LeakyRelu(Elementwise):
    """x where it is positive, else negative_slope * x, of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
    """

    name: ClassVar[str] = "leaky_relu"
    main: ClassVar[str | None] = "negative_slope"
    function: ClassVar[str] = "F.leaky_relu"

    negative_slope: float = option("float", 0.01, help="slope where x is negative")

    def arguments(self) -> str:
        return f", {self.negative_slope!r}"


@dataclass(frozen=True, kw_only=True)
class Elu(Elementwise):
    """x where it is positive, else alpha * (exp(x) - 1), of any kind.

    Clevert et al. 2015, https://arxiv.org/abs/1511.07289;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
    """

    name: ClassVar[str] = "elu"
    main: ClassVar[str | None] = "alpha"
    function: ClassVar[str] = "F.elu"

    alpha: float = option("float", 1.0, help="what the function tends to, negated, as x falls")

    def arguments(self) -> str:
        return f", {self.alpha!r}"


@dataclass(frozen=True, kw_only=True)
class Softplus(Elementwise):
    """log(1 + exp(beta * x)) / beta, and x itself where beta * x > threshold; of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
    """

    name: ClassVar[str] = "softplus"
    function: ClassVar[str] = "F.softplus"

    beta: float = option("float", 1.0, help="how sharply the function bends")
    threshold: float = option("float", 20.0, help="where the function is taken as linear")

    def arguments(self) -> str:
        return f", {self.beta!r}, {self.threshold!r}"


@dataclass(frozen=True, kw_only=True)
class Prelu(Op):
    """x where it is positive, else weight * x with a learned weight, of any kind.

    He et al. 2015, https://arxiv.org/abs/1502.01852;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """

    name: ClassVar[str] = "prelu"
    main: ClassVar[str | None] = "num_parameters"

    num_parameters: int = option("int", 1, help="one weight for all channels, or as many as channels enter", minimum=1)
    init: float = option("float", 0.25, help="the weights' first value")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        if self.num_parameters != 1 and expect_axis(self.name, x, "channels") != self.num_parameters:
            raise Misfit(
                "shape-mismatch",
                f"`num_parameters` (={self.num_parameters}) must be 1 or the channels that enter (={x.channels})",
                label=f"{x} enters",
                field="num_parameters",
                inputs=(0,),
            )
        return x

    def weights(self, *inputs: ValueType) -> Mapping[str, Weight]:
        return {"weight": Weight((self.num_parameters,))}

    def layout(self, *inputs: ValueType) -> Layout:
        return "any" if self.num_parameters == 1 else "first"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        return nn.PReLU(self.num_parameters, init=self.init)

    def code(self, call: Call) -> str:
        return f"torch.prelu({call.args[0]}, {call.parameter('weight')})"


@dataclass(frozen=True, kw_only=True)
class Softmax(Op):
    """exp(x) divided by its sum along one axis, of any kind that has the axis.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """

    name: ClassVar[str] = "softmax"
    main: ClassVar[str | None] = "axis"

    axis: str = option("text", "channels", help="the axis along which the values sum to 1")

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        expect_axis(self.name, x, self.axis)
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def code(self, call: Call) -> str:
        return f"torch.softmax({call.args[0]}, {call.dim(self.axis)})"


OPS: tuple[type[Op], ...] = (
    Identity,
    Relu,
    Relu6,
    Gelu,
    Silu,
    Mish,
    Sigmoid,
    Tanh,
    Hardswish,
    Hardsigmoid,
    LeakyRelu,
    Elu,
    Softplus,
    Prelu,
    Softmax,
)
