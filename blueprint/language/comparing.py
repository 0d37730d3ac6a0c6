"""What a comparison may compare, and the names that are its sides."""

from __future__ import annotations

from blueprint.language.terms import Expression, ExpressionFault, ListOf, Name
from blueprint.language.types import BodyLike, describe


def bare(e: Expression) -> list[Name]:
    """The names that are a side of a comparison, alone or in a list."""
    return [part for part in (e.items if isinstance(e, ListOf) else (e,)) if isinstance(part, Name)]


def sort(value: object) -> str:
    """The sort of a value: only two of one sort are compared."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "choice"
    if isinstance(value, list):
        return "list"
    return "body" if isinstance(value, BodyLike) else "value"


def comparable(left: object, right: object, e: Expression, operator: str) -> None:
    """Refuse a comparison that is false whatever the values are; raises ExpressionFault."""
    if sort(left) != sort(right) or sort(left) in ("body", "value"):
        raise ExpressionFault(
            "wrong-type",
            f"`{operator}` compares two numbers, choices, lists or bools",
            e.start,
            e.end,
            label=f"compares {describe(left)} with {describe(right)}",
        )
