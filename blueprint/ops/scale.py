"""A value times a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blueprint.ops.activation import Elementwise
from blueprint.ops.base import Call, Op, option


@dataclass(frozen=True, kw_only=True)
class Scale(Elementwise):
    """x times a fixed number, of any kind."""

    name: ClassVar[str] = "scale"
    main: ClassVar[str | None] = "factor"

    factor: float = option("float", help="the number")

    def code(self, call: Call) -> str:
        return f"{call.args[0]} * {self.factor!r}"


OPS: tuple[type[Op], ...] = (Scale,)
