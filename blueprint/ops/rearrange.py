"""The axes of a value moved, split and joined by a pattern."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

from blueprint.language.values import ValueType, by_rank
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.moves import expression
from blueprint.ops.pattern import Pattern, parse, sizes_of, tokens


@dataclass(frozen=True, kw_only=True)
class Rearrange(Op):
    """The elements of a value in other axes: `c (h i) (w j) -> (j i c) h w` with i: 2, j: 2 halves height and width.

    Takes and gives any kind; the kind of the output follows from its rank: three axes are a
    map, two are tokens, one is a vector, whatever they are called; four or more keep their names.
    The batch is left out of the pattern. `(a b)` is one axis, a outermost; 1 is an axis of size 1, and
    a name given the size 1 may be new behind the arrow. In a group all sizes but one must be given.
    Rogozhnikov 2022, https://openreview.net/forum?id=oapKSVM2bcj
    """

    name: ClassVar[str] = "rearrange"
    main: ClassVar[str | None] = "pattern"

    pattern: str = option("text", help="the axes before and after, such as `c h w -> (h w) c`")
    sizes: tuple[tuple[str, int], ...] = option("table", (), help="sizes of names in the pattern", minimum=1)

    def resolve(self, *inputs: ValueType) -> Op:
        return replace(self, sizes=tuple((str(name), size) for name, size in self.sizes))

    def infer(self, *inputs: ValueType) -> ValueType:
        (x,) = inputs
        pattern = self._parsed()
        sizes = sizes_of(pattern, x, dict(self.sizes))
        shape = tuple(prod(sizes[name] for name in group) for group in pattern.right)
        return by_rank(shape, pattern.names, x.batched)

    def layout(self, *inputs: ValueType) -> Layout:
        return "natural"

    def code(self, call: Call) -> str:
        return expression(self._parsed(), call.args[0], dict(self.sizes))

    def inverse(self, *inputs: ValueType) -> Rearrange:
        """The op that undoes this one; `inputs` are what entered it.

        Where the pattern joins axes, all joined sizes but the first are taken from there.
        """
        (x,) = inputs
        pattern = self._parsed()
        sizes = sizes_of(pattern, x, dict(self.sizes))
        given = {name: size for name, size in self.sizes if any(name in group for group in pattern.right)}
        for group in pattern.right:
            open_names = [name for name in group if name not in given]
            given.update((name, sizes[name]) for name in open_names[1:])
        undone = Pattern(pattern.right, pattern.left)
        return Rearrange(pattern=str(undone), sizes=tuple(given.items()))

    @property
    def result_names(self) -> tuple[str, ...]:
        """What the pattern calls the axes of the result, before their rank gives them other names."""
        return self._parsed().names

    def _parsed(self) -> Pattern:
        pattern = parse(self.pattern, dict(self.sizes))
        if not pattern.left or not pattern.right:
            raise Misfit("expression-syntax", f"`{self.pattern}` is no pattern: a side is empty", field="pattern")
        names = {name for group in pattern.left for name in group}
        for name, _ in self.sizes:
            if name not in names and name not in tokens(self.pattern):
                raise Misfit(
                    "unknown-key",
                    f"`{name}` is no name in the pattern `{self.pattern}`",
                    help="sizes are given for names in the pattern",
                    field="sizes",
                )
        return pattern


OPS: tuple[type[Op], ...] = (Rearrange,)
