"""The functions that expressions may call, each with the number of arguments that it takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from blueprint.language.terms import Call, Expression, ExpressionFault
from blueprint.language.types import show


class Arguments(Protocol):
    """What a function sees of the evaluation: its arguments, each by the sort that it needs."""

    def number(self, e: Expression) -> int | float:
        """The value of an argument that is a number."""

    def whole(self, e: Expression) -> int:
        """The value of an argument that is a whole number."""

    def items(self, e: Expression) -> list[object]:
        """The value of an argument that is a list."""

    def room(self, count: int, e: Expression) -> None:
        """Refuse a list of more things than the budget."""


Function = Callable[[Arguments, Call], object]


def make_divisible(value: float, divisor: int = 8) -> int:
    """The multiple of `divisor` nearest to `value`, at least `divisor`, not under 0.9 of `value`.

    The rule of the MobileNets: https://arxiv.org/abs/1801.04381 (its published code).
    """
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def _numbers(run: Arguments, e: Expression) -> list[int | float]:
    numbers: list[int | float] = []
    for item in run.items(e):
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise ExpressionFault(
                "wrong-type", "a list of numbers is needed here", e.start, e.end, label=f"holds {show(item)}"
            )
        numbers.append(item)
    return numbers


def _extreme(pick: Callable[[list[int | float]], int | float]) -> Function:
    def function(run: Arguments, e: Call) -> object:
        if len(e.arguments) > 1:
            return pick([run.number(argument) for argument in e.arguments])
        numbers = _numbers(run, e.arguments[0])
        if not numbers:
            raise _empty(e)
        return pick(numbers)

    return function


def _end(index: int) -> Function:
    def function(run: Arguments, e: Call) -> object:
        items = run.items(e.arguments[0])
        if not items:
            raise _empty(e)
        return items[index]

    return function


def _empty(e: Call) -> ExpressionFault:
    return ExpressionFault("expression-value", f"`{e.function}` of an empty list", e.start, e.end)


def _of_number(function: Callable[[float], object]) -> Function:
    return lambda run, e: function(run.number(e.arguments[0]))


def _sqrt(run: Arguments, e: Call) -> object:
    value = run.number(e.arguments[0])
    if value < 0:
        raise ExpressionFault("expression-value", "the root of a negative number", e.start, e.end, label=f"is {value}")
    return math.sqrt(value)


def _make_divisible(run: Arguments, e: Call) -> object:
    divisor = run.whole(e.arguments[1]) if len(e.arguments) > 1 else 8
    if divisor < 1:
        at = e.arguments[1]
        raise ExpressionFault("expression-value", "the divisor is at least 1", at.start, at.end, label=f"is {divisor}")
    return make_divisible(run.number(e.arguments[0]), divisor)


def _range(run: Arguments, e: Call) -> object:
    start = run.whole(e.arguments[0]) if len(e.arguments) > 1 else 0
    stop = run.whole(e.arguments[-1])
    run.room(stop - start, e)
    return list(range(start, stop))


def _linspace(run: Arguments, e: Call) -> object:
    """The values of https://docs.pytorch.org/docs/stable/generated/torch.linspace.html."""
    start, end, count = run.number(e.arguments[0]), run.number(e.arguments[1]), run.whole(e.arguments[2])
    if count < 0:
        at = e.arguments[2]
        raise ExpressionFault("expression-value", "a list has 0 items or more", at.start, at.end, label=f"is {count}")
    run.room(count, e)
    found = [float(start + (end - start) * i / max(1, count - 1)) for i in range(count)]
    return [*found[:-1], float(end)] if count > 1 else found


FUNCTIONS: dict[str, tuple[int, int, Function]] = {
    "min": (1, 99, _extreme(min)),
    "max": (1, 99, _extreme(max)),
    "sum": (1, 1, lambda run, e: sum(_numbers(run, e.arguments[0]))),
    "len": (1, 1, lambda run, e: len(run.items(e.arguments[0]))),
    "abs": (1, 1, _of_number(abs)),
    "round": (1, 1, _of_number(round)),
    "ceil": (1, 1, _of_number(math.ceil)),
    "floor": (1, 1, _of_number(math.floor)),
    "sqrt": (1, 1, _sqrt),
    "first": (1, 1, _end(0)),
    "last": (1, 1, _end(-1)),
    "reversed": (1, 1, lambda run, e: run.items(e.arguments[0])[::-1]),
    "range": (1, 2, _range),
    "linspace": (3, 3, _linspace),
    "make_divisible": (1, 2, _make_divisible),
}
"""By name: the fewest and most arguments, and the function."""
