"""Activations: functions of each element alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, Weight, option
from blueprint.ops.elementwise import Elementwise, elementwise, expect_order
from blueprint.ops.kinds import expect_axis

if TYPE_CHECKING:
    from torch import nn


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
class LeakyRelu(Elementwise):
    """x where it is positive, else negative_slope * x, of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
    """

    name: ClassVar[str] = "leaky_relu"
    main: ClassVar[str | None] = "negative_slope"
    function: ClassVar[str] = "F.leaky_relu"

    negative_slope: float = option("float", 0.01, help="slope where x is negative")


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


@dataclass(frozen=True, kw_only=True)
class Celu(Elementwise):
    """x where it is positive, else alpha * (exp(x / alpha) - 1), of any kind.

    Barron 2017, https://arxiv.org/abs/1704.07483;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html
    """

    name: ClassVar[str] = "celu"
    main: ClassVar[str | None] = "alpha"
    function: ClassVar[str] = "torch.celu"

    alpha: float = option("float", 1.0, help="what the function tends to, negated, as x falls; not 0")

    def infer(self, *inputs: ValueType) -> ValueType:
        if self.alpha == 0:
            raise Misfit("out-of-range", "`alpha` (=0) of a `celu` must not be 0, as x is divided by it", field="alpha")
        return super().infer(*inputs)


@dataclass(frozen=True, kw_only=True)
class Softplus(Elementwise):
    """log(1 + exp(beta * x)) / beta, and x itself where beta * x > threshold; of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
    """

    name: ClassVar[str] = "softplus"
    function: ClassVar[str] = "F.softplus"

    beta: float = option("float", 1.0, help="how sharply the function bends")
    threshold: float = option("float", 20.0, help="where the function is taken as linear")


@dataclass(frozen=True, kw_only=True)
class Threshold(Elementwise):
    """x where it is larger than a threshold, else a fixed value; of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html
    """

    name: ClassVar[str] = "threshold"
    function: ClassVar[str] = "torch.threshold"

    threshold: float = option("float", help="what x must be larger than to stay")
    value: float = option("float", help="what stands elsewhere")


@dataclass(frozen=True, kw_only=True)
class Hardtanh(Elementwise):
    """min(max(x, min_val), max_val), of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
    """

    name: ClassVar[str] = "hardtanh"
    function: ClassVar[str] = "F.hardtanh"

    min_val: float = option("float", -1.0, help="the lower bound")
    max_val: float = option("float", 1.0, help="the upper bound")

    def infer(self, *inputs: ValueType) -> ValueType:
        expect_order("min_val", self.min_val, "max_val", self.max_val)
        return super().infer(*inputs)


@dataclass(frozen=True, kw_only=True)
class Hardshrink(Elementwise):
    """x where it is larger than lambd or less than -lambd, else 0; of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
    """

    name: ClassVar[str] = "hardshrink"
    main: ClassVar[str | None] = "lambd"
    function: ClassVar[str] = "torch.hardshrink"

    lambd: float = option("float", 0.5, help="half the width of the zeros", minimum=0)


@dataclass(frozen=True, kw_only=True)
class Softshrink(Elementwise):
    """x brought nearer to 0 by lambd, and 0 where it would cross: sign(x) * max(|x| - lambd, 0), of any kind.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html
    """

    name: ClassVar[str] = "softshrink"
    main: ClassVar[str | None] = "lambd"
    function: ClassVar[str] = "F.softshrink"

    lambd: float = option("float", 0.5, help="half the width of the zeros", minimum=0)


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
class Rrelu(Elementwise):
    """x where it is positive, else x times a random slope, of any kind; each element draws its own.

    The slope is uniform between `lower` and `upper` in training, their mean otherwise.
    Xu et al. 2015, https://arxiv.org/abs/1505.00853;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RReLU.html
    """

    name: ClassVar[str] = "rrelu"
    random: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ("inplace",)

    lower: float = option("float", 1 / 8, help="the least slope")
    upper: float = option("float", 1 / 3, help="the largest slope")

    def infer(self, *inputs: ValueType) -> ValueType:
        expect_order("lower", self.lower, "upper", self.upper)
        return super().infer(*inputs)

    def layout(self, *inputs: ValueType) -> Layout:
        """Natural: torch draws the slopes in the order of the axes, not of memory."""
        return "natural"

    def module(self, *inputs: ValueType) -> nn.Module | None:
        from torch import nn

        return nn.RReLU(self.lower, self.upper)

    def code(self, call: Call) -> str:
        lower, upper = call.setting("lower"), call.setting("upper")
        return f"torch.rrelu({call.args[0]}, {lower}, {upper}, {call.setting('training')})"


def _plain(name: str, function: str, formula: str, page: str, paper: str = "") -> type[Op]:
    """An activation without fields: its formula, its page in torch's documentation and the paper it comes from."""
    source = f"https://docs.pytorch.org/docs/stable/generated/torch.nn.{page}.html"
    sources = f"{paper};\n{source}" if paper else source
    return elementwise(name, function, f"{formula}, of any kind.\n\n{sources}")


OPS: tuple[type[Op], ...] = (
    Relu,
    Gelu,
    LeakyRelu,
    Elu,
    Celu,
    Softplus,
    Threshold,
    Hardtanh,
    Hardshrink,
    Softshrink,
    Prelu,
    Rrelu,
    _plain("relu6", "F.relu6", "The positive part up to six, min(max(x, 0), 6)", "ReLU6"),
    _plain(
        "selu",
        "torch.selu",
        "1.0507 * x where x is positive, else 1.0507 * 1.67326 * (exp(x) - 1)",
        "SELU",
        "Klambauer et al. 2017, https://arxiv.org/abs/1706.02515",
    ),
    _plain("silu", "F.silu", "x * sigmoid(x), also called swish", "SiLU"),
    _plain("mish", "F.mish", "x * tanh(softplus(x))", "Mish", "Misra 2019, https://arxiv.org/abs/1908.08681"),
    _plain("sigmoid", "torch.sigmoid", "1 / (1 + exp(-x))", "Sigmoid"),
    _plain("log_sigmoid", "F.logsigmoid", "log(1 / (1 + exp(-x)))", "LogSigmoid"),
    _plain("tanh", "torch.tanh", "The hyperbolic tangent", "Tanh"),
    _plain("tanhshrink", "F.tanhshrink", "x - tanh(x)", "Tanhshrink"),
    _plain("softsign", "F.softsign", "x / (1 + |x|)", "Softsign"),
    _plain(
        "hardswish",
        "F.hardswish",
        "x * min(max(x + 3, 0), 6) / 6",
        "Hardswish",
        "Howard et al. 2019, https://arxiv.org/abs/1905.02244",
    ),
    _plain("hardsigmoid", "F.hardsigmoid", "min(max(x + 3, 0), 6) / 6", "Hardsigmoid"),
)
