"""The faults of expressions that are found in more than one place, and the budgets that some of them guard."""

from __future__ import annotations

from blueprint.diagnostics.nearest import nearest
from blueprint.language.functions import FUNCTIONS
from blueprint.language.terms import Call, Expression, ExpressionFault, Name

MAX_MAGNITUDE = 2**63
MAX_LENGTH = 10_000
MAX_STEPS = 100_000


def name_clash(e: Name) -> ExpressionFault:
    """The fault of a name that is also a choice of what is expected."""
    return ExpressionFault(
        "name-clash",
        f"`{e.name}` is both a choice of this field and a name in reach",
        e.start,
        e.end,
        help="give the name in reach another name",
    )


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


def unknown_function(e: Call) -> ExpressionFault:
    """The fault of a call of no function of the language."""
    meant = nearest(e.function, list(FUNCTIONS))
    return ExpressionFault(
        "unknown-name",
        f"there is no function `{e.function}`",
        e.start,
        e.start + len(e.function),
        help=f"did you mean `{meant}`?" if meant else f"the functions are {', '.join(FUNCTIONS)}",
    )


def too_large(e: Expression) -> ExpressionFault:
    """The fault of a number beyond the budget."""
    return ExpressionFault("budget", "a number stays under 2**63", e.start, e.end, label="grows beyond it")


def budget_of_length(e: Expression) -> ExpressionFault:
    """The fault of a list beyond the budget."""
    return ExpressionFault("budget", f"a list holds at most {MAX_LENGTH:,} items", e.start, e.end)


def budget_of_steps(e: Expression) -> ExpressionFault:
    """The fault of a comprehension that takes too long to compute."""
    return ExpressionFault("budget", f"an expression takes at most {MAX_STEPS:,} steps", e.start, e.end)
