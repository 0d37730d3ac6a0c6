"""What it is worth to pair a part of one tree with a part of another: by their shapes, then by their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from blueprint.weights.tree import Part

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Table = npt.NDArray[np.int64]
    Mask = npt.NDArray[np.bool_]

ALIKE = 0.75
"""The share of leaves of the same shapes from which two containers may be one block."""

GAP = 250
"""What a pair is worth more that follows the one before it without a gap, where equal names are worth 1000."""

# Of pairings of equally many leaves, the one is taken whose blocks stay whole, whose names agree, whose parts stand in
# the same surroundings and follow each other without gaps. These count for each leaf, and all together less than one.
_LEAF, _WHOLE, _NAMED, _AROUND = 10**8, 4_000, 1_000, 500

Side = tuple[Sequence[Part], Sequence[int]]
"""The parts of a tree in its order, and for each the number of the part that holds it; -1: none does."""


def worth_of(ours: Side, theirs: Side) -> Table:
    """The worth of pairing each part with each; 0: the two cannot be paired.

    Leaves can if their signatures are equal and their names do not say that one makes a query and the other a key,
    say; what holds others can if most of what the two hold has the same signatures.
    """
    import numpy as np

    numbers: dict[Any, int] = {}
    for part in (*ours[0], *theirs[0]):
        for leaf in part.leaves():
            numbers.setdefault(leaf.signature, len(numbers))
    holds_mine, holds_other = _holding(ours[0]), _holding(theirs[0])
    mine, other = _bags(ours[0], numbers, ~holds_mine), _bags(theirs[0], numbers, ~holds_other)

    unique, which = np.unique(np.concatenate([mine, other]), axis=0, return_inverse=True)
    kinds = which[: len(mine)], which[len(mine) :]
    shared = np.stack([np.minimum(bag, unique).sum(1) for bag in unique])
    size = unique.sum(1)
    alike = 2 * _AROUND * shared // np.maximum(size[:, None] + size[None, :], 1)

    top, side = kinds[0][:-1, None], kinds[1][None, :-1]
    over, beside = kinds[0][list(ours[1]), None], kinds[1][None, list(theirs[1])]
    blocks = holds_mine[:, None] & holds_other[None, :]
    leaves = ~holds_mine[:, None] & ~holds_other[None, :] & ~_in_conflict(ours[0], theirs[0])
    fits = (blocks & (alike[top, side] >= ALIKE * _AROUND)) | (leaves & (top == side))
    common = shared[top, side]
    each = _LEAF + blocks * _WHOLE + _likeness(ours[0], theirs[0]) + alike[over, beside]
    return np.where(fits, common * each, 0)


def _holding(parts: Sequence[Part]) -> Mask:
    """Which parts hold others; the rest are leaves."""
    import numpy as np

    return np.array([bool(part.children) for part in parts])


def _bags(parts: Sequence[Part], numbers: dict[Any, int], leaves: Mask) -> Table:
    """How many leaves of each signature each part holds, and all of them; what learns nothing counts for nothing."""
    import numpy as np

    counts = np.zeros((len(parts) + 1, len(numbers)), np.int64)
    for row, part in enumerate(parts):
        for leaf in part.leaves():
            counts[row, numbers[leaf.signature]] += bool(leaf.learned)
    counts[-1] = counts[:-1][leaves].sum(0)
    return counts


def _likeness(ours: Sequence[Part], theirs: Sequence[Part]) -> Table:
    """The share of words that two names have in common, their whole ends among them, in thousandths."""
    import numpy as np

    numbers: dict[str, int] = {}
    for part in (*ours, *theirs):
        for word in (*part.words, part.end):
            numbers.setdefault(word, len(numbers))

    def table(parts: Sequence[Part]) -> Table:
        found = np.zeros((len(parts), len(numbers)), np.int64)
        for row, part in enumerate(parts):
            found[row, [numbers[word] for word in (*part.words, part.end)]] = 1
        return found

    one, two = table(ours), table(theirs)
    common = one @ two.T
    every = one.sum(1)[:, None] + two.sum(1)[None, :] - common
    likeness: Table = common * (_NAMED - 1) // np.maximum(every, 1)
    return likeness


def _in_conflict(ours: Sequence[Part], theirs: Sequence[Part]) -> Mask:
    """Whether the names say that the one makes a query, key or value, and the other another of them."""
    import numpy as np

    one, two = (np.array([part.role for part in parts]) for parts in (ours, theirs))
    conflict: Mask = (one[:, None] != "") & (two[None, :] != "") & (one[:, None] != two[None, :])
    return conflict
