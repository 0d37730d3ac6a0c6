"""Sums of products over named axes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from string import ascii_letters
from typing import ClassVar, TypeAlias

from blueprint.language.values import ValueType, by_rank
from blueprint.ops.base import Call, Layout, Misfit, Op, option
from blueprint.ops.pattern import axes_text, fault, is_name, sides, tokens

Names: TypeAlias = tuple[str, ...]
"""The names of a value's axes, in their order."""

_EXAMPLE = "name the axes of each value and of the result: `l d, l one -> d`"
_BATCH = "n"


@dataclass(frozen=True, kw_only=True)
class Einsum(Op):
    """A sum of products: `l d, l one -> d` gives out[d], the sum over l and one of x[l, d] * weight[l, one].

    Takes any number of values of any kind. Before `->` stand, for each value, the names of its
    axes in their order (channels, height, width of a map; tokens, channels of tokens), behind it
    those of the result; the batch is left out. The names are the pattern's own: one that stands in
    several values is one axis, which has the same size in all; one that the result leaves out is
    summed. The kind of the result follows from its rank: three axes are a map, two are tokens,
    one is a vector, whatever they are called; four or more keep their names.
    https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
    """

    name: ClassVar[str] = "einsum"
    arity: ClassVar[int | None] = None

    pattern: str = option("text", help="the axes of each value and of the result, such as `l d, l one -> d`")

    def infer(self, *inputs: ValueType) -> ValueType:
        left, right = _parsed(self.pattern)
        sizes = self._sizes(left, inputs)
        return by_rank(tuple(sizes[name] for name in right), right, any(x.batched for x in inputs))

    def macs(self, *inputs: ValueType) -> int:
        """With two values the product of the sizes of all names; a third is joined to their result, and so on.

        As torch does it, and its counter counts: a name that only one of the two has, and nothing later needs, is
        summed before; a step in which no name of both is summed, sizes of 1 aside, is an elementwise product and
        counts nothing. With the package opt_einsum torch may join three values or more in another order.
        """
        left, right = _parsed(self.pattern)
        sizes = self._sizes(left, inputs)
        first, *others = ({name for name in names if sizes[name] > 1} for names in left)
        total = 0
        for index, other in enumerate(others, 1):
            needed = set(right).union(*left[index + 1 :])
            summed = (first & other) - needed
            first = (first | other) - ((first ^ other) - needed)
            total += prod(sizes[name] for name in first) if summed else 0
        return total

    def layout(self, *inputs: ValueType) -> Layout:
        return "natural"

    def code(self, call: Call) -> str:
        left, right = _parsed(self.pattern)
        letters = {"": _BATCH}
        for name in (name for names in left for name in names if name not in letters):
            candidates = name[0].lower() + ascii_letters
            letters[name] = next(c for c in candidates if c in ascii_letters and c not in letters.values())
        *values, result = ("".join(letters[name] for name in ("", *names)) for names in (*left, right))
        return f'torch.einsum("{",".join(values)}->{result}", {", ".join(call.args)})'

    @property
    def result_names(self) -> tuple[str, ...]:
        """What the pattern calls the axes of the result, before their rank gives them other names."""
        return _parsed(self.pattern)[1]

    def _sizes(self, left: tuple[Names, ...], inputs: tuple[ValueType, ...]) -> dict[str, int]:
        """The size of every name; raises Misfit where the values have other axes."""
        if len(left) != len(inputs):
            count = "1 value" if len(left) == 1 else f"{len(left)} values"
            raise Misfit(
                "out-of-range",
                f"`{self.pattern}` takes {count}, and {len(inputs)} enter{'s' if len(inputs) == 1 else ''}",
                help="the values stand before the `->` with commas between them",
                field="pattern",
            )
        sizes: dict[str, int] = {}
        owner: dict[str, int] = {}
        for index, (names, x) in enumerate(zip(left, inputs, strict=True)):
            if len(names) != len(x.axes):
                raise Misfit(
                    "wrong-kind",
                    f"`{' '.join(names)}` has {axes_text(len(names))}, and {x} has {len(x.axes)}",
                    label=f"{x} enters",
                    help="write one name for each axis; the batch is left out",
                    field="pattern",
                    inputs=(index,),
                )
            for name, size in zip(names, x.shape, strict=True):
                if sizes.setdefault(name, size) != size:
                    first = owner[name]
                    raise Misfit(
                        "shape-mismatch",
                        f"`{name}` is {sizes[name]} in {inputs[first]} and {size} in {x}",
                        label=f"{inputs[first]} and {x}",
                        help="one name is one axis; axes of other sizes need names of their own",
                        field="pattern",
                        inputs=(first, index),
                    )
                owner.setdefault(name, index)
        return sizes


def _parsed(text: str) -> tuple[tuple[Names, ...], Names]:
    """The names of each value's axes, and of the result's; raises Misfit `expression-syntax`."""
    before, behind = sides(text, _EXAMPLE)
    left, right = tuple(_names(text, value) for value in before.split(",")), _names(text, behind)
    known = {name for names in left for name in names}
    missing = next((name for name in right if name not in known), None)
    if missing is not None:
        raise fault(text, f"`{missing}` stands in no value before the `->`", _EXAMPLE)
    if len(known) >= len(ascii_letters):
        raise fault(text, f"it has {len(known)} names, and {len(ascii_letters) - 1} are the most", _EXAMPLE)
    return left, right


def _names(text: str, side: str) -> Names:
    """The names of one value."""
    names = tokens(side)
    for index, token in enumerate(names):
        if not is_name(token):
            help = "`rearrange` splits and joins axes" if token in "()" else _EXAMPLE
            raise fault(text, f"`{token}` is no name", help)
        if token in names[:index]:
            raise fault(text, f"`{token}` stands twice in one value", _EXAMPLE)
    if not names:
        raise fault(text, "a value has at least one axis", _EXAMPLE)
    return tuple(names)


OPS: tuple[type[Op], ...] = (Einsum,)
