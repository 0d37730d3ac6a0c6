"""Which variable holds which value, in which order of axes; variables are reused as soon as their values are dead."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from blueprint.compiler.lower.names import Names
from blueprint.language.values import ValueType
from blueprint.ops.base import Layout

Axes = tuple[str, ...]
"""The order of a value's axes in memory, behind the batch."""

_LETTERS = ("x", "y", "z", "u", "v", "w", "r", "s", "t")


def axes_in(value: ValueType, layout: Layout) -> Axes:
    """The order of the axes of `value` in a layout other than `any`."""
    names = value.names
    if layout == "natural" or "channels" not in names:
        return names
    others = tuple(name for name in names if name != "channels")
    return ("channels", *others) if layout == "first" else (*others, "channels")


def permuted(text: str, have: Axes, want: Axes) -> str:
    """The expression for a view of `text`, whose axes are the batch and `have`, in the order `want`."""
    if have == want:
        return text
    return f"{text}.permute(0, {', '.join(str(have.index(name) + 1) for name in want)})"


class Slots:
    """The variables of one function. `held[v]` gives the variables of value v by their order of axes."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._wishes = letters()
        self._rank: dict[str, int] = {}
        self._free: list[str] = []
        self._kept: set[str] = set()
        self.owned: set[str] = set()
        self.held: dict[int, dict[Axes, str]] = {}

    def adopt(self, name: str, value: int, axes: Axes) -> None:
        """Let the function's parameter `name` hold `value`, which stays the caller's; `x` and its like are reused."""
        self._rank[name] = len(self._rank)
        self.held[value] = {axes: name}
        if name not in _LETTERS:
            self._kept.add(name)

    def hold(self, value: int, axes: Axes) -> str:
        """A variable that holds `value` from now on: the first that is free, else a new one."""
        if self._free:
            name = min(self._free, key=self._rank.__getitem__)
            self._free.remove(name)
        else:
            name = self._names.first_free(self._wishes)
            self._rank[name] = len(self._rank)
        self.owned.add(name)
        self.held.setdefault(value, {})[axes] = name
        return name

    def native(self, value: int) -> Axes:
        """The order of axes in which `value` was made."""
        return next(iter(self.held[value]))

    def drop(self, value: int) -> list[str]:
        """The variables of a dead value, which hold it no longer."""
        return list(self.held.pop(value).values())

    def release(self, names: list[str]) -> None:
        """Let the variables be used again."""
        self._free.extend(name for name in names if name not in self._kept)


def letters() -> Iterator[str]:
    """The names of variables, in the order in which they are taken."""
    yield from _LETTERS
    yield from (f"x{i}" for i in count(1))
