"""Vectors go with the matrices beside them: a norm alone fits any norm of its width, and tells nothing."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.weights.tree import Part


def in_company(pairs: Iterable[tuple[Part, Part]], ours: list[Part], theirs: list[Part]) -> list[tuple[Part, Part]]:
    """The pairs without those of vectors alone beside which no matrix has its counterpart beside the other.

    Beside a vector is what the innermost part around it holds that has a matrix or a kernel in it.
    """
    all_pairs = list(pairs)
    beside_ours, beside_theirs = _beside(ours), _beside(theirs)
    partner = {mine: other for mine, other in all_pairs if mine.wide}
    return [
        (mine, other)
        for mine, other in all_pairs
        if mine.wide
        or not (beside_ours[mine] and beside_theirs[other])
        or any(partner.get(leaf) in beside_theirs[other] for leaf in beside_ours[mine])
    ]


def _beside(parts: list[Part]) -> dict[Part, frozenset[Part]]:
    """For each leaf the leaves with matrices that stand beside it; none if the whole tree has none."""
    found: dict[Part, frozenset[Part]] = {}

    def walk(children: list[Part], around: frozenset[Part]) -> None:
        for part in children:
            if part.children:
                inside = frozenset(leaf for leaf in part.leaves() if leaf.wide)
                walk(part.children, inside or around)
            else:
                found[part] = around

    walk(parts, frozenset(leaf for part in parts for leaf in part.leaves() if leaf.wide))
    return found
