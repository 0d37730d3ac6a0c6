"""What names stand for while a document is elaborated: values between nodes, bodies, and the scopes that hold them."""

from __future__ import annotations

from dataclasses import dataclass, field

from blueprint.compiler.syntax import Block, BodyLiteral, Library
from blueprint.language.evaluate import MISSING
from blueprint.language.types import BodyLike, ValueLike
from blueprint.language.values import ValueType
from blueprint.ops import Op, find


class Poisoned(Exception):
    """Something depends on a fault that is already reported; nothing more is said of it."""


@dataclass(frozen=True)
class Value(ValueLike):
    """A value of the graph under construction; without a type, the result of a fault."""

    id: int = -1
    type: ValueType | None = None

    @property
    def kind(self) -> str:  # type: ignore[override]
        """The kind of its type."""
        return self.type.kind if self.type is not None else "any"


POISON = Value()
"""The value of a node at fault."""


@dataclass(frozen=True, eq=False)
class OpBody(BodyLike):
    """An op as a body."""

    op: type[Op]


@dataclass(frozen=True, eq=False)
class BlockBody(BodyLike):
    """A block as a body."""

    block: Block


@dataclass(frozen=True, eq=False)
class LiteralBody(BodyLike):
    """A body as it is written, with the scope of that place."""

    literal: BodyLiteral
    env: Env


@dataclass(eq=False)
class Env:
    """A scope: names and what they stand for, within an outer scope. `library` holds the blocks in reach."""

    library: Library
    outer: Env | None = None
    names: dict[str, object] = field(default_factory=dict)

    def lookup(self, name: str) -> object:
        """What a name stands for, or MISSING."""
        scope: Env | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return MISSING

    def body(self, name: str) -> object:
        """The block or op of that name, or MISSING."""
        block = self.library.find(name)
        if block is not None:
            return BlockBody(block)
        op = find(name)
        return OpBody(op) if op is not None else MISSING

    def inner(self, **names: object) -> Env:
        """A scope inside this one."""
        return Env(self.library, self, names)

    def all_names(self) -> list[str]:
        """Every name in reach, the nearest first."""
        return [*self.names, *(self.outer.all_names() if self.outer else [])]
