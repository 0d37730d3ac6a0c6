"""Patterns such as `c (h i) (w j) -> (j i c) h w`: their parser and the sizes of their axes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from blueprint.language.values import ValueType
from blueprint.ops.base import Misfit

Groups: TypeAlias = tuple[tuple[str, ...], ...]
"""One side of a pattern: for each axis the names that it is composed of, outermost first; none for a 1."""

MAX_NAMES = 32

_EXAMPLE = "write the axes before and after, such as `c h w -> (h w) c`"
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|\d+|[()]|\S")


@dataclass(frozen=True)
class Pattern:
    """The axes of a value before and after, the batch left out; both sides have the same names.

    names: what the axes behind the arrow are called; new ones of size 1 may have names that no side has.
    """

    left: Groups
    right: Groups
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{_side(self.left)} -> {_side(self.right)}"


def parse(text: str, given: Mapping[str, int] | None = None) -> Pattern:
    """The pattern that the text writes; raises Misfit `expression-syntax`.

    given: sizes by name. One of 1 lets a name stand behind the arrow alone, for a new axis or factor of one.
    """
    left, right = (_parse_side(text, side) for side in sides(text, _EXAMPLE))
    names = [{name for group in side for name in group} for side in (left, right)]
    sizes = given or {}
    new = {name for name in names[1] - names[0] if sizes.get(name) == 1}
    for one, other, place in ((0, 1, "right"), (1, 0, "left")):
        missing = sorted(names[one] - names[other] - (new if place == "left" else set()))
        if missing:
            sized = ", and a new axis has size 1" if place == "left" and missing[0] in sizes else ""
            raise _fault(text, f"`{missing[0]}` is missing on the {place}{sized}")
    called = tuple("_".join(group) or f"one_{number}" for number, group in enumerate(right, 1))
    return Pattern(left, tuple(tuple(name for name in group if name not in new) for group in right), called)


def sides(text: str, example: str) -> tuple[str, str]:
    """What stands before the `->` and behind it; raises Misfit `expression-syntax` unless there is one."""
    parts = text.split("->")
    if len(parts) != 2:
        raise fault(text, f"it needs one `->`, and has {len(parts) - 1}", example)
    most = max(len(set(filter(is_name, tokens(part)))) for part in parts)
    if most > MAX_NAMES:
        raise fault(text, f"it has {most} names, and {MAX_NAMES} at most are of use", example)
    return parts[0], parts[1]


def tokens(side: str) -> list[str]:
    """The names, numbers, brackets and other characters of a side."""
    return _TOKEN.findall(side)


def is_name(token: str) -> bool:
    """Whether a token names an axis."""
    return token[0].isalpha() or token[0] == "_"


def fault(text: str, cause: str, example: str) -> Misfit:
    """The fault that a text is no pattern; `example`: how one is written."""
    return Misfit(
        "expression-syntax", f"`{text.strip()}` is no pattern: {cause}", label=cause, help=example, field="pattern"
    )


def sizes_of(pattern: Pattern, x: ValueType, given: Mapping[str, int]) -> dict[str, int]:
    """The size of every name for this input; raises Misfit where the input or the given sizes do not fit."""
    if len(x.axes) != len(pattern.left):
        raise Misfit(
            "wrong-kind",
            f"`{_side(pattern.left)}` has {axes_text(len(pattern.left))}, and {x} has {len(x.axes)}",
            label=f"{x} enters",
            help="write one name, group or 1 for each axis; the batch is left out",
            field="pattern",
            inputs=(0,),
        )
    sizes = dict(given)
    for group, (axis, length) in zip(pattern.left, x.axes, strict=True):
        open_names = [name for name in group if name not in given]
        if len(open_names) > 1:
            listed = " and ".join(f"`{name}`" for name in open_names)
            raise Misfit(
                "missing-key",
                f"of {listed} in `({' '.join(group)})` all sizes but one must be given",
                help=f"write `{open_names[-1]}: SIZE` beside the pattern",
                field="pattern",
            )
        known = prod(given[name] for name in group if name in given)
        if open_names and length % known:
            factors = " * ".join(f"`{name}`" for name in group if name in given)
            raise Misfit(
                "not-divisible",
                f"`{axis}` (={length}) must be divisible by {factors} (={known})",
                label=f"{x} enters",
                field="pattern",
                inputs=(0,),
            )
        if not open_names and known != length:
            what = " * ".join(f"`{name}`" for name in group) or "the 1 in the pattern"
            raise Misfit(
                "shape-mismatch",
                f"`{axis}` (={length}) must be {what}" + (f" (={known})" if group else ""),
                label=f"{x} enters",
                field="pattern",
                inputs=(0,),
            )
        if open_names:
            sizes[open_names[0]] = length // known
    return sizes


def _parse_side(text: str, side: str) -> Groups:
    groups: list[tuple[str, ...]] = []
    group: list[str] | None = None
    seen = set()
    for token in tokens(side):
        if token == "(":
            if group is not None:
                raise _fault(text, "a `(` stands inside another")
            group = []
        elif token == ")":
            if group is None:
                raise _fault(text, "a `)` has no `(`")
            groups.append(tuple(group))
            group = None
        elif is_name(token):
            if token in seen:
                raise _fault(text, f"`{token}` stands twice on one side")
            seen.add(token)
            if group is None:
                groups.append((token,))
            else:
                group.append(token)
        elif token != "1":
            raise _fault(text, f"`{token}` is no name, 1 or bracket")
        elif group is None:
            groups.append(())
    if group is not None:
        raise _fault(text, "a `(` is not closed")
    return tuple(groups)


def _fault(text: str, cause: str) -> Misfit:
    return fault(text, cause, _EXAMPLE)


def _side(groups: Groups) -> str:
    return " ".join(("(" + " ".join(g) + ")" if len(g) > 1 else g[0]) if g else "1" for g in groups)


def axes_text(count: int) -> str:
    """A number of axes in words."""
    return "1 axis" if count == 1 else f"{count} axes"
