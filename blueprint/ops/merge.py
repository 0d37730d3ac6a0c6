"""Several values become one, and one becomes several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.broadcast import broadcast, joined
from blueprint.ops.kinds import expect_axis, expect_divisible


@dataclass(frozen=True, kw_only=True)
class Merge(Op):
    """What the elementwise ops on several values share: they broadcast by axis name, then by size 1."""

    arity: ClassVar[int | None] = None

    def infer(self, *inputs: ValueType) -> ValueType:
        return broadcast(self.name, inputs)

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"


@dataclass(frozen=True, kw_only=True)
class Add(Merge):
    """The sum of several values of any kind. They broadcast by axis name, then by size 1."""

    name: ClassVar[str] = "add"
    fresh: ClassVar[bool] = True

    def code(self, call: Call) -> str:
        if len(call.inputs) == 1:  # a new tensor, as `fresh` says
            return f"{call.args[0]}.clone()"
        return " + ".join(_aligned(call))


@dataclass(frozen=True, kw_only=True)
class Two(Merge):
    """What the elementwise ops on exactly two values share."""

    def infer(self, *inputs: ValueType) -> ValueType:
        if len(inputs) != 2:
            raise Misfit("out-of-range", f"`{self.name}` takes two values, not {len(inputs)}")
        return super().infer(*inputs)


@dataclass(frozen=True, kw_only=True)
class Subtract(Two):
    """The first of two values less the second, of any kind. They broadcast by axis name, then by size 1."""

    name: ClassVar[str] = "subtract"

    def code(self, call: Call) -> str:
        return " - ".join(_aligned(call))


@dataclass(frozen=True, kw_only=True)
class Multiply(Merge):
    """The product of several values of any kind. They broadcast by axis name, then by size 1."""

    name: ClassVar[str] = "multiply"

    def code(self, call: Call) -> str:
        return " * ".join(_aligned(call))


@dataclass(frozen=True, kw_only=True)
class Divide(Two):
    """The first of two values over the second, of any kind. They broadcast by axis name, then by size 1."""

    name: ClassVar[str] = "divide"

    def code(self, call: Call) -> str:
        return " / ".join(_aligned(call))


@dataclass(frozen=True, kw_only=True)
class Average(Merge):
    """The mean of several values of any kind, element by element. They broadcast by axis name, then by size 1."""

    name: ClassVar[str] = "average"

    def code(self, call: Call) -> str:
        if len(call.inputs) == 1:
            return call.args[0]
        return f"({' + '.join(_aligned(call))}) / {len(call.inputs)}"


@dataclass(frozen=True, kw_only=True)
class Maximum(Merge):
    """The largest of several values of any kind, element by element. They broadcast by axis name, then by size 1."""

    name: ClassVar[str] = "maximum"

    def code(self, call: Call) -> str:
        first, *others = _aligned(call)
        for other in others:
            first = f"torch.{self.name}({first}, {other})"
        return first


@dataclass(frozen=True, kw_only=True)
class Minimum(Maximum):
    """The smallest of several values of any kind, element by element. They broadcast by axis name, then by size 1."""

    name: ClassVar[str] = "minimum"


@dataclass(frozen=True, kw_only=True)
class Concat(Op):
    """Several values of one kind laid behind each other along an axis; all other sizes must be equal.

    Takes and gives any kind. A learned value is repeated for each sample.
    https://docs.pytorch.org/docs/stable/generated/torch.cat.html
    """

    name: ClassVar[str] = "concat"
    arity: ClassVar[int | None] = None

    axis: str = option("text", "channels", help="the axis along which the values are laid behind each other")

    def infer(self, *inputs: ValueType) -> ValueType:
        return joined(self.name, inputs, self.axis)

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def code(self, call: Call) -> str:
        if len(call.inputs) == 1:
            return call.args[0]
        parts = list(call.args)
        batch = next((i for i, value in enumerate(call.inputs) if value.batched), None)
        for index, value in enumerate(call.inputs):
            if batch is not None and not value.batched:
                kept = ", -1" * len(value.axes)
                parts[index] = f"{call.args[index]}.expand({call.args[batch]}.shape[0]{kept})"
        return f"torch.cat(({', '.join(parts)}), {call.dim(self.axis)})"


@dataclass(frozen=True, kw_only=True)
class Split(Op):
    """A value of any kind cut into several along an axis: into n equal parts, or into sizes that add up to the axis.

    `as: [a, b]` names the parts, `as: parts` their list, for `parts[0]` or a loop; the value itself passes on.
    https://docs.pytorch.org/docs/stable/generated/torch.split.html
    """

    name: ClassVar[str] = "split"
    main: ClassVar[str | None] = "sizes"
    several: ClassVar[bool] = True

    sizes: int | tuple[int, ...] = option("int | list[int]", help="how many parts, or the size of each", minimum=1)
    axis: str = option("text", "channels", help="the axis that is cut")

    def resolve(self, *inputs: ValueType) -> Op:
        """The op with the size of each part."""
        if not isinstance(self.sizes, int):
            return replace(self, sizes=tuple(self.sizes))
        size = expect_axis(self.name, inputs[0], self.axis)
        expect_divisible(inputs[0], self.axis, self.sizes, f"`sizes` (={self.sizes})", "sizes")
        return replace(self, sizes=(size // self.sizes,) * self.sizes)

    def infer(self, *inputs: ValueType) -> tuple[ValueType, ...]:
        (x,) = inputs
        size = expect_axis(self.name, x, self.axis)
        if sum(self._sizes) != size:
            parts = " + ".join(map(str, self._sizes))
            raise Misfit(
                "shape-mismatch",
                f"`sizes` ({parts} = {sum(self._sizes)}) must add up to the {self.axis} that enter (={size})",
                label=f"{x} enters",
                field="sizes",
                inputs=(0,),
            )
        return tuple(x.replace(**{self.axis: part}) for part in self._sizes)

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def code(self, call: Call) -> str:
        if len(self._sizes) == 1:
            return call.args[0]
        return f"torch.split_with_sizes({call.args[0]}, {list(self._sizes)}, {call.dim(self.axis)})"

    @property
    def _sizes(self) -> tuple[int, ...]:
        assert not isinstance(self.sizes, int), "split: not resolved"
        return self.sizes


def _aligned(call: Call) -> list[str]:
    return [call.aligned(index) for index in range(len(call.inputs))]


OPS: tuple[type[Op], ...] = (Add, Subtract, Multiply, Divide, Average, Maximum, Minimum, Concat, Split)
