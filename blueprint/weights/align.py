"""Two trees of tensors laid side by side: which leaf of one is which of the other, by order and by shape."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from blueprint.weights.tree import Part, without
from blueprint.weights.worth import GAP, worth_of


def paired(ours: list[Part], theirs: list[Part], ordered: bool = True) -> list[tuple[Part, Part]]:
    """Pairs of leaves with equal signatures: those that stand in the same order, then those that do not.

    Two containers that hold the same shapes, or nearly, may be paired as a whole. What they hold is then paired
    inside them, so that a tensor registered elsewhere in its block is found there rather than in the next block.
    ordered: whether the order is the networks' own; if not, names say which of equal parts is which.
    """
    pairs: list[tuple[Part, Part]] = []
    while ours and theirs:
        found: list[tuple[Part, Part]] = []
        aligned = _aligned(ours, theirs, GAP if ordered else 0)
        for mine, other in aligned if ordered else _by_names(aligned):
            found += paired(mine.children, other.children, ordered) if mine.children else [(mine, other)]
        if not found:
            break
        pairs += found
        ours, theirs = without(ours, {mine for mine, _ in found}), without(theirs, {other for _, other in found})
    return pairs


@dataclass(frozen=True)
class _Row:
    """A part in the order of its tree, the number of the first part behind it and all it holds, and of its holder."""

    part: Part
    end: int
    holder: int


def _rows(parts: list[Part]) -> list[_Row]:
    rows: list[_Row] = []

    def walk(part: Part, holder: int) -> None:
        place = len(rows)
        rows.append(_Row(part, place + 1, holder))
        for child in part.children:
            walk(child, place)
        rows[place] = _Row(part, len(rows), holder)

    for part in parts:
        walk(part, -1)
    return rows


def _aligned(ours: list[Part], theirs: list[Part], gap: int) -> list[tuple[Part, Part]]:
    """The pairs, in order, of the alignment that is worth most.

    free[i, j] is what the parts from i on and from j on are worth: part i is left out (and what it holds looked at),
    or part j is, or the two are paired and all that they hold with them. after[i, j] is the same behind a pair.
    """
    import numpy as np

    mine, other = _rows(ours), _rows(theirs)
    worth = worth_of(*(([row.part for row in side], [row.holder for row in side]) for side in (mine, other)))
    rows, count = len(mine), len(other)
    ends = np.array([row.end for row in other])
    holding = np.array([bool(row.part.children) for row in other])
    taken = np.zeros((rows, count), np.int64)
    free = np.zeros((rows + 1, count + 1), np.int64)
    after = np.zeros_like(free)
    for i in range(rows - 1, -1, -1):
        taken[i] = np.where(worth[i] > 0, worth[i] + after[mine[i].end][ends], 0)
        row = np.maximum(free[i + 1, :count], taken[i])
        free[i, :count] = np.maximum.accumulate(row[::-1])[::-1]
        row = np.maximum(free[i, :count], np.where(worth[i] > 0, taken[i] + gap, 0))
        after[i, :count] = np.maximum(row, after[i + 1, :count]) if mine[i].part.children else row
        for j in np.flatnonzero(holding)[::-1]:  # to look at what a part holds is no gap
            after[i, j] = max(after[i, j], after[i, j + 1])
    pairs = []
    i = j = 0
    near = False
    while i < rows and j < count:
        value = after[i, j] if near else free[i, j]
        if worth[i, j] > 0 and taken[i, j] + near * gap == value:
            pairs.append((mine[i].part, other[j].part))
            i, j, near = mine[i].end, other[j].end, True
        elif near and free[i, j] == value:
            near = False
        elif near:
            i, j = (i + 1, j) if mine[i].part.children and after[i + 1, j] == value else (i, j + 1)
        elif free[i + 1, j] == value:
            i += 1
        else:
            j += 1
    return pairs


def _by_names(pairs: list[tuple[Part, Part]]) -> list[tuple[Part, Part]]:
    """The pairs, those of parts with the same shapes exchanged where the words of their names agree better so."""
    found = list(pairs)
    same: dict[object, list[int]] = {}
    for place, (mine, _) in enumerate(pairs):
        same.setdefault((bool(mine.children), tuple(sorted(leaf.signature for leaf in mine.leaves()))), []).append(
            place
        )
    for places in same.values():
        for a, b in combinations(places, 2):
            (one, other), (two, another) = found[a], found[b]
            if _alike(one, another) + _alike(two, other) > _alike(one, other) + _alike(two, another):
                found[a], found[b] = (one, another), (two, other)
    return found


def _alike(one: Part, two: Part) -> float:
    return len(one.words & two.words) / max(len(one.words | two.words), 1)
