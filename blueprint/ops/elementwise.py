"""What the ops on each element alone share, and a way to state those that differ by their function only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blueprint.language.values import ValueType
from blueprint.ops.base import Call, Layout, Misfit, Op


@dataclass(frozen=True, kw_only=True)
class Elementwise(Op):
    """An op on each element alone: any kind in, the same out."""

    function: ClassVar[str] = ""  # what the code calls with the input and `arguments`

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        return x

    def layout(self, *inputs: ValueType) -> Layout:
        return "any"

    def arguments(self) -> str:
        """The arguments behind the input, as they are written in the code: the fields in their order."""
        return "".join(f", {getattr(self, info.name)!r}" for info in self.fields())

    def code(self, call: Call) -> str:
        return f"{self.function}({call.args[0]}{self.arguments()})"


def elementwise(name: str, function: str, doc: str) -> type[Op]:
    """The op called `name` that has no fields and calls torch's `function` on its input; `doc` is its docstring."""
    return type(name.title().replace("_", ""), (Elementwise,), {"name": name, "function": function, "__doc__": doc})


def expect_order(low: str, least: float, high: str, most: float) -> None:
    """Raise Misfit `out-of-range` unless the value of the field `low` is at most that of the field `high`."""
    if least > most:
        raise Misfit("out-of-range", f"`{low}` (={least}) must be at most `{high}` (={most})", field=low)
