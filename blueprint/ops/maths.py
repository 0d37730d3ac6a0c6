"""The elementary functions of each element: powers, logarithms, sine and cosine, sign, bounds, `scale`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Misfit, Op, option
from blueprint.ops.elementwise import Elementwise, elementwise, expect_order

_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch"


@dataclass(frozen=True, kw_only=True)
class Identity(Elementwise):
    """The input as it is, of any kind."""

    name: ClassVar[str] = "identity"

    def code(self, call: Call) -> str:
        return call.args[0]


@dataclass(frozen=True, kw_only=True)
class Scale(Elementwise):
    """x * factor + offset, of any kind."""

    name: ClassVar[str] = "scale"
    main: ClassVar[str | None] = "factor"

    factor: float = option("float", help="the number that multiplies")
    offset: float = option("float", 0.0, help="the number that is added")

    def code(self, call: Call) -> str:
        product = f"{call.args[0]} * {self.factor!r}"
        return f"{product} + {self.offset!r}" if self.offset else product


@dataclass(frozen=True, kw_only=True)
class Clamp(Elementwise):
    """Each element brought between two bounds, min(max(x, min), max), of any kind; one bound may be left out.

    https://docs.pytorch.org/docs/stable/generated/torch.clamp.html
    """

    name: ClassVar[str] = "clamp"
    function: ClassVar[str] = "torch.clamp"

    min: float | None = option("float", None, help="the lower bound; left out: none")
    max: float | None = option("float", None, help="the upper bound; left out: none")

    def infer(self, *inputs: ValueType) -> ValueType:
        if self.min is None and self.max is None:
            raise Misfit(
                "missing-key",
                "`clamp` takes at least one of `min` and `max`",
                help="write `clamp: {min: 0}` or `clamp: {max: 1}`, or both bounds",
                field="min",
            )
        if self.min is not None and self.max is not None:
            expect_order("min", self.min, "max", self.max)
        return super().infer(*inputs)


OPS: tuple[type[Op], ...] = (
    Identity,
    Scale,
    Clamp,
    elementwise("exp", "torch.exp", f"e to the power of each element, of any kind.\n\n{_TORCH}.exp.html"),
    elementwise(
        "log",
        "torch.log",
        f"The natural logarithm, of any kind; of 0 it is -inf, of a negative element nan.\n\n{_TORCH}.log.html",
    ),
    elementwise(
        "log1p",
        "torch.log1p",
        f"The natural logarithm of 1 + x, exact near 0, of any kind.\n\n{_TORCH}.log1p.html",
    ),
    elementwise("sin", "torch.sin", f"The sine of each element in radians, of any kind.\n\n{_TORCH}.sin.html"),
    elementwise("cos", "torch.cos", f"The cosine of each element in radians, of any kind.\n\n{_TORCH}.cos.html"),
    elementwise("sign", "torch.sign", f"-1, 0 or 1 by the sign of each element, of any kind.\n\n{_TORCH}.sign.html"),
    elementwise("abs", "torch.abs", f"The absolute value, of any kind.\n\n{_TORCH}.abs.html"),
    elementwise("square", "torch.square", f"x * x, of any kind.\n\n{_TORCH}.square.html"),
    elementwise(
        "sqrt",
        "torch.sqrt",
        f"The square root, of any kind; of a negative element it is nan, and at 0 its gradient is inf.\n\n"
        f"{_TORCH}.sqrt.html",
    ),
)
