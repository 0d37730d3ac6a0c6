"""Evaluating an expression: numbers, lists and attributes of values, within a budget of size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from blueprint.diagnostics.nearest import nearest
from blueprint.language.expression import (
    FUNCTIONS,
    Attribute,
    Binary,
    Call,
    Choice,
    Compare,
    Expression,
    ExpressionFault,
    Index,
    ListOf,
    Literal,
    Name,
    Slice,
    Unary,
)
from blueprint.language.types import Member, ValueLike, describe, show

MAX_MAGNITUDE = 2**63
MAX_LENGTH = 10_000

MISSING = object()
"""What a scope answers for a name that it does not hold."""


class Scope(Protocol):
    """Where an expression's names are looked up."""

    def lookup(self, name: str) -> object:
        """The value of a variable: a value between nodes, loop variable, let or argument; or MISSING."""

    def body(self, name: str) -> object:
        """The block or op of that name as a body, or MISSING."""

    def known(self) -> list[str]:
        """The names that could have been meant."""

    def attribute(self, value: ValueLike, name: str) -> object:
        """An attribute of a value between nodes, or MISSING."""


def evaluate(expression: Expression, scope: Scope, members: tuple[str, ...] = ()) -> object:
    """The value of an expression; `members` are those of the enumeration expected. Raises ExpressionFault."""
    return _Evaluation(scope).value(expression, members)


def make_divisible(value: float, divisor: int = 8) -> int:
    """The multiple of `divisor` nearest to `value`, at least `divisor`, not under 0.9 of `value`.

    The rule of the MobileNets: https://arxiv.org/abs/1801.04381 (its published code).
    """
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class _Evaluation:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def value(self, e: Expression, members: tuple[str, ...] = ()) -> object:
        match e:
            case Literal():
                return e.value
            case Name():
                return self.name(e, members)
            case ListOf():
                return [self.value(item, members) for item in e.items]
            case Choice():
                return self.value(e.yes if self.truth(e.condition) else e.no, members)
            case Unary(operator="not"):
                return not self.truth(e.operand)
            case Unary():
                return -self.number(e.operand)
            case Binary(operator="and"):
                return self.truth(e.left) and self.truth(e.right)
            case Binary(operator="or"):
                return self.truth(e.left) or self.truth(e.right)
            case Binary():
                return self.arithmetic(e)
            case Compare():
                return self.compare(e)
            case Call():
                return self.call(e)
            case Index():
                return self.index(e)
            case Slice():
                return self.slice(e)
            case Attribute():
                return self.attribute(e)

    def name(self, e: Name, members: tuple[str, ...]) -> object:
        found = self.scope.lookup(e.name)
        if e.name in members:
            if found is not MISSING:
                raise ExpressionFault(
                    "name-clash",
                    f"`{e.name}` is both a choice of this field and a name in reach",
                    e.start,
                    e.end,
                    help="give the name in reach another name",
                )
            return Member(e.name, members)
        if found is MISSING:
            found = self.scope.body(e.name)
        if found is not MISSING:
            return found
        known = [*members, *self.scope.known()]
        raise unknown_name(e, known)

    def attribute(self, e: Attribute) -> object:
        value = self.value(e.value)
        if not isinstance(value, ValueLike):
            raise ExpressionFault(
                "wrong-type", f"only a value between nodes has `.{e.name}`", e.start, e.end, label=describe(value)
            )
        found = self.scope.attribute(value, e.name)
        if found is MISSING:
            raise ExpressionFault(
                "unknown-name",
                f"a {value.kind} has no `.{e.name}`",
                e.end - len(e.name),
                e.end,
                help={
                    "map": "a map has `.channels`, `.height` and `.width`",
                    "tokens": "tokens have `.tokens` and `.channels`",
                    "vector": "a vector has `.channels`",
                }.get(value.kind, ""),
            )
        return found

    def number(self, e: Expression) -> int | float:
        value = self.value(e)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ExpressionFault("wrong-type", "a number is needed here", e.start, e.end, label=describe(value))
        return value

    def truth(self, e: Expression) -> bool:
        value = self.value(e)
        if not isinstance(value, bool):
            raise ExpressionFault(
                "wrong-type",
                "a condition is true or false",
                e.start,
                e.end,
                label=describe(value),
                help="compare: `> 0`, `!= 0`, `len(...) > 0`",
            )
        return value

    def items(self, e: Expression) -> list[object]:
        value = self.value(e)
        if not isinstance(value, list | tuple):
            raise ExpressionFault("wrong-type", "a list is needed here", e.start, e.end, label=describe(value))
        return list(value)

    def whole(self, e: Expression) -> int:
        value = self.number(e)
        if value != int(value):
            raise ExpressionFault("wrong-type", "a whole number is needed here", e.start, e.end, label=describe(value))
        return int(value)

    def arithmetic(self, e: Binary) -> object:
        left, right = self.value(e.left), self.value(e.right)
        if e.operator == "+" and isinstance(left, list) and isinstance(right, list):
            return self.bounded(left + right, e)
        if e.operator == "*" and isinstance(left, list) and isinstance(right, int) and not isinstance(right, bool):
            if len(left) * right > MAX_LENGTH:
                raise budget_of_length(e)
            return left * right
        for side, value in ((e.left, left), (e.right, right)):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ExpressionFault(
                    "wrong-type",
                    f"`{e.operator}` needs numbers",
                    side.start,
                    side.end,
                    label=describe(value),
                )
        assert isinstance(left, int | float), "evaluate: an operand that is no number"
        assert isinstance(right, int | float), "evaluate: an operand that is no number"
        if e.operator in ("/", "//", "%") and right == 0:
            raise ExpressionFault("division-by-zero", "a division by zero", e.right.start, e.right.end, label="is 0")
        if e.operator == "**" and abs(left) > 1 and abs(right) * math.log2(abs(left)) > 63:
            raise too_large(e)
        try:
            result = _ARITHMETIC[e.operator](left, right)
        except (OverflowError, ZeroDivisionError, ValueError):
            raise too_large(e) from None
        if isinstance(result, complex):
            raise ExpressionFault("expression-value", "the root of a negative number", e.start, e.end)
        return self.bounded(result, e)

    def bounded(self, value: object, e: Expression) -> object:
        if isinstance(value, int | float) and not abs(value) < MAX_MAGNITUDE:
            raise too_large(e)
        if isinstance(value, list) and len(value) > MAX_LENGTH:
            raise budget_of_length(e)
        return value

    def compare(self, e: Compare) -> bool:
        expressions = [e.first, *(right for _, right in e.rest)]
        values = self.operands(expressions)
        for (operator, _), left, right, le, re in zip(
            e.rest, values, values[1:], expressions, expressions[1:], strict=False
        ):
            if operator in ("in", "not in"):
                if not isinstance(right, list):
                    raise ExpressionFault(
                        "wrong-type", "`in` needs a list on its right", re.start, re.end, label=describe(right)
                    )
                if (left in right) != (operator == "in"):
                    return False
                continue
            if operator not in ("==", "!="):
                for side, value in ((le, left), (re, right)):
                    if isinstance(value, bool) or not isinstance(value, int | float):
                        raise ExpressionFault(
                            "wrong-type", f"`{operator}` compares numbers", side.start, side.end, label=describe(value)
                        )
            if not _COMPARISONS[operator](left, right):
                return False
        return True

    def operands(self, expressions: list[Expression]) -> list[object]:
        """The values of a comparison's sides; a bare name may be a member of the other side's enumeration."""
        values: list[object] = []
        pending = []
        members: tuple[str, ...] = ()
        for index, e in enumerate(expressions):
            bare = isinstance(e, Name) or (isinstance(e, ListOf) and all(isinstance(i, Name) for i in e.items))
            unresolved = bare and any(
                isinstance(n, Name) and self.scope.lookup(n.name) is MISSING
                for n in (e.items if isinstance(e, ListOf) else (e,))
            )
            if unresolved:
                pending.append(index)
                values.append(MISSING)
                continue
            value = self.value(e)
            values.append(value)
            first = value[0] if isinstance(value, list) and value else value
            if isinstance(first, Member):
                members = first.members
        for index in pending:
            values[index] = self.value(expressions[index], members)
        return values

    def index(self, e: Index) -> object:
        items, index = self.items(e.items), self.whole(e.index)
        if not -len(items) <= index < len(items):
            raise ExpressionFault(
                "expression-value",
                f"the list has {len(items)} items, counted from 0",
                e.index.start,
                e.index.end,
                label=f"is {index}",
            )
        return items[index]

    def slice(self, e: Slice) -> object:
        lower = None if e.lower is None else self.whole(e.lower)
        upper = None if e.upper is None else self.whole(e.upper)
        return self.items(e.items)[lower:upper]

    def call(self, e: Call) -> object:
        rule = _CALLS.get(e.function)
        if rule is None:
            meant = nearest(e.function, list(FUNCTIONS))
            raise ExpressionFault(
                "unknown-name",
                f"there is no function `{e.function}`",
                e.start,
                e.start + len(e.function),
                help=f"did you mean `{meant}`?" if meant else f"the functions are {', '.join(FUNCTIONS)}",
            )
        least, most, function = rule
        if not least <= len(e.arguments) <= most:
            count = str(least) if least == most else f"{least} to {most}" if most < 99 else f"{least} or more"
            raise ExpressionFault(
                "expression-value",
                f"`{e.function}` takes {count} argument{'s' if count != '1' else ''}, not {len(e.arguments)}",
                e.start,
                e.end,
            )
        return self.bounded(function(self, e), e)


def _extreme(pick: Callable[[list[int | float]], object]) -> Callable[[_Evaluation, Call], object]:
    def function(run: _Evaluation, e: Call) -> object:
        if len(e.arguments) == 1:
            items = run.items(e.arguments[0])
            _numbers(items, e.arguments[0])
            if not items:
                raise ExpressionFault("expression-value", f"`{e.function}` of an empty list", e.start, e.end)
            return pick(items)  # type: ignore[arg-type]
        return pick([run.number(argument) for argument in e.arguments])

    return function


def _numbers(items: list[object], e: Expression) -> None:
    for item in items:
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise ExpressionFault("wrong-type", "a list of numbers is needed here", e.start, e.end, label=show(items))


def _sum(run: _Evaluation, e: Call) -> object:
    items = run.items(e.arguments[0])
    _numbers(items, e.arguments[0])
    return sum(items)  # type: ignore[arg-type]


def _end(index: int) -> Callable[[_Evaluation, Call], object]:
    def function(run: _Evaluation, e: Call) -> object:
        items = run.items(e.arguments[0])
        if not items:
            raise ExpressionFault("expression-value", f"`{e.function}` of an empty list", e.start, e.end)
        return items[index]

    return function


def _rounded(function: Callable[[float], object]) -> Callable[[_Evaluation, Call], object]:
    return lambda run, e: function(run.number(e.arguments[0]))


def _sqrt(run: _Evaluation, e: Call) -> object:
    value = run.number(e.arguments[0])
    if value < 0:
        raise ExpressionFault("expression-value", "the root of a negative number", e.start, e.end, label=f"is {value}")
    return math.sqrt(value)


def _divisible(run: _Evaluation, e: Call) -> object:
    divisor = run.whole(e.arguments[1]) if len(e.arguments) > 1 else 8
    if divisor < 1:
        raise ExpressionFault("expression-value", "the divisor is at least 1", e.arguments[1].start, e.arguments[1].end)
    return make_divisible(run.number(e.arguments[0]), divisor)


_CALLS: dict[str, tuple[int, int, Callable[[_Evaluation, Call], object]]] = {
    "min": (1, 99, _extreme(min)),
    "max": (1, 99, _extreme(max)),
    "sum": (1, 1, _sum),
    "len": (1, 1, lambda run, e: len(run.items(e.arguments[0]))),
    "abs": (1, 1, _rounded(abs)),
    "round": (1, 1, _rounded(round)),
    "ceil": (1, 1, _rounded(math.ceil)),
    "floor": (1, 1, _rounded(math.floor)),
    "sqrt": (1, 1, _sqrt),
    "first": (1, 1, _end(0)),
    "last": (1, 1, _end(-1)),
    "reversed": (1, 1, lambda run, e: run.items(e.arguments[0])[::-1]),
    "make_divisible": (1, 2, _divisible),
}
assert set(_CALLS) == set(FUNCTIONS), "evaluate: the table of functions differs from the grammar's"

_ARITHMETIC: dict[str, Callable[[float, float], object]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}
_COMPARISONS: dict[str, Callable[..., bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def unknown_name(e: Name, known: list[str]) -> ExpressionFault:
    """The fault of a name that nothing in reach bears."""
    meant = nearest(e.name, known)
    return ExpressionFault(
        "unknown-name",
        f"nothing here is called `{e.name}`",
        e.start,
        e.end,
        help=f"did you mean `{meant}`?" if meant else "",
    )


def too_large(e: Expression) -> ExpressionFault:
    """The fault of a number beyond the budget."""
    return ExpressionFault("budget", "a number stays under 2**63", e.start, e.end, label="grows beyond it")


def budget_of_length(e: Expression) -> ExpressionFault:
    """The fault of a list beyond the budget."""
    return ExpressionFault("budget", f"a list has at most {MAX_LENGTH} items", e.start, e.end)
