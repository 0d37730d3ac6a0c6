"""The parts of an expression: a small tree whose nodes know their place in the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias


class ExpressionFault(Exception):
    """What is wrong with an expression, and where in its text (characters from start to end)."""

    def __init__(self, code: str, message: str, start: int, end: int, *, label: str = "", help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end = code, message, start, end
        self.label, self.help = label, help


class Literal(NamedTuple):
    """A number or boolean."""

    value: int | float | bool
    start: int
    end: int


class Name(NamedTuple):
    """A name to look up."""

    name: str
    start: int
    end: int


class ListOf(NamedTuple):
    """A list of expressions."""

    items: tuple[Expression, ...]
    start: int
    end: int


class Comprehension(NamedTuple):
    """`[item for variable in items if condition]`."""

    item: Expression
    variable: Name
    items: Expression
    condition: Expression | None
    start: int
    end: int


class Unary(NamedTuple):
    """`-x` or `not x`."""

    operator: str
    operand: Expression
    start: int
    end: int


class Binary(NamedTuple):
    """An arithmetic or boolean operation of two."""

    operator: str
    left: Expression
    right: Expression
    start: int
    end: int


class Compare(NamedTuple):
    """A chain of comparisons: `0 < i <= n`."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    start: int
    end: int


class Choice(NamedTuple):
    """`yes if condition else no`."""

    condition: Expression
    yes: Expression
    no: Expression
    start: int
    end: int


class Call(NamedTuple):
    """A call of one of the language's functions."""

    function: str
    arguments: tuple[Expression, ...]
    start: int
    end: int


class Index(NamedTuple):
    """`items[at]`."""

    items: Expression
    at: Expression
    start: int
    end: int


class Slice(NamedTuple):
    """`items[lower:upper]`."""

    items: Expression
    lower: Expression | None
    upper: Expression | None
    start: int
    end: int


class Attribute(NamedTuple):
    """`value.channels`."""

    value: Expression
    name: str
    start: int
    end: int


Expression: TypeAlias = (
    Literal | Name | ListOf | Comprehension | Unary | Binary | Compare | Choice | Call | Index | Slice | Attribute
)


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside an expression."""
    match expression:
        case Literal() | Name():
            return ()
        case ListOf(items=items):
            return items
        case Comprehension(item=item, items=source, condition=condition):
            return (item, source) if condition is None else (item, source, condition)
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Compare(first=first, rest=rest):
            return (first, *(right for _, right in rest))
        case Choice(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case Call(arguments=arguments):
            return arguments
        case Index(items=items, at=at):
            return (items, at)
        case Slice(items=items, lower=lower, upper=upper):
            return tuple(part for part in (items, lower, upper) if part is not None)
        case Attribute(value=value):
            return (value,)


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all inside it, in the order of the text."""
    pending = [expression]
    while pending:
        now = pending.pop()
        yield now
        pending += reversed(parts(now))


def free_names(expression: Expression) -> list[tuple[Name, bool]]:
    """The names that an expression looks up around it, and whether each is a side of a comparison.

    In the order of the text; the variable of a comprehension is no such name inside it.
    """
    found: list[tuple[Name, bool]] = []
    pending: list[tuple[Expression, bool, frozenset[str]]] = [(expression, False, frozenset())]
    while pending:
        now, compared, bound = pending.pop()
        if isinstance(now, Name) and now.name not in bound:
            found.append((now, compared))
        inside = isinstance(now, Compare) or (compared and isinstance(now, ListOf))
        inner = bound | {now.variable.name} if isinstance(now, Comprehension) else bound
        for part in reversed(parts(now)):
            outer = isinstance(now, Comprehension) and part is now.items
            pending.append((part, inside, bound if outer else inner))
    return found
