"""Evaluating an expression: numbers, lists and attributes of values, within a budget of size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from blueprint.language.comparing import bare, comparable, sort
from blueprint.language.expression_faults import (
    MAX_LENGTH,
    MAX_MAGNITUDE,
    MAX_STEPS,
    budget_of_length,
    budget_of_steps,
    name_clash,
    too_large,
    unknown_function,
    unknown_name,
)
from blueprint.language.functions import FUNCTIONS
from blueprint.language.terms import (
    Attribute,
    Binary,
    Call,
    Choice,
    Compare,
    Comprehension,
    Expression,
    ExpressionFault,
    Index,
    ListOf,
    Literal,
    Name,
    Slice,
    Unary,
)
from blueprint.language.types import Member, ValueLike, describe

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


def evaluate(
    expression: Expression,
    scope: Scope,
    members: tuple[str, ...] = (),
    spend: Callable[[int], None] = lambda steps: None,
) -> object:
    """The value of an expression; raises ExpressionFault.

    members: those of the enumeration expected. spend: is told how many steps it took, a fault or not.
    """
    evaluation = _Evaluation(scope)
    try:
        return evaluation.value(expression, members)
    finally:
        spend(evaluation.steps)


class _Inside:
    """The names inside a comprehension: its variable, and those around it."""

    def __init__(self, around: Scope, variable: str, item: object) -> None:
        self.around, self.variable, self.item = around, variable, item
        self.body, self.attribute = around.body, around.attribute

    def lookup(self, name: str) -> object:
        return self.item if name == self.variable else self.around.lookup(name)

    def known(self) -> list[str]:
        return [self.variable, *self.around.known()]


class _Evaluation:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.steps = 0

    def value(self, e: Expression, members: tuple[str, ...] = ()) -> object:
        """The value of a part; it counts as a step, and so does each thing in a list that it is."""
        found = self._value(e, members)
        self.steps += 1 + _leaves(found) if isinstance(found, list) else 1
        return found

    def _value(self, e: Expression, members: tuple[str, ...]) -> object:
        match e:
            case Literal():
                return e.value
            case Name():
                return self.name(e, members)
            case ListOf():
                return self.bounded([self.value(item, members) for item in e.items], e)
            case Comprehension():
                return self.comprehension(e, members)
            case Choice():
                return self.value(e.yes if self.truth(e.condition) else e.no, members)
            case Unary(operator="not"):
                return not self.truth(e.operand)
            case Unary():
                number = self.number(e.operand)
                return -number if e.operator == "-" else number
            case Binary(operator="and" | "or"):
                return self.junction(e)
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
                raise name_clash(e)
            return Member(e.name, members)
        if found is MISSING:
            found = self.scope.body(e.name)
        if found is not MISSING:
            return list(found) if isinstance(found, tuple) else found
        raise unknown_name(e, [*members, *self.scope.known()])

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
                f"`.{e.name}` is nothing that {describe(value)} has",
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
        if not isinstance(value, list):
            raise ExpressionFault("wrong-type", "a list is needed here", e.start, e.end, label=describe(value))
        return value

    def whole(self, e: Expression) -> int:
        value = self.number(e)
        if value != int(value):
            raise ExpressionFault("wrong-type", "a whole number is needed here", e.start, e.end, label=describe(value))
        return int(value)

    def comprehension(self, e: Comprehension, members: tuple[str, ...]) -> object:
        around, found = self.scope, []
        for item in self.items(e.items):
            self.scope = _Inside(around, e.variable.name, item)
            if e.condition is None or self.truth(e.condition):
                found.append(self.value(e.item, members))
            if self.steps > MAX_STEPS:
                raise budget_of_steps(e)
        self.scope = around
        return self.bounded(found, e)

    def junction(self, e: Binary) -> bool:
        """`and` and `or`, from the left, as far as needed; a long row of them is no deep one."""
        row: list[Expression] = [e.right]
        left = e.left
        while isinstance(left, Binary) and left.operator == e.operator:
            row.append(left.right)
            left = left.left
        row.append(left)
        ends = e.operator == "or"
        return ends if any(self.truth(part) is ends for part in reversed(row)) else not ends

    def arithmetic(self, e: Binary) -> object:
        """The result from the left to the right; a long sum is no deep one."""
        row = [e]
        while isinstance(left := row[-1].left, Binary) and left.operator in _ARITHMETIC:
            row.append(left)
        result = self.value(row[-1].left)
        for step in reversed(row):
            result = self.combined(step, result, self.value(step.right))
        return result

    def combined(self, e: Binary, left: object, right: object) -> object:
        if e.operator == "+" and isinstance(left, list) and isinstance(right, list):
            return self.bounded(left + right, e)
        if e.operator == "*":
            for items, count in ((left, right), (right, left)):
                if isinstance(items, list) and isinstance(count, int) and not isinstance(count, bool):
                    self.room(_leaves(items) * count, e)
                    return items * count
        for side, value in ((e.left, left), (e.right, right)):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ExpressionFault(
                    "wrong-type", f"`{e.operator}` needs numbers", side.start, side.end, label=describe(value)
                )
        assert isinstance(left, int | float), "evaluate: an operand that is no number"
        assert isinstance(right, int | float), "evaluate: an operand that is no number"
        if right == 0 and e.operator in ("/", "//", "%"):
            raise ExpressionFault("division-by-zero", "a division by zero", e.right.start, e.right.end, label="is 0")
        if e.operator == "**":
            return self.power(e, left, right)
        try:
            return self.bounded(_ARITHMETIC[e.operator](left, right), e)
        except OverflowError:
            raise too_large(e) from None

    def power(self, e: Binary, base: int | float, exponent: int | float) -> object:
        if base == 0 and exponent < 0:
            raise ExpressionFault(
                "division-by-zero", "a negative power of zero divides by it", e.left.start, e.left.end, label="is 0"
            )
        if abs(base) > 1 and exponent * math.log2(abs(base)) > 64:
            raise too_large(e)
        try:
            result = base**exponent
        except OverflowError:
            raise too_large(e) from None
        if isinstance(result, complex):
            raise ExpressionFault("expression-value", "the root of a negative number", e.start, e.end)
        return self.bounded(result, e)

    def bounded(self, value: object, e: Expression) -> object:
        if isinstance(value, int | float) and not abs(value) < MAX_MAGNITUDE:
            raise too_large(e)
        if isinstance(value, list):
            self.room(_leaves(value), e)
        return value

    def room(self, count: int, e: Expression) -> None:
        if count > MAX_LENGTH:
            raise budget_of_length(e)

    def compare(self, e: Compare) -> bool:
        sides = [e.first, *(right for _, right in e.rest)]
        values = self.operands(sides)
        for at, (operator, _) in enumerate(e.rest):
            left, right = values[at], values[at + 1]
            if operator in ("in", "not in"):
                result = self.contains(sides[at], left, sides[at + 1], right) == (operator == "in")
            elif operator in ("==", "!="):
                comparable(left, right, sides[at + 1], operator)
                result = (left == right) == (operator == "==")
            else:
                for side, value in ((sides[at], left), (sides[at + 1], right)):
                    if sort(value) != "number":
                        raise ExpressionFault(
                            "wrong-type", f"`{operator}` compares numbers", side.start, side.end, label=describe(value)
                        )
                result = _ORDER[operator](left, right)
            if not result:
                return False
        return True

    def contains(self, e: Expression, item: object, list_e: Expression, items: object) -> bool:
        if not isinstance(items, list):
            raise ExpressionFault(
                "wrong-type", "`in` needs a list on its right", list_e.start, list_e.end, label=describe(items)
            )
        for other in items:
            comparable(other, item, e, "in")
        return item in items

    def operands(self, sides: list[Expression]) -> list[object]:
        """The values of a comparison's sides; a bare name may be a member of the other side's enumeration."""
        values: list[object] = []
        pending: list[int] = []
        members: tuple[str, ...] = ()
        origin = -1
        for index, e in enumerate(sides):
            if any(self.scope.lookup(name.name) is MISSING for name in bare(e)):
                pending.append(index)
                values.append(MISSING)
                continue
            value = self.value(e)
            values.append(value)
            first = value[0] if isinstance(value, list) and value else value
            if isinstance(first, Member) and origin < 0:
                members, origin = first.members, index
        for index in pending:
            values[index] = self.value(sides[index], members)
        for index, e in enumerate(sides):
            clash = next((name for name in bare(e) if name.name in members), None)
            if index != origin and index not in pending and clash is not None:
                raise name_clash(clash)
        return values

    def index(self, e: Index) -> object:
        items, index = self.items(e.items), self.whole(e.at)
        if not -len(items) <= index < len(items):
            count = f"{len(items)} item{'' if len(items) == 1 else 's'}"
            raise ExpressionFault(
                "expression-value",
                f"the list has {count}, counted from 0",
                e.at.start,
                e.at.end,
                label=f"is {index}",
            )
        return items[index]

    def slice(self, e: Slice) -> object:
        lower = None if e.lower is None else self.whole(e.lower)
        upper = None if e.upper is None else self.whole(e.upper)
        return self.items(e.items)[lower:upper]

    def call(self, e: Call) -> object:
        rule = FUNCTIONS.get(e.function)
        if rule is None:
            raise unknown_function(e)
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


_ARITHMETIC: dict[str, Callable[[float, float], object]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}
_ORDER: dict[str, Callable[..., bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _leaves(items: list[object]) -> int:
    """How many things a list holds, those in lists inside it counted, up to a little over the budget."""
    pending, count = [items], 0
    while pending and count <= MAX_LENGTH:
        now = pending.pop()
        count += len(now)
        if count <= MAX_LENGTH:
            pending += [item for item in now if isinstance(item, list)]
    return count
