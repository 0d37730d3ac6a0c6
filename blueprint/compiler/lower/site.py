"""What an op's `code` sees of the place it is called from: `ops.base.Call`, filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from blueprint.compiler.lower.slots import Axes, permuted
from blueprint.language.values import ValueType


class Owner(Protocol):
    """Where the expressions for an op's module and all that is in it come from."""

    def module(self) -> str: ...
    def parameter(self, name: str) -> str: ...
    def buffer(self, name: str) -> str: ...
    def setting(self, name: str) -> str: ...
    def count(self, name: str) -> None: ...


@dataclass(frozen=True)
class Site:
    """A node's arguments, their types and orders of axes, and the owner of its weights."""

    args: tuple[str, ...]
    inputs: tuple[ValueType, ...]
    output: ValueType
    orders: tuple[Axes, ...]
    order: Axes
    inplace: bool
    owner: Owner

    @property
    def module(self) -> str:
        """The op's own module, as a callable."""
        return self.owner.module()

    def parameter(self, name: str) -> str:
        """The module's parameter of that name."""
        return self.owner.parameter(name)

    def buffer(self, name: str) -> str:
        """The module's buffer of that name."""
        return self.owner.buffer(name)

    def setting(self, name: str) -> str:
        """The module's attribute of that name, read live."""
        return self.owner.setting(name)

    def count(self, name: str) -> None:
        """Add one to this buffer of the module in training."""
        self.owner.count(name)

    def dim(self, axis: str, of: int = 0) -> int:
        """Where the axis lies in input `of` as torch counts, the batch being 0."""
        return self.orders[of].index(axis) + 1

    def aligned(self, index: int) -> str:
        """Input `index` with size-1 axes put in so that torch broadcasts it to the output by axis name."""
        have = self.orders[index]
        text = permuted(self.args[index], have, tuple(name for name in self.order if name in have))
        marks = [":" if name in have else "None" for name in self.order]
        return f"{text}[:, {', '.join(marks)}]" if "None" in marks else text
